"""Products in a page's markup, in the words of schema.org.

The readers agree with those of the widget: `widget/src/detect/jsonld.js`, `widget/src/parts/markup.js`
and `widget/src/parts/shops.js`.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct, structs

from tactful.cli.storefront.page_elements import Element
from tactful.cli.storefront.page_parser import ScannedPage
from tactful.cli.storefront.page_syntax import MICRODATA, Syntax, rdfa_of

_PRODUCT: Final = re.compile(r"Products?(Group|Model)?$")
MAX_CHARS: Final = 128
"""Longer texts are no identifiers, prices or names."""


def listed(value: Any) -> list[Any]:
    """Return a value that may be a list, a single thing or missing, as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def short_text(value: Any) -> str | None:
    """Return an identifier, price or name as trimmed text; None: it is none, or too long to be one."""
    plain = str(value).strip() if isinstance(value, str | int | float) else ""
    return plain if plain and len(plain) <= MAX_CHARS else None


def json_ld_products(page: ScannedPage, broken: list[str]) -> list[dict[str, Any]]:
    """Return the products of all JSON-LD blocks.

    Args:
        page: The page.
        broken: Receives what is wrong with each block that cannot be read; the others are read.
    """
    found: list[dict[str, Any]] = []
    for script in page.json_ld:
        # Old templates wrap the text in a comment or in CDATA, and put line breaks into its strings.
        text = re.sub(r"<!\[CDATA\[|\]\]>|[\0-\x1f]", " ", script)
        text = re.sub(r"^[^\[{]*([\[{].*[\]}]).*", r"\1", text).strip()
        try:
            products = list(_walk(json.loads(text or "[]")))
            # A page may name its product by a reference to another node of the graph.
            main = re.search(r'"mainEntity" *: *{ *"@id" *: *"([^"]+)" *}', text)
            meant = [one for one in products if main and one.get("@id") == main[1]]
            found += meant or products
        except (ValueError, RecursionError) as error:
            broken.append(str(error))
    return found


def _walk(nodes: Any) -> Iterator[dict[str, Any]]:
    for node in listed(nodes):
        if isinstance(node, list):
            yield from _walk(node)
        if not isinstance(node, dict):
            continue
        if not _is_product(node):
            yield from _walk(node.get("@graph"))
            yield from _walk(node.get("mainEntity"))
            # A page may be about an offer, and name the product as what is offered.
            items = (one for one in listed(node.get("itemOffered")) if isinstance(one, dict))
            yield from _walk([{"offers": node, **item} for item in items])
            continue
        variants = [
            one
            for one in listed(node.get("hasVariant"))
            if isinstance(one, dict) and _is_product(one)
        ]
        # What a variant does not say of itself, its group says; but not which one it is.
        group = {key: node[key] for key in node if key not in {"sku", "offers", "url", "@id"}}
        yield from ({**group, **one} for one in variants) if variants else (node,)


def _is_product(node: dict[str, Any]) -> bool:
    return any(_PRODUCT.search(str(kind)) for kind in listed(node.get("@type")))


class _Place(Struct, frozen=True, eq=False):
    """Where the content of an element stands in the markup around it."""

    scope: Element | None = None
    """The nearest element that begins a thing."""
    product: Element | None = None
    """The product that the page is about and that this is part of."""
    elsewhere: bool = False
    """Whether this is inside of any product or list of items."""


def microdata_products(page: ScannedPage) -> list[dict[str, Any]]:
    """Return the products that the page's microdata is about."""
    return _markup_products(page, MICRODATA)


def rdfa_products(page: ScannedPage) -> list[dict[str, Any]]:
    """Return the products that the page's RDFa is about."""
    return _markup_products(page, rdfa_of(page.elements))


def _markup_products(page: ScannedPage, syntax: Syntax) -> list[dict[str, Any]]:
    """Return the products that the page's attributes are about.

    Products that belong to another one and rows of a list are left out, and so are the ratings,
    brands and related products of a product.
    """
    places = {page.elements: _Place()}
    said: dict[Element, dict[Element, dict[str, Any]]] = {}
    # Offers that the page may be about: the product is what they offer.
    offers: dict[Element, dict[str, Any]] = {}
    for element in page.elements.elements():
        around = places[element.parent or page.elements]
        place = around
        names = syntax.names(element)
        scoped = syntax.scope in element.attributes
        about = said.get(around.product, {}) if around.product else {}
        own = about.get(around.scope, offers.get(around.scope)) if around.scope else None
        # A thing with a scope of its own is no value.
        if own is not None and not scoped:
            for name in names:
                if own.get(name) is None:
                    own[name] = _value(element)
        kinds = syntax.kinds(element) if scoped else []
        if scoped:
            place = structs.replace(place, scope=element)
        if any("Offer" in kind for kind in kinds) and "OfferCatalog" not in kinds:
            if around.scope in about:
                about[element] = {}
            elif not around.elsewhere and syntax.is_free(element):
                offers[element] = {}
        if any(_PRODUCT.search(kind) for kind in kinds):
            offered = around.scope in offers and "itemOffered" in names
            if not place.elsewhere and (offered or syntax.is_free(element)):
                place = structs.replace(place, product=element)
                said[element] = {element: {}}
                if offered and around.scope:
                    said[element][around.scope] = offers[around.scope]
            place = structs.replace(place, elsewhere=True)
        if {"ItemList", "OfferCatalog"} & set(kinds):
            place = structs.replace(place, elsewhere=True)
        places[element] = place
    return [_whole(element, list(parts.values())) for element, parts in said.items()]


def _whole(element: Element, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a product with its offers; without one it says itself what it costs."""
    product, *offers = parts
    # RDFa names a thing by its address: Drupal prints teasers of other products in this way.
    address = element.attributes.get("about", "")
    if re.match("/[^/]", address) and product.get("url") is None:
        product["url"] = address
    return {**product, "offers": [one for one in offers if one] or [product]}


def _value(element: Element) -> str | None:
    """Return the value of a property: an attribute's, else the text of the element."""
    for name in ("content", "href", "resource", "value"):
        if name in element.attributes:
            return element.attributes[name]
    text = ""
    for piece in element.texts():
        text = (text + piece).lstrip()
        if len(text.rstrip()) > MAX_CHARS:
            return None
    return short_text(text)


def open_graph_products(page: ScannedPage) -> list[dict[str, Any]]:
    """Return the product of the page's OpenGraph; none without a price, as articles have."""
    meta = page.open_graph
    price = meta.get("sale_price:amount") or meta.get("price:amount")
    if not price:
        return []
    offer = {"price": price, "priceCurrency": meta.get("price:currency")}
    return [{"productID": meta.get("retailer_item_id"), "offers": offer}]


class VariationForm(Struct, frozen=True):
    """The form with which WooCommerce lets shoppers choose a variation."""

    product: str | None = None
    """The id of the product."""
    variations: tuple[dict[str, Any], ...] = ()
    """The variations, in the words of schema.org; none where there are too many to be printed."""
    chosen: str | None = None
    """The id of the chosen variation."""

    def selected(self) -> list[dict[str, Any]]:
        """Return the chosen variation, or the only one."""
        fits = [one for one in self.variations if one["productID"] == self.chosen]
        some = self.variations if len(self.variations) == 1 else fits
        return [
            {"sku": one["sku"], "productID": one["productID"], "offers": one} for one in some[:1]
        ]

    def listed(self) -> list[dict[str, Any]]:
        """Return the product with its variations as offers, where there are several."""
        if len(self.variations) < 2:
            return []
        return [{"productID": self.product, "offers": list(self.variations)}]


def variation_form(page: ScannedPage) -> VariationForm:
    """Return WooCommerce's form of variations, empty where the page has none."""
    elements = list(page.elements.elements())
    body = next((one for one in elements if one.tag == "body"), page.elements)
    forms = [
        one
        for one in elements
        if one.tag == "form" and "variations_form" in one.attributes.get("class", "").split()
    ]
    if not forms or not re.search("woocommerce|single-product", body.attributes.get("class", "")):
        return VariationForm()
    (form, fields) = (forms[0].attributes, forms[0].elements())
    try:
        rows = json.loads(form.get("data-product_variations") or "[]") or []
    except ValueError:
        rows = []
    chosen = [
        one.attributes.get("value")
        for one in fields
        if one.attributes.get("name") == "variation_id"
    ]
    return VariationForm(
        form.get("data-product_id"),
        tuple(
            {
                "sku": row.get("sku"),
                "productID": str(row.get("variation_id")),
                "price": row.get("display_price"),
            }
            for row in listed(rows)
            if isinstance(row, dict)
        ),
        chosen[0] if chosen else None,
    )
