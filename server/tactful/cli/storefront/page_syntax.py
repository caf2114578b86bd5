"""The two ways to write things of schema.org as attributes: microdata and RDFa.

They agree with those of the widget: `widget/src/parts/markup.js`.
"""

import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from tactful.cli.storefront.page_elements import Element

_WORD: Final = re.compile(
    r"(?:https?://(?:www\.)?schema\.org/|([\w-]+):)?(\w+)", re.IGNORECASE | re.ASCII
)
"""A word of schema.org: plain, as an address, or with a prefix."""
_DECLARED: Final = re.compile(
    r"([\w-]+):\s*https?://(?:www\.)?schema\.org", re.IGNORECASE | re.ASCII
)


class Syntax(Struct, frozen=True):
    """Which attributes begin a thing, name its types and name its properties."""

    scope: str
    """Attribute of an element that begins a thing."""
    kinds: Callable[[Element], list[str]]
    """Return the types of the thing that an element begins."""
    names: Callable[[Element], list[str]]
    """Return the properties whose value an element is."""
    of: str
    """Attribute that makes a thing part of another one."""

    def is_free(self, element: Element) -> bool:
        """Return whether a thing is no part of another one, or the main entity of it."""
        names = self.names(element)
        return "mainEntity" in names or not (names or self.of in element.attributes)


def _words(element: Element, attribute: str) -> list[str]:
    return element.attributes.get(attribute, "").split()


def _plain(words: list[str]) -> list[str]:
    """Return words without addresses and prefixes."""
    matches = (_WORD.fullmatch(word) for word in words)
    return [match[2] for match in matches if match]


MICRODATA: Final = Syntax(
    scope="itemscope",
    kinds=lambda one: _plain([word for word in _words(one, "itemtype") if "schema.org/" in word]),
    names=lambda one: _plain(_words(one, "itemprop")),
    of="itemprop",
)


def rdfa_of(root: Element) -> Syntax:
    """Return RDFa with the prefixes that a page declares for schema.org.

    Args:
        root: The page's elements.
    """
    # `schema` needs no declaration, and `s` often lacks one.
    known = {"schema", "s"}
    for element in root.elements():
        known |= {match[1] for match in _DECLARED.finditer(element.attributes.get("prefix", ""))}

    def ours(element: Element, attribute: str) -> list[str]:
        return _plain([word for word in _words(element, attribute) if is_ours(element, word)])

    def is_ours(element: Element, word: str) -> bool:
        match = _WORD.fullmatch(word)
        prefix = match[1] if match else None
        # Without a prefix it is a word of the vocabulary around it.
        return prefix in known if prefix else "schema.org" in word + _vocabulary(element)

    return Syntax(
        scope="typeof",
        kinds=lambda one: ours(one, "typeof"),
        names=lambda one: ours(one, "property") + ours(one, "rel"),
        of="property",
    )


def _vocabulary(element: Element) -> str:
    """Return the nearest vocabulary; schema.org where the page names none."""
    around: Element | None = element
    while around and "vocab" not in around.attributes:
        around = around.parent
    return around.attributes["vocab"] if around else "schema.org"
