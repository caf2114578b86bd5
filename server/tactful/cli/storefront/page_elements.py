"""The elements of a page's source, as a tree like the browser's, without running any script."""

from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

_VOID: Final = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)
_INERT: Final = frozenset(
    ["iframe", "noembed", "noframes", "noscript", "template", "textarea", "title"]
)
"""Elements whose content is text for a browser that runs scripts, or no part of the document."""
_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "details",
        "div",
        "dl",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "ul",
    ]
)
_Ending = tuple[frozenset[str], frozenset[str]]
_ENDED_BY: Final[dict[str, _Ending]] = {
    "li": (frozenset({"li"}), frozenset({"ul", "ol", "menu"})),
    "dt": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "dd": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "tr": (frozenset({"tr"}), frozenset({"table"})),
    "td": (frozenset({"td", "th"}), frozenset({"tr", "table"})),
    "th": (frozenset({"td", "th"}), frozenset({"tr", "table"})),
    "option": (frozenset({"option"}), frozenset({"select", "datalist"})),
}
"""Tag → the open elements that it ends, and the elements that keep those before them open."""
_PARAGRAPH: Final[_Ending] = (
    frozenset({"p"}),
    frozenset({"td", "th", "button", "caption", "object"}),
)
"""The same for every block, such as `div`: it ends a paragraph."""
_MAX_DEPTH: Final = 512
"""Elements that are nested deeper become siblings, as in browsers; it bounds the work for a page."""


class Element:
    """An element with its attributes and content."""

    __slots__ = ("attributes", "content", "parent", "tag")

    def __init__(
        self, tag: str, attributes: dict[str, str], parent: "Element | None" = None
    ) -> None:
        self.tag = tag
        self.attributes = attributes
        """Lower-case name → value; an attribute without a value has ''."""
        self.parent = parent
        self.content: list[Element | str] = []

    def elements(self) -> Iterator["Element"]:
        """Yield the elements inside this one, in the order of the source."""
        waiting = self.content[::-1]
        while waiting:
            each = waiting.pop()
            if isinstance(each, Element):
                yield each
                waiting += each.content[::-1]

    def texts(self) -> Iterator[str]:
        """Yield the pieces of text inside this element, in the order of the source."""
        waiting = self.content[::-1]
        while waiting:
            each = waiting.pop()
            if isinstance(each, Element):
                waiting += each.content[::-1]
            else:
                yield each

    def ancestors(self) -> Iterator["Element"]:
        """Yield the elements around this one, the nearest first."""
        around = self.parent
        while around is not None:
            yield around
            around = around.parent


def parse_elements(html: str) -> Element:
    """Parse a page's source.

    Returns:
        An element without a tag, which holds the document. Content that browsers do not take for
        elements, such as that of `noscript` and `template`, is left out.
    """
    builder = _TreeBuilder()
    builder.feed(html)
    builder.close()
    return builder.root


class _TreeBuilder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]
        self._count: Counter[str] = Counter()
        self._inert: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._inert:
            if tag == self._inert[0]:
                self._inert.append(tag)
            return
        self._end_implied(tag)
        attributes: dict[str, str] = {}
        for name, value in attrs:
            attributes.setdefault(name, value or "")
        parent = self._open[-1]
        element = Element(tag, attributes, parent)
        parent.content.append(element)
        if tag in _INERT:
            self._inert.append(tag)
        elif tag not in _VOID and len(self._open) < _MAX_DEPTH:
            self._open.append(element)
            self._count[tag] += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        # In HTML the slash means nothing, and `<div/>` is an open element; in drawings it ends it.
        if self._open[-1].tag == tag and (self._count["svg"] or self._count["math"]):
            self._end(len(self._open) - 1)

    def handle_endtag(self, tag: str) -> None:
        if self._inert:
            if tag == self._inert[0]:
                self._inert.pop()
        elif self._count[tag]:
            self._end(max(at for at, each in enumerate(self._open) if each.tag == tag))

    def handle_data(self, data: str) -> None:
        if not self._inert:
            self._open[-1].content.append(data)

    def parse_marked_section(self, i: int, report: bool = True) -> int:  # noqa: ARG002
        """Skip what browsers take for a comment, such as `<![CDATA[`: `HTMLParser` may raise."""
        return self.parse_bogus_comment(i, report=False)

    def _end_implied(self, tag: str) -> None:
        ended, kept = _ENDED_BY.get(tag, (frozenset(), frozenset()))
        if tag in _BLOCKS:
            ended, kept = _PARAGRAPH
        if not any(self._count[each] for each in ended):
            return
        for depth in range(len(self._open) - 1, 0, -1):
            if self._open[depth].tag in kept:
                return
            if self._open[depth].tag in ended:
                self._end(depth)
                return

    def _end(self, depth: int) -> None:
        """End the open elements from a depth on."""
        self._count.subtract(each.tag for each in self._open[depth:])
        del self._open[depth:]
