"""How is a rule file laid out, in the one way that all are, with every comment kept?

The text is written anew from its tree and its comments; where that would lose anything, the file is
left as it is.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from tactful.rulebook.language.grammar import FILE
from tactful.rulebook.language.mappings import MappingSchema, NamedType, SequenceType
from tactful.rulebook.language.scalars import ListType, ValueType
from tactful.rulebook.source.comments import Comments, comments_of
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.recovery import read
from tactful.rulebook.source.tree import Node, RuleSource, split_lines

WIDEST: Final = 100
"""A mapping or list in braces that would be longer is written line by line."""
_SPACED: Final = ("rules", "suppress", "tests")
"""Sections whose items stand apart by a blank line."""


class FormatResult(Struct, frozen=True):
    """The laid-out text; None where the file has to be mended by a person first, with the reason."""

    text: str | None
    reason: str = ""


def format_file(source: RuleSource) -> FormatResult:
    """The layout of a rule file or of its tests."""
    findings = Findings()
    root = read(source, findings)
    if findings.has_errors:
        first = findings.sorted()[0]
        return FormatResult(
            None, f"{first.path}:{first.line}:{first.column}: {first.code} {first.message}"
        )
    text = "\n".join(split_lines(source.text.decode("utf-8").removeprefix("\ufeff")))
    comments = comments_of(text, root)
    if root is None:
        return FormatResult("".join(f"{line}\n" for line in _trimmed(comments.below)))
    try:
        lines = list(_Printer(text, comments).file(root))
    except UnprintableError as error:
        return FormatResult(None, f"{source.path}:{error.node.line + 1}: {error.reason}")
    if comments.has_unplaced:
        line = min((*comments.above, *comments.beside)) + 1
        return FormatResult(None, f"{source.path}:{line}: move the comment in front of a value")
    return FormatResult("\n".join(lines) + "\n")


class UnprintableError(Exception):
    """A spelling that only its author can lay out."""

    def __init__(self, node: Node, reason: str) -> None:
        super().__init__(reason)
        self.node = node
        self.reason = reason


class _Printer:
    """Writes a tree, taking each comment along once."""

    def __init__(self, text: str, comments: Comments) -> None:
        self.lines = text.split("\n")
        self.comments = comments

    def file(self, root: Node) -> Iterator[str]:
        """The sections, with a blank line between them."""
        if root.kind != "map":
            raise UnprintableError(root, "a rule file is a mapping of sections")
        first = True
        for key, value in root.pairs:
            above = self._above(key.line, "")
            if not first:
                yield ""
            first = False
            yield from above
            yield from self._pair(key, value, "", _kind_of(FILE, key.text))
        below = _trimmed(self.comments.below)
        if below:
            yield from ("", *below)

    def _pair(self, key: Node, value: Node, indent: str, kind: ValueType | None) -> Iterator[str]:
        head = f"{indent}{self._raw(key)}:"
        inline = self._inline(value, len(head) + 1)
        if inline is not None:
            yield self._beside(
                f"{head} {inline}".rstrip(),
                value.end_line if value.text or value.flow else key.line,
            )
        elif value.kind == "scalar":
            yield from self._block_text(head, value, indent)
        else:
            yield self._beside(head, key.line)
            spaced = not indent and key.text in _SPACED
            yield from self._nested(value, indent + "  ", kind, spaced=spaced)

    def _nested(
        self, node: Node, indent: str, kind: ValueType | None, *, spaced: bool = False
    ) -> Iterator[str]:
        if node.kind == "map":
            for key, value in _ordered(node, kind):
                yield from self._above(key.line, indent)
                yield from self._pair(key, value, indent, _kind_of(kind, key.text))
            return
        inner = kind.item_type if isinstance(kind, SequenceType | ListType) else None
        for number, item in enumerate(node.items):
            if spaced and number:
                yield ""
            yield from self._item(item, indent, inner)

    def _item(self, item: Node, indent: str, kind: ValueType | None) -> Iterator[str]:
        yield from self._above(item.line, indent)
        inline = self._inline(item, len(indent) + 2)
        if inline is not None:
            yield self._beside(f"{indent}- {inline}".rstrip(), item.end_line)
            return
        if item.kind == "scalar":
            yield from self._block_text(f"{indent}-", item, indent)
            return
        dashed = False
        for line in self._nested(item, indent + "  ", kind):
            if dashed or line.lstrip().startswith("#"):
                yield line if dashed else line[2:]
            else:
                dashed = True
                yield f"{indent}- {line[len(indent) + 2 :]}"

    def _inline(self, node: Node, column: int) -> str | None:
        """The node in one line, where it may and can stand in one."""
        if node.kind == "scalar":
            return None if node.style in {"|", ">"} else self._raw(node)
        if not node.pairs and not node.items:
            return "{}" if node.kind == "map" else "[]"
        if not node.flow or self.comments.within(node.line, node.end_line):
            return None
        text = self._flow(node)
        return text if column + len(text) <= WIDEST else None

    def _flow(self, node: Node) -> str:
        if node.kind == "scalar":
            return self._raw(node)
        if node.kind == "list":
            return f"[{', '.join(self._flow(item) for item in node.items)}]"
        pairs = (f"{self._raw(key)}: {self._flow(value)}".rstrip() for key, value in node.pairs)
        return f"{{{', '.join(pairs)}}}"

    def _raw(self, node: Node) -> str:
        """A scalar as it was spelled."""
        if node.line == node.end_line:
            return self.lines[node.line][node.column : node.end_column].rstrip()
        if not node.plain or "\n" in node.text:
            raise UnprintableError(node, "lay out this text by hand, with `>-` or `|`")
        return node.text

    def _block_text(self, head: str, node: Node, indent: str) -> Iterator[str]:
        header = self.lines[node.line][node.column :].split()[0]
        if len(header) > 1 and header[1:] != "-":
            raise UnprintableError(node, "lay out this text by hand, with `>-` or `|`")
        yield self._beside(f"{head} {header}", node.line)
        last = node.end_line if node.end_column == 0 else node.end_line + 1
        body = self.lines[node.line + 1 : last]
        while body and not body[-1].strip():
            body.pop()
        depth = min((len(line) - len(line.lstrip(" ")) for line in body if line.strip()), default=0)
        for line in body:
            yield f"{indent}  {line[depth:]}".rstrip()

    def _above(self, line: int, indent: str) -> Iterator[str]:
        """The comments before a value; blank lines between them only where they are no part of it."""
        found = _trimmed(self.comments.above.pop(line, []))
        yield from [f"{indent}{text}".rstrip() for text in found if text or not indent]

    def _beside(self, text: str, line: int) -> str:
        comment = self.comments.beside.pop(line, None)
        return f"{text}  {comment}" if comment else text


def _trimmed(lines: list[str]) -> list[str]:
    """Without a blank line at the end; there are no two in a row."""
    return lines[:-1] if lines and not lines[-1] else lines


def _ordered(node: Node, kind: ValueType | None) -> list[tuple[Node, Node]]:
    """The pairs in the order of the grammar; what it does not know comes last, as it came."""
    if not isinstance(kind, MappingSchema):
        return list(node.pairs)
    places = {key.name: place for place, key in enumerate(kind.keys)}
    return sorted(node.pairs, key=lambda pair: places.get(pair[0].text, len(places)))


def _kind_of(kind: ValueType | None, name: str) -> ValueType | None:
    if isinstance(kind, MappingSchema):
        return next((key.value_type for key in kind.keys if key.name == name), None)
    return kind.value_type if isinstance(kind, NamedType) else None
