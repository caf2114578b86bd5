"""Identifiers use the words of GLOSSARY.md and none of those that it rules out."""

import re
from collections.abc import Iterator

from support.source_tree import ROOT, identifiers, modules, name_of, words_of

GLOSSARY = (ROOT / "GLOSSARY.md").read_text("utf-8")
COLUMNS = 4

STORED_OR_PUBLIC: dict[str, set[str]] = {}
"""Module → ruled-out words that it must keep, because a stored or public name contains them."""


def rows() -> list[list[str]]:
    """The cells of each row of the glossary's tables."""
    lines = re.findall(r"^\| (.+) \|$", GLOSSARY, re.MULTILINE)
    cells = [line.split(" | ") for line in lines]
    return [row for row in cells if row[0] != "word" and not row[0].startswith("---")]


def ruled_out() -> dict[str, str]:
    """Word that no identifier may contain → the word to use."""
    return {never: row[0] for row in rows() for never in re.findall(r"`(\w+)`", row[3])}


def offences() -> Iterator[tuple[str, str, str]]:
    """(module, ruled-out word, identifier with its line)."""
    words = ruled_out()
    for module in modules():
        name = name_of(module)
        for word in words_of(module.stem):
            if word in words:
                yield name, word, "the file's name"
        for line, identifier in identifiers(module):
            for word in words_of(identifier):
                if word in words:
                    yield name, word, f"{identifier} (line {line})"


def test_no_identifier_contains_a_ruled_out_word() -> None:
    words = ruled_out()
    found = [
        f"{module}: {identifier}: not '{word}' but '{words[word]}'"
        for module, word, identifier in offences()
        if word not in STORED_OR_PUBLIC.get(module, set())
    ]
    assert not found, f"{len(found)} identifiers:\n" + "\n".join(found)


def test_an_exception_that_is_no_longer_needed_leaves_the_list() -> None:
    there = {(module, word) for module, word, _ in offences()}
    listed = {(module, word) for module, words in STORED_OR_PUBLIC.items() for word in words}
    assert listed <= there


def test_every_row_is_whole() -> None:
    words = [row[0] for row in rows()]
    assert len(words) == len(set(words))
    assert len(words) >= 60
    for row in rows():
        assert len(row) == COLUMNS, row
        assert row[1].endswith("."), row


def test_every_place_in_the_code_that_is_named_exists() -> None:
    for row in rows():
        for place in re.findall(r"`([\w/]+(?:\.py|/))`", row[2]):
            folders = (ROOT / "server" / "tactful", ROOT / "server")
            assert any((folder / place).exists() for folder in folders), f"{row[0]}: {place}"
