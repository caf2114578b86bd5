"""The verdict on which product a page is about, from what the page prints.

The widget decides in the browser (`widget/src/detect`). This is the same decision for the page's
markup, so that `tactful doctor` and `tactful('doctor')` agree. The same pages test both.
"""

import re
from collections.abc import Callable, Sequence
from math import floor
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit

from msgspec import Struct, structs

from tactful.cli.storefront.page_markup import (
    json_ld_products,
    listed,
    microdata_products,
    open_graph_products,
    rdfa_products,
    short_text,
    variation_form,
)
from tactful.cli.storefront.page_parser import ScannedPage
from tactful.core.values.money import MoneyError, exponent_of

_IDS: Final = (
    "productID", "gtin13", "gtin", "gtin14", "gtin12", "gtin8", "isbn", "mpn", "productGroupID",
)  # fmt: skip
_CERTAIN: Final = "selection"
"""The source that settles every contradiction: the shopper's own choice."""


class PrintedProduct(Struct, frozen=True):
    """What one record on a page says of a product; None: it does not say it."""

    sku: str | None = None
    ident: str | None = None
    """Another identifier; the server knows the aliases."""
    price: str | None = None
    """Decimal digits with a point."""
    currency: str | None = None
    url: str | None = None
    offer_url: str | None = None
    name: str | None = None
    """The record's `@id`: a name, even where it looks like an address."""
    title: str | None = None


class PageVerdict(Struct, frozen=True):
    """What a page is about."""

    product: PrintedProduct | None
    """The product; None: there is none, or the page does not say which of several."""
    price: dict[str, Any] | None = None
    """The price on the page, as money: a hint."""
    source: str | None = None
    """Where the product's identifier stands: `selection`, `json-ld`, `platform`, `microdata`,
    `rdfa` or `opengraph`; None: no product was taken."""
    several: tuple[str, ...] = ()
    """Names of the products, where the page does not say which one it is about."""
    nameless: bool = False
    """Whether the page describes a product without any identifier."""
    aside: tuple[str, ...] = ()
    """Addresses of products that belong to other pages."""
    broken: tuple[str, ...] = ()
    """What is wrong with JSON-LD that cannot be read."""


_Named = tuple[str, PrintedProduct]
"""A source and what it says of its one product."""


def judge_page(page: ScannedPage) -> PageVerdict:
    """Return which product a page is about.

    Sources are read in the widget's order of trust. Where they name several products, none is taken.
    """
    broken: list[str] = []
    aside: list[str] = []
    here = {_last(page.url), _last(page.canonical or page.url)}
    form = variation_form(page)
    sources = {
        "selection": form.selected(),
        "json-ld": json_ld_products(page, broken),
        "platform": form.listed(),
        "microdata": microdata_products(page),
        "rdfa": rdfa_products(page),
        "opengraph": open_graph_products(page),
    }
    said: list[_Named] = []
    several: list[str] = []
    nameless = False
    for source, nodes in sources.items():
        records = [one for node in nodes for one in _offers_read(node, page.url)]
        nameless = nameless or any(not (one.sku or one.ident) for one in records)
        records = [
            one
            for one in records
            if (one.sku or one.ident or one.price) and not _is_elsewhere(one, here, page.url, aside)
        ]
        groups = _united(_of_page(records, page.url))
        if len(groups) > 1:
            several += [group[0].sku or group[0].ident or "" for group in groups]
        else:
            said += [(source, one) for group in groups for one in group]
    taken = next((one for one in said if one[1].sku), None)
    skus = {one.sku.lower(): one.sku for _, one in said if one.sku}
    if taken and len(skus) > 1 and taken[0] != _CERTAIN:
        taken, several = None, list(skus.values())
    elif not taken:
        taken = next((one for one in said if one[1].ident), None)
    certain = next((one for one in said if one[0] == _CERTAIN), None)
    found = certain or taken
    return PageVerdict(
        product=found[1] if found else None,
        price=_price(said) if found else None,
        source=found[0] if found else None,
        several=() if found else tuple(several),
        nameless=nameless,
        aside=tuple(aside),
        broken=tuple(broken),
    )


def _price(said: Sequence[_Named]) -> dict[str, Any] | None:
    """Return the one price that all sources name, or that of the shopper's choice."""
    price = _agreed(said, lambda one: one.price, float)
    currency = _agreed(said, lambda one: one.currency, str)
    if price is None or currency is None:
        return None
    try:
        places = exponent_of(currency)
    except MoneyError:
        return None
    # Three digits behind the only mark may be thousands: 1.299.
    if places < 3 and re.search(r"\.[0-9]{3}$", price):
        return None
    return {"amount": floor(float(price) * 10**places + 0.5), "currency": currency}


def _agreed(
    said: Sequence[_Named],
    of: Callable[[PrintedProduct], str | None],
    read: Callable[[str], object],
) -> str | None:
    """Return the first value of a field; None: there is none, or two sources disagree about it."""
    values = [(source, value) for source, one in said if (value := of(one))]
    settled = bool(values) and values[0][0] == _CERTAIN
    if not values or (len({read(value) for _, value in values}) > 1 and not settled):
        return None
    return values[0][1]


def _offers(node: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    for offer in listed(node.get("offers")):
        inner = offer.get("offers") if isinstance(offer, dict) else None
        found += [offer] if inner is None else listed(inner)
    return [_with_item(offer) for offer in found]


def _with_item(offer: Any) -> Any:
    """Return an offer with what it says of its item."""
    items = listed(offer.get("itemOffered")) if isinstance(offer, dict) else []
    return {**items[0], **offer} if items and isinstance(items[0], dict) else offer


def _read(node: dict[str, Any]) -> PrintedProduct:
    offers = _offers(node)
    offer = offers[0] if offers and isinstance(offers[0], dict) else {}
    specifications = [
        one
        for one in listed(offer.get("priceSpecification"))
        if isinstance(one, dict) and one.get("price") and _is_paid_by_all(one)
    ]
    paid = specifications[0] if specifications else offer
    low = _first(paid, "price", "lowPrice")
    high = _first(offer, "highPrice") or low
    currency = _first(paid, "priceCurrency") or _first(offer, "priceCurrency")
    return PrintedProduct(
        sku=_first(node, "sku") or _first(offer, "sku"),
        ident=_ident(node) or _ident(offer),
        price=_decimal(low) if _decimal(low) == _decimal(high) else None,
        currency=currency.upper() if currency else None,
        url=_first(node, "url"),
        offer_url=_first(offer, "url"),
        name=_first(node, "@id"),
        title=_first(node, "name"),
    )


def _is_paid_by_all(specification: dict[str, Any]) -> bool:
    """Return whether this is the price to pay: not a former one, and not one for members."""
    kind = specification.get("priceType")
    return not specification.get("validForMemberTier") and (not kind or "SaleP" in str(kind))


def _ident(node: dict[str, Any]) -> str | None:
    """Return an identifier, without what schema.org puts in front: `sku:`."""
    kinds = listed(node.get("identifier"))
    value = kinds[0].get("value") if kinds and isinstance(kinds[0], dict) else None
    found = _first(node, *_IDS) or short_text(value)
    return re.sub("^(sku|mpn):", "", found, flags=re.IGNORECASE) if found else None


def _offers_read(node: dict[str, Any], page: str) -> list[PrintedProduct]:
    """Return the product with the offer whose address is open, else with what its offers agree on."""
    offers = [one for one in _offers(node) if isinstance(one, dict)]
    if len(offers) < 2:
        return [_read(node)]
    own: dict[str, Any] = {key: node[key] for key in ("@id", "url") if key in node}
    each = [
        _read({**node, **offer, "@id": None, "url": None, **own, "offers": [offer]})
        for offer in offers
    ]
    some = [one for one in each if _is_open(one, page)] or each
    product = _read({**node, "offers": []})
    agreed = {
        name: value
        for name, value in structs.asdict(some[0]).items()
        if all(getattr(one, name) == value for one in some)
    }
    product = structs.replace(product, **agreed)
    return [product] if product.sku or product.ident else each


def _is_open(one: PrintedProduct, page: str) -> bool:
    """Return whether the query of the page's address names the product's variant."""
    here = _fields(page)
    for address in (one.url, one.offer_url, one.name):
        wanted = _fields(address or "")
        if wanted and _path(urljoin(page, address or "")) == _path(page) and wanted <= here:
            return True
    return False


def _is_elsewhere(one: PrintedProduct, here: set[str], page: str, aside: list[str]) -> bool:
    """Return whether a product has the address of another page."""
    offer_url = one.offer_url or ""
    address = one.url or ("" if re.search("pay|cart|check|buy", offer_url) else offer_url)
    if not re.search("[/#?]", address) or urlsplit(urljoin(page, address)).scheme not in {
        "http",
        "https",
    }:
        return False
    if _last(urljoin(page, address)) in here:
        return False
    aside.append(address)
    return True


def _united(records: Sequence[PrintedProduct]) -> list[list[PrintedProduct]]:
    groups: list[list[PrintedProduct]] = []
    for one in records:
        group = next((each for each in groups if any(_is_same(one, other) for other in each)), None)
        if group is None:
            groups.append([one])
        else:
            group.append(one)
    return groups


def _is_same(one: PrintedProduct, other: PrintedProduct) -> bool:
    if one.sku and other.sku:
        return one.sku == other.sku
    if one.ident and other.ident:
        return one.ident == other.ident
    return bool(one.title) and one.title == other.title


def _of_page(records: Sequence[PrintedProduct], page: str) -> list[PrintedProduct]:
    groups = _united(records)
    exact = [group for group in groups if any(_is_open(one, page) for one in group)]
    near = [group for group in groups if any(one.url or one.offer_url for one in group)]
    return [one for group in exact or near or groups for one in group]


def _last(address: str) -> str:
    return _path(address).rpartition("/")[2]


def _path(address: str) -> str:
    return _encoded(urlsplit(address).path).rstrip("/")


def _fields(address: str) -> frozenset[str]:
    return frozenset(filter(None, _encoded(urlsplit(address).query).split("&")))


def _encoded(text: str) -> str:
    """Return a part of an address as browsers encode it, so that `löpar` is `l%C3%B6par`."""
    return quote(text, safe="!$%&'()*+,-./:;=@[\\]^_|~")


def _first(node: dict[str, Any], *names: str) -> str | None:
    for name in names:
        values = listed(node.get(name))
        text = short_text(values[0]) if values else None
        if text:
            return text
    return None


def _decimal(value: str | None) -> str | None:
    """Return what a page calls a price as digits with a point: 29.99, "1.299,00 €", "18,5"."""
    digits = re.sub(r"[^\d.,]", "", value or "")
    if not digits:
        return None
    *parts, tail = re.split(r"[.,]", digits)
    thousands = len(tail) == 3 and (len(parts) > 1 or "," in digits)
    if not parts or not parts[0] or thousands:
        return "".join(parts) + tail
    return f"{''.join(parts)}.{tail}"
