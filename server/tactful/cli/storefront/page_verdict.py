"""The verdict on which product a page is about, from what the page prints.

The widget decides in the browser (`widget/src/detect`). This is the same decision for JSON-LD and
OpenGraph, so that `tactful doctor` and `tactful('doctor')` agree. The same pages test both.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from msgspec import Struct, structs

from tactful.cli.storefront.page_parser import ScannedPage
from tactful.core.values.money import MoneyError, exponent_of

_PRODUCT: Final = re.compile(r"(^|[/:])Product(Group)?$")
_IDS: Final = (
    "productID", "gtin13", "gtin", "gtin14", "gtin12", "gtin8", "isbn", "mpn", "productGroupID",
)  # fmt: skip
_MAX_CHARS: Final = 128


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
    several: tuple[str, ...] = ()
    """Names of the products, where the page does not say which one it is about."""
    nameless: bool = False
    """Whether the page describes a product without any identifier."""
    aside: tuple[str, ...] = ()
    """Addresses of products that belong to other pages."""
    broken: tuple[str, ...] = ()
    """What is wrong with JSON-LD that cannot be read."""


def judge_page(page: ScannedPage) -> PageVerdict:
    """Return which product a page is about."""
    broken: list[str] = []
    aside: list[str] = []
    here = {_last(page.url), _last(page.canonical or page.url)}
    linked = [node for text in page.json_ld for node in _nodes(text, broken)]
    named: list[PrintedProduct] = []
    several: list[str] = []
    nameless = False
    for nodes in (linked, _open_graph(page)):
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
            named += groups[0] if groups else []
    skus = {one.sku.lower(): one.sku for one in named if one.sku}
    if len(skus) > 1:
        return PageVerdict(None, None, tuple(skus.values()), False, tuple(aside), tuple(broken))
    product = next((one for one in named if one.sku), None) or next(
        (one for one in named if one.ident), None
    )
    return PageVerdict(
        product,
        _price(named) if product else None,
        tuple(several) if product is None else (),
        nameless,
        tuple(aside),
        tuple(broken),
    )


def _price(records: Sequence[PrintedProduct]) -> dict[str, Any] | None:
    """Return the one price that all records name."""
    prices = {float(one.price): one.price for one in records if one.price}
    currencies = {one.currency for one in records if one.currency}
    if len(prices) != 1 or len(currencies) != 1:
        return None
    ((value,), (currency,)) = (prices.values(), currencies)
    try:
        return {"amount": round(float(value) * 10 ** exponent_of(currency)), "currency": currency}
    except MoneyError:
        return None


def _nodes(script: str, broken: list[str]) -> Iterator[Any]:
    text = re.sub(r"<!\[CDATA\[|\]\]>|[\0-\x1f]", " ", script)
    text = re.sub(r"^[^\[{]*([\[{].*[\]}]).*", r"\1", text).strip()
    try:
        yield from _walk(json.loads(text or "[]"))
    except (ValueError, RecursionError) as error:
        broken.append(str(error))


def _walk(nodes: Any) -> Iterator[dict[str, Any]]:
    for node in _listed(nodes):
        if not isinstance(node, dict):
            continue
        if not _is_product(node):
            yield from _walk(node.get("@graph"))
            yield from _walk(node.get("mainEntity"))
            continue
        variants = [
            one
            for one in _listed(node.get("hasVariant"))
            if isinstance(one, dict) and _is_product(one)
        ]
        group = {key: node[key] for key in node if key not in {"sku", "offers", "url", "@id"}}
        yield from ({**group, **one} for one in variants) if variants else (node,)


def _is_product(node: dict[str, Any]) -> bool:
    return any(_PRODUCT.search(str(kind)) for kind in _listed(node.get("@type")))


def _open_graph(page: ScannedPage) -> list[dict[str, Any]]:
    meta = page.open_graph
    if not meta.get("price:amount"):
        return []
    offer = {"price": meta["price:amount"], "priceCurrency": meta.get("price:currency")}
    return [{"productID": meta.get("retailer_item_id"), "offers": offer}]


def _offers(node: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    for offer in _listed(node.get("offers")):
        inner = offer.get("offers") if isinstance(offer, dict) else None
        found += _listed(inner) if inner else [offer]
    return found


def _read(node: dict[str, Any]) -> PrintedProduct:
    offers = _offers(node)
    offer = offers[0] if offers and isinstance(offers[0], dict) else {}
    specifications = [
        one
        for one in _listed(offer.get("priceSpecification"))
        if isinstance(one, dict) and one.get("price") and not one.get("priceType")
    ]
    paid = specifications[0] if specifications else offer
    low = _first(paid, "price", "lowPrice")
    high = _first(offer, "highPrice") or low
    currency = _first(paid, "priceCurrency") or _first(offer, "priceCurrency")
    return PrintedProduct(
        sku=_first(node, "sku") or _first(offer, "sku"),
        ident=_first(node, *_IDS) or _first(offer, *_IDS),
        price=_decimal(low) if _decimal(low) == _decimal(high) else None,
        currency=currency.upper() if currency else None,
        url=_first(node, "url"),
        offer_url=_first(offer, "url"),
        name=_first(node, "@id"),
        title=_first(node, "name"),
    )


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
        same = urlsplit(urljoin(page, address or "")).path.rstrip("/")
        if wanted and same == urlsplit(page).path.rstrip("/") and wanted <= here:
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
    return urlsplit(address).path.rstrip("/").rpartition("/")[2]


def _fields(address: str) -> frozenset[str]:
    return frozenset(filter(None, urlsplit(address).query.split("&")))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _first(node: dict[str, Any], *names: str) -> str | None:
    for name in names:
        values = _listed(node.get(name))
        text = _text(values[0]) if values else None
        if text:
            return text
    return None


def _text(value: Any) -> str | None:
    plain = str(value).strip() if isinstance(value, str | int | float) else ""
    return plain if plain and len(plain) <= _MAX_CHARS else None


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
