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
            found += _walk(json.loads(text or "[]"))
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
    """Where the content of an element stands in the microdata around it."""

    scope: Element | None = None
    """The nearest element with `itemscope`."""
    product: Element | None = None
    """The product that the page is about and that this is part of."""
    elsewhere: bool = False
    """Whether this is inside of any product or list of items."""


def microdata_products(page: ScannedPage) -> list[dict[str, Any]]:
    """Return the products that the page's microdata is about.

    Products that belong to another one and rows of a list are left out, and so are the ratings,
    brands and related products of a product.
    """
    places = {page.elements: _Place()}
    said: dict[Element, dict[Element, dict[str, Any]]] = {}
    for element in page.elements.elements():
        around = places[element.parent or page.elements]
        place = around
        names = element.attributes.get("itemprop")
        own = said.get(around.product, {}) if around.product else {}
        scoped = "itemscope" in element.attributes
        # A thing with a scope of its own is no value.
        if names is not None and not scoped and around.scope in own:
            for name in names.split():
                if own[around.scope].get(name) is None:
                    own[around.scope][name] = _value(element)
        kind = element.attributes.get("itemtype", "")
        if scoped:
            place = structs.replace(place, scope=element)
            if "Offer" in kind and around.scope in own:
                own[element] = {}
            if "schema.org/Product" in kind:
                if not place.elsewhere and (names is None or "mainEntity" in names.split()):
                    place = structs.replace(place, product=element)
                    said[element] = {element: {}}
                place = structs.replace(place, elsewhere=True)
        if "ItemList" in kind:
            place = structs.replace(place, elsewhere=True)
        places[element] = place
    found = []
    for parts in said.values():
        product, *offers = parts.values()
        found.append({**product, "offers": [one for one in offers if one] or [product]})
    return found


def _value(element: Element) -> str | None:
    """Return the value of a property: an attribute's, else the text of the element."""
    for name in ("content", "href", "value"):
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
    if not meta.get("price:amount"):
        return []
    offer = {"price": meta["price:amount"], "priceCurrency": meta.get("price:currency")}
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
