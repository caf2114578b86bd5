"""Parser for a storefront's page: script tags, product data and policies; no script is run."""

import re
from typing import Final
from urllib.parse import parse_qs, urljoin, urlsplit

from msgspec import Struct

from tactful.cli.storefront.page_elements import Element, parse_elements

_WIDGET: Final = re.compile(r"/widget/v\d", re.ASCII)
_SPEAKING: Final = {
    "ShopifyAnalytics": re.compile(r"\bShopifyAnalytics\b"),
    "dataLayer": re.compile(r"\b(?:dataLayer|gtag)\b"),
    "tactful": re.compile(r"\btactful\("),
}
_OF_A_PRODUCT: Final = {
    "ShopifyAnalytics": re.compile(r"\bvariants\b"),
    "dataLayer": re.compile(r"\bview_item['\"]|\bdetail['\"]?\s*:\s*\{"),
    "tactful": re.compile(r"\btactful\(\s?['\"]view\b"),
}
"""Names that the widget listens to, and how a script that uses them speaks of the page's product."""


class ScriptTag(Struct, frozen=True):
    """A script tag of the widget; attributes that it does not have are empty."""

    url: str
    """Absolute URL of the script."""
    integrity: str
    nonce: str
    territory: str
    """The setting `territory`, from the attribute `data-territory` or the script's query."""
    server: str
    """The setting `server`, in the same way."""
    consent: str
    """The setting `consent`, in the same way."""


class ScannedPage(Struct, frozen=True):
    """Content of a page before any script runs."""

    url: str
    """URL at the end of all redirections."""
    elements: Element
    """The page's elements; those of `noscript` and `template` are not among them."""
    scripts: tuple[ScriptTag, ...]
    json_ld: tuple[str, ...]
    """The text of each JSON-LD block."""
    open_graph: dict[str, str]
    """Name without `og:` or `product:` → content, of the first element with that name."""
    canonical: str
    """The page's canonical URL; empty: it names none."""
    policies: tuple[str, ...]
    """Content-Security-Policies from the response's headers and from `meta` elements."""
    speaking: tuple[str, ...]
    """What the page's own scripts name a product with: `ShopifyAnalytics`, `dataLayer`, `tactful`."""

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
    root = parse_elements(html)
    by_tag: dict[str, list[Element]] = {}
    for element in root.elements():
        by_tag.setdefault(element.tag, []).append(element)
    bases = [one.attributes["href"] for one in by_tag.get("base", ()) if "href" in one.attributes]
    base = urljoin(url, bases[0]) if bases else url
    open_graph: dict[str, str] = {}
    for element in by_tag.get("meta", ()):
        prefix, _, name = element.attributes.get("property", "").partition(":")
        content = element.attributes.get("content", "")
        if prefix in {"og", "product"}:
            open_graph.setdefault(name, content)
        if element.attributes.get("http-equiv", "").lower() == "content-security-policy":
            policies = [*policies, content]
    canonical = [
        urljoin(base, one.attributes.get("href", ""))
        for one in by_tag.get("link", ())
        if one.attributes.get("rel", "").lower() == "canonical"
    ]
    scripts = by_tag.get("script", [])
    inline = ["".join(one.texts()) for one in scripts if "src" not in one.attributes]
    return ScannedPage(
        url=url,
        elements=root,
        scripts=tuple(_tag(one, base) for one in scripts if _WIDGET.search(_source(one))),
        json_ld=tuple("".join(one.texts()) for one in scripts if "ld+json" in _type(one)),
        open_graph=open_graph,
        canonical=canonical[0] if canonical else "",
        policies=tuple(policies),
        speaking=tuple(
            name
            for name, pattern in _SPEAKING.items()
            if any(pattern.search(text) and _OF_A_PRODUCT[name].search(text) for text in inline)
        ),
    )


def _tag(script: Element, base: str) -> ScriptTag:
    url = urljoin(base, _source(script))
    query = parse_qs(urlsplit(url).query)

    def setting(name: str) -> str:
        return script.attributes.get(f"data-{name}", query.get(name, [""])[0])

    return ScriptTag(
        url=url,
        integrity=script.attributes.get("integrity", ""),
        nonce=script.attributes.get("nonce", ""),
        territory=setting("territory"),
        server=setting("server"),
        consent=setting("consent"),
    )


def _source(script: Element) -> str:
    return script.attributes.get("src", "")


def _type(script: Element) -> str:
    return script.attributes.get("type", "").lower()
