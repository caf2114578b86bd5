"""How is a file with a broken layout read to its end, so that all its mistakes are found at once?

A line that cannot be read is reported, mended or left out, and the reading begins again. Every
repair keeps the lines where they are, so that later findings still name the right place.
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
"""So many broken lines are worth reporting; after that the file is something else."""
MAX_REPAIR_BYTES: Final = 200_000
"""How much text is read again at most: a hostile file is refused in no time."""
_PLACEHOLDER_FIRST: Final = re.compile(r"\s*(- )?[\w.-]+:\s*\{[\w. ]*\}\s*[^\s#,}\]]")
MAX_COLUMN: Final = 1 << 20


def read(source: RuleSource, findings: Findings) -> Node | None:
    """The tree of a file; None where nothing of it could be read."""
    text = decode(source, findings)
    if text is None:
        return None
    lines = _without_tabs(source.path, split_lines(text), findings)
    spent = 0
    mended: set[int] = set()
    for _ in range(MAX_REPAIRS):
        try:
            return parse(source.path, "\n".join(lines), findings)
        except UnreadableFileError as broken:
            findings.add(broken.code, broken.span, *_explained(broken, lines))
            spent += len(text)
            if broken.code == "R111" or spent > MAX_REPAIR_BYTES:
                return None
            _mend(lines, broken, mended)
    return None


def _explained(broken: UnreadableFileError, lines: list[str]) -> tuple[str, str]:
    """What is wrong and what to do, with the line before our eyes."""
    line = lines[broken.span.line] if broken.span.line < len(lines) else ""
    if broken.code == "R103" and _PLACEHOLDER_FIRST.match(line):
        return "a text that begins with a brace must be in quotes", "put quotes around the text"
    return broken.message, broken.help_text


def _mend(lines: list[str], broken: UnreadableFileError, mended: set[int]) -> None:
    at = min(broken.span.line, len(lines) - 1)
    if broken.code == "R104" and at not in mended:
        mended.add(at)
        lines[at] = lines[at].rstrip() + lines[at][broken.span.column]
    else:
        _leave_out(lines, at)


def _leave_out(lines: list[str], at: int) -> None:
    """Empties a line with what is nested under it; an empty one stands for the line before."""
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
    """Lines whose indentation has tabs are reported and indented as they most likely are meant."""
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
    """A line above: how it was indented, and as it is read."""

    lead: str
    text: str


def _depth(lead: str, body: str, above: list[SourceLine]) -> int:
    """As deep as a line above with the same indentation, or under it, or where a tab's width fits."""
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
    """The columns at which a list item, or a key, can begin below these lines."""
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
