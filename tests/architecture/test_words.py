"""Prose keeps the style guide of CONTRIBUTING.md: plain words, no metaphors, no riddles."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from support.source_tree import ROOT, comments, docstrings, manuals, messages, modules

RULED_OUT = {
    r"let-?downs?": "taint",
    r"sign of life": "heartbeat",
    r"signs of life": "heartbeats",
    r"takes? (it |them |an offer |the offer |offers )?back": "withdraw",
    r"taken back": "withdrawn",
    r"took back": "withdrew",
    r"taking back": "withdrawing",
    r"seal(s|ed|ing)? into": "issue a token",
    r"who(ever)? goes on": "a client that continues",
    r"(?:^|(?<=[.:] ))(?-i:Who)": "a noun: client, shopper, customer",
    r"whoever": "a noun: client, shopper, caller",
    r"knock(s|ed|ing)?": "connect",
    r"purse": "balance",
    r"turnstile": "handshake queue",
    r"the (front )?door": "the listener",
    r"(?<!support )(?<!help )desk": "session handler, access check, redemption state",
    r"reception": "connection hub",
    r"neighbours?": "the thing itself",
    r"at the mercy": "plain words",
    r"gives? way": "is replaced",
    r"lets? (somebody|him|her|them) in": "admit",
    r"turned away": "rejected",
    r"turns? (it |them |somebody )?away": "reject",
    r"in peace": "quiet period",
    r"hears? (of|from)": "is notified",
    r"(is|are|was|were) told": "is notified",
}
"""Pattern → what to write instead."""

EXCEPTIONS: dict[str, set[str]] = {
    "CONTRIBUTING.md": {r"who(ever)? goes on", r"whoever"},
}
"""Page → patterns that it may contain, because it shows what not to write."""

_PATTERN = re.compile(
    "|".join(f"(?P<r{number}>\\b{pattern}\\b)" for number, pattern in enumerate(RULED_OUT)),
    re.IGNORECASE | re.MULTILINE,
)
_PATTERNS = list(RULED_OUT)


def _prose(path: Path) -> Iterator[tuple[int, str]]:
    if path.suffix == ".md":
        yield from enumerate(path.read_text("utf-8").splitlines(), 1)
        return
    for text in (*docstrings(path), *comments(path), *messages(path)):
        yield text.line, text.text


def offences() -> Iterator[tuple[str, str]]:
    """(page or module, what is wrong there)."""
    for path in (*modules(), *manuals()):
        place = path.relative_to(ROOT).as_posix()
        # Most files contain no such phrase anywhere; reading their prose in detail takes seconds.
        if place == "GLOSSARY.md" or not _PATTERN.search(path.read_text("utf-8")):
            continue
        for line, text in _prose(path):
            for found in _PATTERN.finditer(text):
                pattern = _PATTERNS[int(str(found.lastgroup)[1:])]
                if pattern not in EXCEPTIONS.get(place, set()):
                    yield place, f"{place}:{line}: '{found[0]}': write {RULED_OUT[pattern]}"


def test_no_page_and_no_module_contains_a_ruled_out_phrase() -> None:
    found = defaultdict(list)
    for place, offence in offences():
        found[place].append(offence)
    lines = [offence for place in sorted(found) for offence in found[place]]
    assert not lines, f"{len(lines)} phrases:\n" + "\n".join(lines)
