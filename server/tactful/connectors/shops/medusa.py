"""Connector of Medusa: the events of its bus, and its Admin and Store APIs.

Medusa sends no webhooks. A subscriber in the shop passes the names of events and ids on, signed, and what
they are about is read. Everything is therefore versioned by the instant of its reading.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from msgspec import structs

from tactful.connectors.allow_list import Shape
from tactful.connectors.connector import (
    Connector,
    Envelope,
    Fetch,
    Headers,
    Json,
    Listing,
    Mapped,
    Terms,
    UnreadableDeliveryError,
)
from tactful.connectors.shops import medusa_fields as kept
from tactful.connectors.shops.medusa_orders import map_claim, map_order, map_return
from tactful.connectors.shops.shop_values import minor_units, present, price_fact
from tactful.core.values.calendar import CalendarError, parse_rfc3339

ADMIN: Final = "/admin"
STORE: Final = "/store"
_PRICES: Final = f"fields={kept.query_of(kept.PRICE_FIELDS)}"
_VARIANTS: Final = f"fields={kept.query_of(kept.VARIANT_FIELDS)}"


def _events(resource: str, names: str) -> dict[str, str]:
    return {f"{resource}.{name}": resource for name in names.split()}


_EVENTS: Final[Mapping[str, str]] = {
    **_events("product", "created updated deleted"),
    **_events("product-variant", "created updated deleted"),
    **_events("inventory-level", "created updated deleted"),
    **_events("reservation-item", "created updated deleted"),
    **_events(
        "order", "placed updated canceled completed fulfillment_created fulfillment_canceled"
    ),
    **_events("order", "return_requested return_received claim_created"),
    **_events("order-edit", "confirmed"),
    **_events("shipment", "created"),
    **_events("delivery", "created"),
    **_events("payment", "captured refunded"),
    **_events("customer", "created updated"),
}
"""Name of an event → what it is about."""


def _envelope(headers: Headers, body: Json) -> Envelope:
    name, data = str(body.get("name") or ""), body.get("data")
    if name not in _EVENTS or not isinstance(data, dict):
        raise UnreadableDeliveryError(f"The event {name[:40]!r} is not read.")
    try:
        sent_at = parse_rfc3339(str((body.get("metadata") or {}).get("created_at")))
    except CalendarError:
        sent_at = None
    about = data.get("inventory_item_id") or data.get("order_id") or data.get("id")
    return Envelope(
        id=headers["webhook-id"], topic=name, about=f"{_EVENTS[name]} {about}", sent_at=sent_at
    )


def _map(topic: str, fields: Json, terms: Terms) -> Mapped:
    return _mapped_event(fields) if topic in _EVENTS else _READ[topic][1](fields, terms)


def _mapped_event(fields: Json) -> Mapped:
    """Return what has to be read because of an event."""
    name, data = fields["name"], fields["data"]
    if name == "product.deleted":
        return Mapped(facts=({"type": "gone", "of": "product", "product": str(data["id"])},))
    if name == "product-variant.deleted":
        return Mapped(dropped=("A deleted variant has no SKU; the list shows that it is gone.",))
    return _TO_READ[_EVENTS[name]](data)


def _product_fetch(ident: object) -> Mapped:
    path = f"{ADMIN}/products/{_id(ident)}/variants?limit=1000&{_VARIANTS}"
    return Mapped(fetch=(Fetch(path=path, topic="variants"),))


def _order_fetch(data: Json) -> Mapped:
    """Return how to read an order, and the return or claim that an event names beside it."""
    order = _one("order", data["order_id"] if "order_id" in data else data["id"])
    return Mapped(fetch=(*order.fetch, *_parts_of_order(data)))


def _parts_of_order(data: Json) -> list[Fetch]:
    parts = {name: data.get(f"{name}_id") for name in ("return", "claim")}
    return [fetch for name, ident in parts.items() if ident for fetch in _one(name, ident).fetch]


def _one(name: str, ident: object) -> Mapped:
    """Return how to read one object of the Admin API: as a list, which is empty if it was deleted."""
    shape, _ = _OBJECTS[name]
    path = f"{ADMIN}/{name}s?id={_id(ident)}&fields={kept.query_of(shape)}"
    return Mapped(fetch=(Fetch(path=path, topic=f"{name}s"),))


def _variant_fetch(ident: object) -> Mapped:
    path = f"{ADMIN}/product-variants?id={_id(ident)}&{_VARIANTS}"
    return Mapped(fetch=(Fetch(path=path, topic="variants"),))


_TO_READ: Final[Mapping[str, Callable[[Json], Mapped]]] = {
    "product": lambda data: _product_fetch(data["id"]),
    "product-variant": lambda data: _variant_fetch(data["id"]),
    "customer": lambda data: _one("customer", data["id"]),
    "payment": lambda data: _one("payment", data["id"]),
    **dict.fromkeys(
        ("inventory-level", "reservation-item"),
        lambda data: _one("inventory-item", data["inventory_item_id"]),
    ),
    **dict.fromkeys(("order", "order-edit", "shipment", "delivery"), _order_fetch),
}
"""What an event is about → how it is read, given the data of the event."""


def _id(ident: object) -> str:
    return quote(str(ident), safe="")


def _priced_variant(fields: Json, terms: Terms) -> Mapped:
    """Return a variant with its prices in each region."""
    found = _variant(fields, terms)
    fetch = tuple(
        Fetch(
            path=f"{_price_path(region, territory)}&id={_id(fields['id'])}",
            topic="prices",
            base={"territory": territory},
        )
        for region, territory in terms.regions.items()
    )
    return structs.replace(found, fetch=fetch)


def _price_path(region: str, territory: str) -> str:
    country = territory.partition("-")[0].lower()
    return f"{STORE}/product-variants?region_id={_id(region)}&country_code={country}&{_PRICES}"


def _variant(fields: Json, terms: Terms) -> Mapped:
    product = fields["product"]
    if product.get("is_giftcard"):
        return Mapped(dropped=("A gift card was left out.",))
    sku = str(fields["id"]) if terms.sku_from_id else fields.get("sku")
    if not sku:
        return Mapped(dropped=("A variant has no SKU. Give it one, or set sku_from_id.",))
    part = fields.get("title")
    described = {
        "type": "product",
        "sku": sku,
        "product": str(product["id"]),
        "title": f"{product['title']} - {part}" if part else product["title"],
        "categories": [str(one["name"]) for one in product.get("categories") or ()] or None,
        "image": product.get("thumbnail") or None,
        "status": "active" if product["status"] == "published" else "discontinued",
    }
    kind = (product.get("type") or {}).get("value")
    if kind and not described["categories"]:
        described["categories"] = [kind]
    dropped: list[str] = []
    stock = [{**one, "sku": sku} for one in _stock(fields, terms, dropped)]
    return Mapped(facts=(present(described), *stock), dropped=tuple(dropped))


def _stock(fields: Json, terms: Terms, dropped: list[str]) -> list[Json]:
    """Return the stock of a variant without its SKU: in all, or in each location of the settings."""
    base = {"type": "stock", "territory": terms.territory}
    if not fields.get("manage_inventory"):
        if terms.territory is None:
            return []
        return [{**base, "available": None, "policy": "untracked"}]
    policy = "backorder" if fields.get("allow_backorder") else "deny"
    if not terms.locations:
        if terms.territory is None:
            return []
        return [{**base, "available": _available(fields, None), "policy": policy}]
    levels = [level for item in _items(fields) for level in _levels(item)]
    places = dict.fromkeys(str(level["location_id"]) for level in levels)
    if set(places) - set(terms.locations):
        dropped.append("A stock location has no territory. Name it in locations.")
    return [
        {
            "type": "stock",
            "territory": terms.locations[place],
            "location": place,
            "available": _available(fields, place),
            "policy": policy,
        }
        for place in places
        if place in terms.locations
    ]


def _items(fields: Json) -> list[Json]:
    return [one for one in fields.get("inventory_items") or () if one.get("inventory")]


def _levels(item: Json) -> list[Json]:
    return item["inventory"].get("location_levels") or []


def _available(fields: Json, place: str | None) -> int:
    """Return the units that can be sold of a variant, which may be made of several items."""
    counts = [
        sum(
            int(level["stocked_quantity"]) - int(level["reserved_quantity"])
            for level in _levels(item)
            if place in {None, str(level["location_id"])}
        )
        // max(1, int(item.get("required_quantity") or 1))
        for item in _items(fields)
    ]
    return min(counts, default=0)


def _price(fields: Json, terms: Terms) -> Mapped:
    """Return what a variant costs in a region, as a shopper sees it."""
    sku = str(fields["id"]) if terms.sku_from_id else fields.get("sku")
    price = fields.get("calculated_price")
    if not sku or not price or price.get("calculated_amount") is None:
        return Mapped(dropped=("A variant has no SKU, or no price in a region.",))
    currency = str(price["currency_code"]).upper()
    amount = minor_units(price["calculated_amount"], currency)
    original = minor_units(price.get("original_amount") or 0, currency)
    if amount <= 0:
        return Mapped(dropped=("A variant that costs nothing has no price.",))
    fact = price_fact(sku, amount, original, currency, terms, None)
    included = bool(price.get("is_calculated_price_tax_inclusive"))
    return Mapped(facts=({**fact, "territory": fields["territory"], "tax_included": included},))


def _customer(fields: Json, _terms: Terms) -> Mapped:
    if not fields.get("has_account"):
        return Mapped()
    contact = present({"email_hash": fields.get("email"), "phone_hash": fields.get("phone")})
    fact = {"type": "customer", "customer": str(fields["id"]), "contact": contact or None}
    return Mapped(facts=(present(fact),))


def _inventory_item(fields: Json, _terms: Terms) -> Mapped:
    every = [_variant_fetch(one["id"]) for one in fields.get("variants") or ()]
    return Mapped(fetch=tuple(fetch for one in every for fetch in one.fetch))


def _payment(fields: Json, _terms: Terms) -> Mapped:
    order = (fields.get("payment_collection") or {}).get("order") or {}
    return _one("order", order["id"]) if order.get("id") else Mapped()


Mapper = Callable[[Json, Terms], Mapped]
_OBJECTS: Final[Mapping[str, tuple[Shape, Mapper]]] = {
    "order": (kept.ORDER_FIELDS, map_order),
    "return": (kept.RETURN_FIELDS, map_return),
    "claim": (kept.CLAIM_FIELDS, map_claim),
    "customer": (kept.CUSTOMER_FIELDS, _customer),
    "payment": (kept.PAYMENT_FIELDS, _payment),
    "inventory-item": (kept.ITEM_FIELDS, _inventory_item),
    "variant": (kept.VARIANT_FIELDS, _variant),
    "price": (kept.PRICE_FIELDS, _price),
}


def _several(field: str, name: str, mapper: Mapper) -> tuple[Shape, Mapper]:
    """Return the allow-list and the mapper of a response with objects under a field.

    What was added to the response is added to each of them.
    """

    def every(fields: Json, terms: Terms) -> Mapped:
        added = {key: value for key, value in fields.items() if key != field}
        found = [mapper({**one, **added}, terms) for one in fields[field]]
        return Mapped(
            facts=tuple(fact for one in found for fact in one.facts),
            fetch=tuple(fetch for one in found for fetch in one.fetch),
            dropped=tuple(text for one in found for text in one.dropped),
        )

    return {field: [_OBJECTS[name][0]]}, every


_READ: Final[Mapping[str, tuple[Shape, Mapper]]] = {
    **_OBJECTS,
    **{
        f"{name}s": _several(f"{name.replace('-', '_')}s", name, mapper)
        for name, (_, mapper) in _OBJECTS.items()
    },
    "variants": _several("variants", "variant", _priced_variant),
    "prices": _several("variants", "price", _price),
}
"""Topic of what was read → (allow-list, mapper)."""


def _keys(key: str) -> Headers:
    """Return the headers with the secret key of the Admin API and the publishable one of the Store API."""
    secret, _, publishable = key.partition(":")
    if not secret.startswith("sk_") or not publishable.startswith("pk_"):
        raise ValueError("The key is not `secret key:publishable key`, such as sk_1a2b:pk_3c4d.")
    encoded = base64.b64encode(f"{secret}:".encode()).decode()
    return {"Authorization": f"Basic {encoded}", "x-publishable-api-key": publishable}


def _list(name: str, of: str, **fields: Any) -> Listing:
    """Return a list of the Admin API, whose pages are counted by objects."""
    query = kept.query_of(_OBJECTS[of][0])
    path = f"{ADMIN}/{name}?limit=100&offset=0&order=id&fields={query}"
    given = {"rows": name, "total": "count", "offset": "offset", **fields}
    return Listing(name=name, path=path, topic=of, **given)


_CHANGED: Final = {"changed": "&updated_at[$gte]={since}", "stamp": "updated_at"}
_BOUNDED: Final = "&created_at[$gte]={since}"


def _price_lists(region: str, territory: str) -> tuple[Listing, ...]:
    """Return the list of the prices of a region, of which a price list moves no stamp."""
    return (
        Listing(
            name=f"prices {region}",
            path=f"{_price_path(region, territory)}&limit=100&offset=0&order=id",
            topic="price",
            base={"territory": territory},
            rows="variants",
            total="count",
            offset="offset",
            often=True,
            feeds=("prices",),
        ),
    )


_LISTS: Final = (
    # Neither stock nor a price list moves a stamp of the variant.
    _list("product-variants", "variant", rows="variants", often=True, gone=True, feeds=("stock",)),
    _list("orders", "order", **_CHANGED, bounded=_BOUNDED, feeds=("orders",)),
    _list("returns", "return", **_CHANGED, bounded=_BOUNDED),
    _list("claims", "claim", **_CHANGED, bounded=_BOUNDED),
    _list("customers", "customer", **_CHANGED),
)
MEDUSA: Final = Connector(
    name="medusa",
    signature="standard-webhooks",
    envelope=_envelope,
    kept={
        **dict.fromkeys(_EVENTS, kept.EVENT_FIELDS),
        **{topic: shape for topic, (shape, _) in _READ.items()},
    },
    map=_map,
    authorize=_keys,
    lists=_LISTS,
    region_lists=_price_lists,
)
