"""Reads a broken rule file to its end, so that all mistakes are reported at once.

A line that cannot be read is reported, repaired or emptied, and the file is parsed again. A repair
never moves lines, so that later findings name the right place.
"""

import re
from typing import Final

from msgspec import Struct

from tactful.rulebook.source.diagnostics import Findings, Span
from tactful.rulebook.source.tree import (
    Node,
    RuleSource,
    UnreadableFileError,
    decode,
    parse,
    split_lines,
)

MAX_REPAIRS: Final = 20
"""How many broken lines are reported; a file with more is most likely no rule file."""
MAX_REPAIR_CHARACTERS: Final = 200_000
"""How many characters are parsed again at most; bounds the time for a hostile file."""
_PLACEHOLDER_FIRST: Final = re.compile(r"\s*(- )?[\w.-]+:\s*\{[\w. ]*\}\s*[^\s#,}\]]")
MAX_COLUMN: Final = 1 << 20
"""Above every possible indentation, as a file has at most 1 MiB."""


def read(source: RuleSource, findings: Findings) -> Node | None:
    """Return the tree of a file, or None where nothing of it could be read.

    Args:
        source: the file.
        findings: receives what is wrong with its encoding and layout (R101 to R112).
    """
    text = decode(source, findings)
    if text is None:
        return None
    lines = _without_tabs(source.path, split_lines(text), findings)
    spent = 0
    repaired: set[int] = set()
    for _ in range(MAX_REPAIRS):
        try:
            return parse(source.path, "\n".join(lines), findings)
        except UnreadableFileError as broken:
            findings.add(broken.code, broken.span, *_explained(broken, lines))
            spent += len(text)
            if broken.code == "R111" or spent > MAX_REPAIR_CHARACTERS:
                return None
            _repair(lines, broken, repaired)
    return None


def _explained(broken: UnreadableFileError, lines: list[str]) -> tuple[str, str]:
    """Return message and help for a broken line; an unquoted placeholder has texts of its own."""
    line = lines[broken.span.line] if broken.span.line < len(lines) else ""
    if broken.code == "R103" and _PLACEHOLDER_FIRST.match(line):
        return "a text that begins with a brace must be in quotes", "put the whole text in quotes"
    return broken.message, broken.help_text


def _repair(lines: list[str], broken: UnreadableFileError, repaired: set[int]) -> None:
    """Close an open quote, at most once per line; otherwise empty the broken line."""
    at = min(broken.span.line, len(lines) - 1)
    if broken.code == "R104" and at not in repaired:
        repaired.add(at)
        lines[at] = lines[at].rstrip() + lines[at][broken.span.column]
    else:
        _empty_line(lines, at)


def _empty_line(lines: list[str], at: int) -> None:
    """Empty a line, or the last line before a blank one, and everything nested under it."""
    while at > 0 and not lines[at].strip():
        at -= 1
    depth = _indent(lines[at])
    lines[at] = ""
    for below in range(at + 1, len(lines)):
        if lines[below].strip() and _indent(lines[below]) <= depth:
            break
        lines[below] = ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _without_tabs(path: str, lines: list[str], findings: Findings) -> list[str]:
    """Report lines that are indented with tabs (R105); return all lines with probable spaces."""
    if not any("\t" in line for line in lines):
        return lines
    above: list[SourceLine] = []
    for number, line in enumerate(lines):
        body = line.lstrip(" \t")
        lead = line[: len(line) - len(body)]
        is_content = bool(body) and not body.startswith("#")
        if "\t" in lead:
            lines[number] = " " * _depth(lead, body, above) + body if is_content else ""
        if "\t" in lead and is_content:
            column = lead.index("\t")
            span = Span(path, number, column, number, column + 1)
            findings.add("R105", span, "the line is indented with a tab", "use two spaces instead")
        if is_content:
            above.append(SourceLine(lead, lines[number]))
    return lines


class SourceLine(Struct, frozen=True):
    """An earlier line: its original indentation, and the line as it is parsed."""

    lead: str
    """The blanks and tabs before its text."""
    text: str
    """The line with spaces instead of tabs."""


def _depth(lead: str, body: str, above: list[SourceLine]) -> int:
    """Return the probable indentation of a line, in columns.

    The order of preference: the column of an earlier line with the same blanks and tabs, the level
    below a line that ends with a colon, the first width of a tab (2, 4, 8) that fits.
    """
    texts = [line.text for line in above]
    levels = _open_levels(texts, is_item=body.startswith("- "))
    same = next((_indent(line.text) for line in reversed(above) if line.lead == lead), None)
    if same in levels:
        return same or 0
    last = above[-1] if above else SourceLine("", "")
    if last.text.endswith(":") and len(lead.expandtabs()) > len(last.lead.expandtabs()):
        return max(levels)
    widths = [len(lead.expandtabs(width)) for width in (2, 4, 8)]
    return next((width for width in widths if width in levels), max(levels, default=0))


def _open_levels(above: list[str], *, is_item: bool) -> set[int]:
    """Return the columns at which a list item, or a key, can begin below these lines."""
    levels: set[int] = set()
    ceiling = MAX_COLUMN
    for line in reversed(above):
        depth, text = _indent(line), line.lstrip()
        if depth >= ceiling:
            continue
        if not levels and text.endswith(":"):
            levels.add(depth + (4 if text.startswith("- ") else 2))
        dash = text.startswith("- ")
        if dash == is_item or dash:
            levels.add(depth if is_item else depth + 2 * dash)
        ceiling = depth
    return levels
