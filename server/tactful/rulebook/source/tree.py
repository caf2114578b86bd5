"""Parses the text of a rule file into a tree of nodes with their places.

Rule files are a strict subset of YAML: one document, no anchors, tags or merge keys, no duplicate
keys. Scalars stay text. What a text means depends on the expected type (`language/scalars.py`), so
that `no` or `010` is never silently read as something else. All sizes are bounded, so that a
hostile file needs no more time and memory than a large valid one.
"""

import re
from typing import Any, Final, Literal

from msgspec import Struct
from yaml import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml._yaml import CParser
from yaml.error import MarkedYAMLError
from yaml.events import Event

from tactful.rulebook.source.diagnostics import Findings, Span

MAX_BYTES: Final = 1024 * 1024
"""Largest rule file, in bytes."""
MAX_ITEMS: Final = 50_000
"""Longest list, in items: more than any rule needs; bounds the time that a file can take."""
MAX_DEPTH: Final = 32
"""Deepest nesting, in levels: more than any rule needs; bounds the recursion of every reader."""

_BREAK: Final = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")


class RuleSource(Struct, frozen=True):
    """One rule file."""

    path: str
    """The path as it appears in findings."""
    text: bytes
    """Its content, not decoded yet."""


class Node(Span, frozen=True, gc=False):
    """A value of the file with its place."""

    kind: Literal["scalar", "map", "list"] = "scalar"
    text: str = ""
    """The text of a scalar."""
    plain: bool = False
    """Whether a scalar is written without quotes."""
    flow: bool = False
    """Whether a mapping or a list is written in braces or brackets."""
    style: str | None = None
    """The quote or block character of a scalar; None or "" for a plain one."""
    pairs: tuple[tuple["Node", "Node"], ...] = ()
    """The keys and values of a mapping, in the order of the file."""
    items: tuple["Node", ...] = ()
    """The items of a list."""


def list_items(node: Node | None) -> tuple[Node, ...]:
    """Return the items of a list, or the single value that is written instead of a list."""
    if node is None:
        return ()
    return node.items if node.kind == "list" else (node,)


class UnreadableFileError(Exception):
    """Raised where a text cannot be parsed any further; carries the finding to report."""

    def __init__(self, code: str, span: Span, message: str, help_text: str) -> None:
        super().__init__(message)
        self.code = code
        self.span = span
        self.message = message
        self.help_text = help_text


def split_lines(text: str) -> list[str]:
    """Return the lines of a file, with the line breaks of YAML."""
    return _BREAK.split(text)


def decode(source: RuleSource, findings: Findings) -> str | None:
    """Return the text of a file; None, with a finding (R101, R102), where it is not usable."""
    if len(source.text) > MAX_BYTES:
        message = f"the file has {len(source.text):,} bytes; at most {MAX_BYTES:,} are allowed"
        findings.add("R102", Span(source.path), message, "split it into several files")
        return None
    try:
        text = source.text.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        before = source.text[: error.start]
        line = before.count(b"\n")
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace"))
        _not_text(source.path, line, column, findings)
        return None
    found = _CONTROL.search(text)
    if found:
        line = text.count("\n", 0, found.start())
        column = found.start() - (text.rfind("\n", 0, found.start()) + 1)
        _not_text(source.path, line, column, findings)
        return None
    return text


def _not_text(path: str, line: int, column: int, findings: Findings) -> None:
    findings.add(
        "R101",
        Span(path, line, column, line, column + 1),
        "this is not UTF-8 text",
        "save the file as plain text in UTF-8",
    )


def parse(path: str, text: str, findings: Findings) -> Node | None:
    """Parse a text.

    Args:
        path: the path for places.
        text: the decoded file.
        findings: receives what the subset does not allow (R106 to R112).

    Returns:
        The tree; None for an empty file.

    Raises:
        UnreadableFileError: the layout cannot be read from some place on.
    """
    return _Reader(path, text, findings).document()


class _Reader:
    """Builds the tree from the parser's events. One instance per file."""

    def __init__(self, path: str, text: str, findings: Findings) -> None:
        self.path = path
        self.findings = findings
        self.parser = CParser(text)

    def document(self) -> Node | None:
        """Return the tree of the only document; report directives and further documents."""
        self._next()  # the stream starts
        start = self._next()
        if not isinstance(start, DocumentStartEvent):
            return None
        if start.version or start.tags:
            self._refuse(
                "R109", start, "a directive is not allowed in rule files", "remove this line"
            )
        root = self._node(self._next(), 0)
        self._next()  # the document ends
        more = self._next()
        if isinstance(more, DocumentStartEvent):
            self._refuse(
                "R109", more, "a second document begins here", "put it in a file of its own"
            )
        return root

    def _next(self) -> Event:
        try:
            event = self.parser.get_event()
        except MarkedYAMLError as error:
            raise self._broken(error) from None
        return event or StreamEndEvent()

    def _node(self, event: Event, depth: int) -> Node:
        """Return the node that begins with an event; bounds the depth of nesting."""
        if type(event) is ScalarEvent:
            if event.anchor is not None or event.tag is not None:
                self._check_properties(event)
            return self._scalar(event)
        if isinstance(event, AliasEvent):
            message = f"the alias *{event.anchor} is not allowed in rule files"
            self._refuse("R106", event, message, "write the value out, or use `lists:`")
            return Node(*self._place(event), style="'")
        self._check_properties(event)
        if depth >= MAX_DEPTH:
            message = f"this is nested more than {MAX_DEPTH} levels deep"
            raise UnreadableFileError(
                "R111", self._span(event), message, "flatten it: no rule needs so many levels"
            )
        if isinstance(event, MappingStartEvent):
            return self._mapping(event, depth)
        return self._list(event, depth)

    def _scalar(self, event: ScalarEvent) -> Node:
        """Return a scalar; a text in quotes must end on its own line."""
        style = event.style
        path, line, column, end_line, end_column = self._place(event)
        if style in {"'", '"'} and line != end_line:
            raise UnreadableFileError(
                "R104",
                Span(path, line, column, line, column + 1),
                f"the text that begins with {style} is not closed on this line",
                f"add the closing {style}; for a long text use `>-` and the following lines",
            )
        return Node(
            path,
            line,
            column,
            end_line,
            end_column,
            "scalar",
            event.value,
            not style,
            False,
            style,
        )

    def _mapping(self, event: MappingStartEvent, depth: int) -> Node:
        """Return a mapping; of equal keys, the first one is kept."""
        pairs: dict[str, tuple[Node, Node]] = {}
        extra: list[tuple[Node, Node]] = []
        while not isinstance(following := self._next(), CollectionEndEvent):
            key = self._node(following, depth + 1)
            value = self._node(self._next(), depth + 1)
            if self._is_key(key):
                if key.text in pairs:
                    first = pairs[key.text][0]
                    message = f"'{key.text}' is already on line {first.line + 1}"
                    self.findings.add("R110", key, message, "keep one of the two")
                    extra.append((key, value))
                else:
                    pairs[key.text] = key, value
        return self._collection(event, following, "map", pairs=tuple(pairs.values()))

    def _is_key(self, key: Node) -> bool:
        """Return whether a node can be a key; report it otherwise."""
        if key.kind != "scalar" or key.style in {"|", ">"}:
            self.findings.add(
                "R112",
                key,
                "a key must be a single word",
                "write `key: value` on a line of its own",
            )
        elif key.plain and key.text == "<<":
            self.findings.add(
                "R108",
                key,
                "the merge key `<<` is not allowed in rule files",
                "write the keys out, or use `defaults:`",
            )
        else:
            return True
        return False

    def _list(self, event: Event, depth: int) -> Node:
        items: list[Node] = []
        while not isinstance(following := self._next(), CollectionEndEvent):
            items.append(self._node(following, depth + 1))
            if len(items) > MAX_ITEMS:
                message = f"this list has more than {MAX_ITEMS:,} items"
                raise UnreadableFileError("R102", self._span(event), message, "split the list")
        return self._collection(event, following, "list", items=tuple(items))

    def _collection(
        self,
        first: Event,
        last: Event,
        kind: Literal["map", "list"],
        pairs: tuple[tuple[Node, Node], ...] = (),
        items: tuple[Node, ...] = (),
    ) -> Node:
        """Return a mapping or a list with its place."""
        path, line, column, _, _ = self._place(first)
        _, _, _, end_line, end_column = self._place(last)
        flow = isinstance(first, SequenceStartEvent | MappingStartEvent) and bool(first.flow_style)
        return Node(
            path,
            line,
            column,
            end_line,
            end_column,
            kind,
            "",
            False,
            flow,
            None,
            pairs,
            items,
        )

    def _check_properties(self, event: Any) -> None:
        if getattr(event, "anchor", None) is not None:
            message = f"the anchor &{event.anchor} is not allowed in rule files"
            self._refuse(
                "R106", event, message, "write the values out, or use `lists:` or `defaults:`"
            )
        if getattr(event, "tag", None) is not None:
            message = "a tag (`!…`) is not allowed in rule files"
            self._refuse(
                "R107", event, message, "remove the tag; put the value in quotes if it is a text"
            )

    def _refuse(self, code: str, event: Event, message: str, help_text: str) -> None:
        self.findings.add(code, self._span(event), message, help_text)

    def _span(self, event: Event) -> Span:
        return Span(*self._place(event))

    def _place(self, event: Event) -> tuple[str, int, int, int, int]:
        first: Any = event.start_mark  # the C parser marks every event
        last: Any = event.end_mark
        return self.path, first.line, first.column, last.line, last.column

    def _broken(self, error: MarkedYAMLError) -> UnreadableFileError:
        """Return the error to raise for a problem that the YAML parser reports."""
        context, problem = error.context or "", error.problem or "unreadable"
        mark = error.problem_mark or error.context_mark
        if error.context_mark is not None and _is_open_quote(context, problem):
            mark = error.context_mark
            span = Span(self.path, mark.line, mark.column, mark.line, mark.column + 1)
            return UnreadableFileError(
                "R104",
                span,
                "the text that begins with a quote is not closed on this line",
                "add the closing quote at the end of the text",
            )
        line, column = (mark.line, mark.column) if mark else (0, 0)
        span = Span(self.path, line, column, line, column + 1)
        return UnreadableFileError("R103", span, *_in_words(problem))


def _is_open_quote(context: str, problem: str) -> bool:
    return "quoted scalar" in context and "escape" not in problem


_LAYOUT_HELP: Final = "check the indentation, the colon after the key and the brackets around here"
_PROBLEMS: Final = (
    ("mapping values are not allowed", "a colon is not expected here"),
    ("could not find expected ':'", "the line before has no colon after its key"),
    ("did not find expected '-' indicator", "this does not line up with the list it belongs to"),
    ("did not find expected key", "this does not line up with the keys above it"),
    ("did not find expected ',' or", "a comma or a closing bracket is missing before this"),
    ("found character that cannot start any token", "a value cannot begin with this character"),
    ("block sequence entries are not allowed", "a list item cannot begin here"),
    ("found unknown escape character", "a backslash may only be followed by n, t, \\ or a quote"),
)


def _in_words(problem: str) -> tuple[str, str]:
    for needle, words in _PROBLEMS:
        if needle in problem:
            return words, _LAYOUT_HELP
    return problem, _LAYOUT_HELP
