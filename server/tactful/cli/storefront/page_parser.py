"""Parser for a storefront's page: script tags, products and policies; no script is run."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

_WIDGET = re.compile(r"/widget/v\d", re.ASCII)
_PRODUCTS: Final = frozenset({"Product", "ProductGroup", "IndividualProduct", "ProductModel"})


class ScriptTag(Struct, frozen=True):
    """A script tag of the widget; attributes that it does not have are empty."""

    url: str
    """Absolute URL of the script."""
    integrity: str
    nonce: str
    territory: str
    """Value of `data-territory`."""
    server: str
    """Value of `data-server`."""


class FoundProduct(Struct, frozen=True):
    """A product that the page describes in JSON-LD."""

    sku: str
    """`sku`, else `productGroupID`, else `mpn`; empty: the product has none of them."""
    name: str


class ScannedPage(Struct, frozen=True):
    """Content of a page before any script runs."""

    url: str
    """URL at the end of all redirections."""
    scripts: tuple[ScriptTag, ...]
    products: tuple[FoundProduct, ...]
    broken_json: int
    """How many JSON-LD blocks are not JSON."""
    policies: tuple[str, ...]
    """Content-Security-Policies from the response's headers and from `meta` elements."""

    @property
    def origin(self) -> str:
        """The page's origin, as browsers send it."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


def parse_page(url: str, html: str, policies: list[str]) -> ScannedPage:
    """Parse a page.

    Args:
        url: URL of the page.
        html: Its source.
        policies: Content-Security-Policy headers of the response.
    """
    reader = _PageParser(url)
    reader.feed(html)
    reader.close()
    return ScannedPage(
        url,
        tuple(reader.scripts),
        tuple(reader.products),
        reader.broken,
        (*policies, *reader.policies),
    )


class _PageParser(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._json: list[str] | None = None
        self.scripts: list[ScriptTag] = []
        self.products: list[FoundProduct] = []
        self.policies: list[str] = []
        self.broken = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        options = {name: value or "" for name, value in attrs}
        if tag == "meta" and options.get("http-equiv", "").lower() == "content-security-policy":
            self.policies.append(options.get("content", ""))
        if tag == "base" and options.get("href"):
            self._url = urljoin(self._url, options["href"])
        if tag != "script":
            return
        if options.get("type", "").lower() == "application/ld+json":
            self._json = []
        if _WIDGET.search(options.get("src", "")):
            names = ("integrity", "nonce", "data-territory", "data-server")
            url = urljoin(self._url, options["src"])
            self.scripts.append(ScriptTag(url, *(options.get(name, "") for name in names)))

    def handle_data(self, data: str) -> None:
        if self._json is not None:
            self._json.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._json is not None:
            try:
                self.products += _products(json.loads("".join(self._json)))
            except (ValueError, RecursionError):
                self.broken += 1
            self._json = None


def _products(node: Any) -> Iterator[FoundProduct]:
    """Yield the products in a JSON-LD document, also those inside of lists, graphs and groups."""
    if isinstance(node, list):
        for each in node:
            yield from _products(each)
    elif isinstance(node, dict):
        kinds = node.get("@type", "")
        names = {kinds} if isinstance(kinds, str) else set(map(str, kinds))
        if {name.rpartition("/")[2] for name in names} & _PRODUCTS:
            sku = node.get("sku") or node.get("productGroupID") or node.get("mpn") or ""
            yield FoundProduct(str(sku), str(node.get("name", "")))
        for key in ("@graph", "hasVariant", "mainEntity", "itemListElement", "item"):
            yield from _products(node.get(key))
