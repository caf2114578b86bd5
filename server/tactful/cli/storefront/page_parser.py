"""Parser for a storefront's page: script tags, product data and policies; no script is run."""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

_WIDGET = re.compile(r"/widget/v\d", re.ASCII)


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


class ScannedPage(Struct, frozen=True):
    """Content of a page before any script runs."""

    url: str
    """URL at the end of all redirections."""
    scripts: tuple[ScriptTag, ...]
    json_ld: tuple[str, ...]
    """The text of each JSON-LD block."""
    open_graph: dict[str, str]
    """Name without `og:` or `product:` → content, of the first element with that name."""
    canonical: str
    """The page's canonical URL; empty: it names none."""
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
        tuple(reader.json_ld),
        reader.open_graph,
        reader.canonical,
        (*policies, *reader.policies),
    )


class _PageParser(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._json: list[str] | None = None
        self.scripts: list[ScriptTag] = []
        self.json_ld: list[str] = []
        self.open_graph: dict[str, str] = {}
        self.canonical = ""
        self.policies: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        options = {name: value or "" for name, value in attrs}
        if tag == "meta" and options.get("http-equiv", "").lower() == "content-security-policy":
            self.policies.append(options.get("content", ""))
        prefix, _, name = options.get("property", "").partition(":")
        if tag == "meta" and prefix in {"og", "product"}:
            self.open_graph.setdefault(name, options.get("content", ""))
        if tag == "link" and options.get("rel", "").lower() == "canonical":
            self.canonical = urljoin(self._url, options.get("href", ""))
        if tag == "base" and options.get("href"):
            self._url = urljoin(self._url, options["href"])
        if tag != "script":
            return
        if "ld+json" in options.get("type", "").lower():
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
            self.json_ld.append("".join(self._json))
            self._json = None
