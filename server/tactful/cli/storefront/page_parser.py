"""What can be seen of a storefront's page without a browser?"""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

_WIDGET = re.compile(r"/widget/v\d", re.ASCII)
_PRODUCTS: Final = frozenset({"Product", "ProductGroup", "IndividualProduct", "ProductModel"})
_DEFAULTS: Final = {"http": "80", "https": "443", "ws": "80", "wss": "443"}


class ScriptTag(Struct, frozen=True):
    """One of our script tags."""

    url: str
    integrity: str
    nonce: str
    territory: str
    server: str


class FoundProduct(Struct, frozen=True):
    """A product that the page describes in JSON-LD."""

    sku: str
    name: str


class ScannedPage(Struct, frozen=True):
    """What a page shows before any script runs."""

    url: str
    scripts: tuple[ScriptTag, ...]
    products: tuple[FoundProduct, ...]
    broken_json: int
    policies: tuple[str, ...]

    @property
    def origin(self) -> str:
        """As browsers send it."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


def parse_page(url: str, html: str, policies: list[str]) -> ScannedPage:
    """Read a page; `policies` are the Content-Security-Policy headers it came with."""
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


def allows(policies: tuple[str, ...], directive: str, url: str, page: str, nonce: str = "") -> bool:
    """Whether every policy of a page lets a URL through for a directive."""
    return all(_allows(_sources(policy, directive), url, page, nonce) for policy in policies)


def _sources(policy: str, directive: str) -> list[str] | None:
    found: dict[str, list[str]] = {}
    for part in policy.split(";"):
        name, *sources = part.split() or [""]
        found.setdefault(name.lower(), sources)
    fallbacks = {"script-src": ("script-src-elem", "script-src", "default-src")}
    for name in fallbacks.get(directive, (directive, "default-src")):
        if name in found:
            return found[name]
    return None


def _allows(sources: list[str] | None, url: str, page: str, nonce: str) -> bool:
    if sources is None:
        return True
    if nonce and f"'nonce-{nonce}'" in sources:
        return True
    if "'strict-dynamic'" in sources:
        return False
    return any(_matches(source, url, page) for source in sources)


def _matches(source: str, url: str, page: str) -> bool:
    wanted = urlsplit(url)
    if source == "*":
        return True
    if source.lower() == "'self'":
        own = urlsplit(page)
        return wanted.netloc == own.netloc
    if source.endswith(":"):
        return wanted.scheme == source[:-1].lower()
    allowed = urlsplit(source if "//" in source else f"//{source}")
    if allowed.scheme and not _same_scheme(allowed.scheme, wanted.scheme):
        return False
    host, name = (allowed.hostname or "").lower(), (wanted.hostname or "").lower()
    if not (name.endswith(host[1:]) if host.startswith("*.") else name == host):
        return False
    port = allowed.netloc.rpartition(":")[2] if ":" in allowed.netloc else ""
    if port not in {"", "*", str(wanted.port or _DEFAULTS.get(wanted.scheme, ""))}:
        return False
    path = allowed.path
    return not path or (wanted.path.startswith(path) if path.endswith("/") else wanted.path == path)


def _same_scheme(allowed: str, wanted: str) -> bool:
    """A secure scheme is as good as its insecure twin (CSP level 3, section 6.7.2.8)."""
    return wanted == allowed or (allowed, wanted) in {
        ("http", "https"),
        ("ws", "wss"),
        ("http", "ws"),
        ("http", "wss"),
        ("https", "wss"),
    }
