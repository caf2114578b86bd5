"""Formatter of rule files: one layout for all files, with every comment kept.

The formatter writes a new text from the tree and the comments of a file. If that would lose
anything, the file stays unchanged and the formatter returns the reason.
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
from tactful.rulebook.testing.scenario_grammar import TEST_FILE

WIDEST: Final = 100
"""Greatest width in columns. A wider mapping or list in braces gets a line per entry."""
_KNOWN_KEYS: Final = frozenset(key.name for schema in (FILE, TEST_FILE) for key in schema.keys)
"""Top-level keys; a file with none of them is not ours to rewrite."""
_SPACED: Final = ("rules", "suppress", "exclude", "tests")
"""Sections whose items are separated by a blank line."""


class FormatResult(Struct, frozen=True):
    """Result of formatting a file."""

    text: str | None
    """The formatted text; None where the author has to correct the file first."""
    reason: str = ""
    """Why there is no text, with the place."""


def format_file(source: RuleSource) -> FormatResult:
    """Format a rule file or a scenario file.

    The meaning of the file does not change, and formatting the result again changes nothing.
    """
    findings = Findings()
    root = read(source, findings)
    if findings.has_errors:
        first = findings.sorted()[0]
        return FormatResult(
            None, f"{first.path}:{first.line}:{first.column}: {first.code} {first.message}"
        )
    text = "\n".join(split_lines(source.text.decode("utf-8").removeprefix("\ufeff")))
    comments = comments_of(text, root)
    if root is not None and root.kind == "map" and not _has_known_key(root):
        return FormatResult(
            None,
            f"{source.path}: this file has none of the keys of rule files and tests"
            f" ({', '.join(sorted(_KNOWN_KEYS))}), so it is left as it is",
        )
    if root is None:
        return FormatResult("".join(f"{line}\n" for line in _trimmed(comments.below)))
    try:
        lines = list(_Printer(text, comments).file(root))
    except UnprintableError as error:
        return FormatResult(None, f"{source.path}:{error.node.line + 1}: {error.reason}")
    if comments.has_unplaced:
        line = min((*comments.above, *comments.beside)) + 1
        return FormatResult(
            None, f"{source.path}:{line}: this comment belongs to no value; move it in front of one"
        )
    return FormatResult("\n".join(lines) + "\n")


def _has_known_key(root: Node) -> bool:
    return any(key.text in _KNOWN_KEYS for key, _ in root.pairs)


class UnprintableError(Exception):
    """Raised for a value that the formatter cannot print; the author has to rewrite the value."""

    def __init__(self, node: Node, reason: str) -> None:
        super().__init__(reason)
        self.node = node
        self.reason = reason


class _Printer:
    """Writes the lines of a tree; each comment is removed as it is written."""

    def __init__(self, text: str, comments: Comments) -> None:
        self.lines = text.split("\n")
        self.comments = comments

    def file(self, root: Node) -> Iterator[str]:
        """Yield the lines of the file, with a blank line between sections."""
        if root.kind != "map":
            raise UnprintableError(root, "the file is not a mapping of sections such as `rules:`")
        first = True
        for key, value in root.pairs:
            above = self._above(key.line, "")
            if not first:
                yield ""
            first = False
            yield from above
            yield from self._pair(key, value, "", _type_of(FILE, key.text))
        below = _trimmed(self.comments.below)
        if below:
            yield from ("", *below)

    def _pair(
        self, key: Node, value: Node, indent: str, value_type: ValueType | None
    ) -> Iterator[str]:
        """Yield the lines of a key with its value."""
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
            yield from self._nested(value, indent + "  ", value_type, spaced=spaced)

    def _nested(
        self, node: Node, indent: str, value_type: ValueType | None, *, spaced: bool = False
    ) -> Iterator[str]:
        if node.kind == "map":
            for key, value in _ordered(node, value_type):
                yield from self._above(key.line, indent)
                yield from self._pair(key, value, indent, _type_of(value_type, key.text))
            return
        inner = value_type.item_type if isinstance(value_type, SequenceType | ListType) else None
        for number, item in enumerate(node.items):
            if spaced and number:
                yield ""
            yield from self._item(item, indent, inner)

    def _item(self, item: Node, indent: str, value_type: ValueType | None) -> Iterator[str]:
        """Yield the lines of a list item, with its dash on the first line of the value."""
        yield from self._above(item.line, indent)
        inline = self._inline(item, len(indent) + 2)
        if inline is not None:
            yield self._beside(f"{indent}- {inline}".rstrip(), item.end_line)
            return
        if item.kind == "scalar":
            yield from self._block_text(f"{indent}-", item, indent)
            return
        dashed = False
        for line in self._nested(item, indent + "  ", value_type):
            if dashed or line.lstrip().startswith("#"):
                yield line if dashed else line[2:]
            else:
                dashed = True
                yield f"{indent}- {line[len(indent) + 2 :]}"

    def _inline(self, node: Node, column: int) -> str | None:
        """Return the node in one line, or None where it must be written over several lines."""
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
        """Return a scalar as it is spelled."""
        if node.line == node.end_line:
            return self.lines[node.line][node.column : node.end_column].rstrip()
        if not node.plain or "\n" in node.text:
            raise UnprintableError(node, "write this text with `>-` or `|`")
        return node.text

    def _block_text(self, head: str, node: Node, indent: str) -> Iterator[str]:
        header = self.lines[node.line][node.column :].split()[0]
        if len(header) > 1 and header[1:] != "-":
            raise UnprintableError(node, "write this text with `>-` or `|`")
        yield self._beside(f"{head} {header}", node.line)
        last = node.end_line if node.end_column == 0 else node.end_line + 1
        body = self.lines[node.line + 1 : last]
        while body and not body[-1].strip():
            body.pop()
        depth = min((len(line) - len(line.lstrip(" ")) for line in body if line.strip()), default=0)
        for line in body:
            yield f"{indent}  {line[depth:]}".rstrip()

    def _above(self, line: int, indent: str) -> Iterator[str]:
        """Yield the comments before a value; blank lines are kept at the top level only."""
        found = _trimmed(self.comments.above.pop(line, []))
        yield from [f"{indent}{text}".rstrip() for text in found if text or not indent]

    def _beside(self, text: str, line: int) -> str:
        comment = self.comments.beside.pop(line, None)
        return f"{text}  {comment}" if comment else text


def _trimmed(lines: list[str]) -> list[str]:
    """Return the lines without a blank line at the end."""
    return lines[:-1] if lines and not lines[-1] else lines


def _ordered(node: Node, value_type: ValueType | None) -> list[tuple[Node, Node]]:
    """Return the pairs in the order of the grammar; unknown keys come last, in their own order."""
    if not isinstance(value_type, MappingSchema):
        return list(node.pairs)
    places = {key.name: place for place, key in enumerate(value_type.keys)}
    return sorted(node.pairs, key=lambda pair: places.get(pair[0].text, len(places)))


def _type_of(value_type: ValueType | None, name: str) -> ValueType | None:
    if isinstance(value_type, MappingSchema):
        return next((key.value_type for key in value_type.keys if key.name == name), None)
    return value_type.value_type if isinstance(value_type, NamedType) else None
