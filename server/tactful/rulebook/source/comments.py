"""Finds the comments of a rule file, which the parser drops and the formatter must keep."""

import re
from collections.abc import Iterator

from msgspec import Struct

from tactful.rulebook.source.tree import Node

_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#.*")


class Comments(Struct):
    """Comments by line, counted from 0. The formatter removes each one as it prints it."""

    above: dict[int, list[str]]
    """Line of a value → the comment lines before it; "" is a blank line between two of them."""
    beside: dict[int, str]
    """Line → the comment at its end."""
    below: list[str]
    """The comment lines after the last value."""

    def within(self, first: int, last: int) -> bool:
        """Return whether a comment lies inside a range of lines.

        A comment at the end of the last line is outside.
        """
        return any(first < line <= last for line in self.above) or any(
            first <= line < last for line in self.beside
        )

    @property
    def has_unplaced(self) -> bool:
        """Whether comments are left that belong to no printed value."""
        return bool(self.above or self.beside)


def comments_of(text: str, root: Node | None) -> Comments:
    """Return all comments of a text.

    Args:
        text: the file, with line feeds as line ends.
        root: its tree; a `#` inside a scalar of the tree is no comment.
    """
    lines = text.split("\n")
    spans = _spans(root) if root else {}
    comments = Comments({}, {}, [])
    waiting: list[str] = []
    for number, line in enumerate(lines):
        found = _find_comment(line, spans.get(number, []))
        if found is not None and not line[: found.start()].strip():
            waiting.append(found[0].rstrip())
        elif not line.strip():
            waiting += [""] if waiting and waiting[-1] else []
        else:
            if waiting:
                comments.above[number] = waiting
                waiting = []
            if found is not None:
                comments.beside[number] = found[0].rstrip()
    comments.below = waiting
    return comments


def _find_comment(line: str, spans: list[tuple[int, int]]) -> re.Match[str] | None:
    """Return the comment of a line that begins outside the given columns."""
    at = 0
    while found := _COMMENT.search(line, at):
        inside = next((end for start, end in spans if start <= found.start() < end), None)
        if inside is None:
            return found
        at = max(inside, found.start() + 1)
    return None


def _spans(node: Node) -> dict[int, list[tuple[int, int]]]:
    """Return line → the ranges of columns that scalars cover."""
    spans: dict[int, list[tuple[int, int]]] = {}
    for scalar in _scalars(node):
        for line in range(scalar.line, scalar.end_line + 1):
            start = scalar.column if line == scalar.line else 0
            end = scalar.end_column if line == scalar.end_line else 1 << 30
            if scalar.style in {"|", ">"} and line == scalar.line:
                end = start + 1
            spans.setdefault(line, []).append((start, end))
    return spans


def _scalars(node: Node) -> Iterator[Node]:
    if node.kind == "scalar":
        yield node
    for key, value in node.pairs:
        yield key
        yield from _scalars(value)
    for item in node.items:
        yield from _scalars(item)
