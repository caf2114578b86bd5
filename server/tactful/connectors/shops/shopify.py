"""Connector of Shopify: its webhooks and its REST Admin API.

A webhook that Shopify repeats has its old payload; `X-Shopify-Triggered-At` says how old it is. Stock is
the total of a variant, or, where the settings name locations, that of each location.
"""

from typing import Any, Final

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
from tactful.connectors.shops import shopify_fields as kept
from tactful.connectors.shops.shop_values import (
    instant,
    minor_units,
    money,
    present,
    price_fact,
)
from tactful.connectors.shops.shopify_orders import contact_of, map_order, map_refund
from tactful.core.values.calendar import CalendarError, parse_rfc3339

API: Final = "/admin/api/2026-07"
_GIFT_CARD: Final = "gift_card"
_ORDERS: Final = tuple(
    f"orders/{what}"
    for what in ("create", "updated", "paid", "cancelled", "fulfilled", "partially_fulfilled")
)
_PRODUCTS: Final = ("products/create", "products/update")
_CUSTOMERS: Final = ("customers/create", "customers/update")
_COSTS: Final = ("inventory_items/create", "inventory_items/update")
_LEVELS: Final = ("inventory_levels/update", "inventory_levels/connect")


def _envelope(headers: Headers, body: Json) -> Envelope:
    topic, delivery = headers.get("x-shopify-topic", ""), headers.get("x-shopify-webhook-id", "")
    if not delivery or topic not in _KEPT:
        raise UnreadableDeliveryError(f"The topic {topic[:40]!r} is not read.")
    try:
        sent_at = parse_rfc3339(headers.get("x-shopify-triggered-at", ""))
    except CalendarError:
        sent_at = None
    return Envelope(id=delivery, topic=topic, about=_about(topic, body), sent_at=sent_at)


def _about(topic: str, body: Json) -> str:
    """Return the object of a delivery; a refund is about its order."""
    resource = topic.partition("/")[0]
    if resource == "inventory_levels":
        return f"inventory_levels {body['inventory_item_id']}@{body['location_id']}"
    if resource == "refunds":
        return f"orders {body['order_id']}"
    return f"{resource} {body['id']}"


def _refetch(envelope: Envelope) -> Fetch | None:
    resource, ident = envelope.about.split(" ")
    if resource not in _REST or envelope.topic.endswith("/delete"):
        return None
    return Fetch(path=f"{API}/{resource}/{ident}.json", topic=resource)


def _product(fields: Json, terms: Terms) -> Mapped:
    facts: list[Json] = []
    dropped: list[str] = []
    images = {one["id"]: one["src"] for one in fields.get("images") or ()}
    for variant in fields["variants"]:
        sku = str(variant["id"]) if terms.sku_from_id else variant.get("sku")
        if variant.get("fulfillment_service") == _GIFT_CARD:
            dropped.append("A gift card was left out.")
        elif not sku:
            dropped.append("A variant has no SKU. Give it one, or set sku_from_id.")
        else:
            facts += _variant(sku, fields, variant, images, terms)
    return Mapped(facts=tuple(facts), dropped=tuple(dropped))


def _variant(
    sku: str, product: Json, variant: Json, images: dict[Any, str], terms: Terms
) -> list[Json]:
    is_sold = product["status"] == "active" and product.get("published_at")
    title, part = product["title"], variant.get("title")
    page = f"/products/{product['handle']}"
    is_only = len(product["variants"]) == 1
    described = {
        "type": "product",
        "sku": sku,
        "product": str(product["id"]),
        "title": title if is_only or not part else f"{title} - {part}",
        "brand": product.get("vendor") or None,
        "categories": [product["product_type"]] if product.get("product_type") else None,
        "url": page if is_only else f"{page}?variant={variant['id']}",
        "image": images.get(variant.get("image_id")) or next(iter(images.values()), None),
        "status": "active" if is_sold else "discontinued",
        "version": instant(product["updated_at"]),
    }
    facts = [present(described)]
    if terms.territory and terms.currency:
        facts.append(_price(sku, variant, terms, terms.currency))
    if terms.territory and (stock := _total_stock(variant, terms)):
        # A change of the stock counts as an update of the product.
        stamp = {"version": described["version"]}
        facts.append({**stock, "sku": sku, "territory": terms.territory, **stamp})
    return facts


def _price(sku: str, variant: Json, terms: Terms, currency: str) -> Json:
    price = minor_units(variant["price"], currency)
    before = minor_units(variant.get("compare_at_price") or 0, currency)
    version = instant(variant.get("updated_at"))
    return price_fact(sku, price, before, currency, terms, version)


def _total_stock(variant: Json, terms: Terms) -> Json | None:
    """Return the stock of all locations; `None`: that of each location is reported apart."""
    if variant.get("inventory_management") is None:
        return {"type": "stock", "available": None, "policy": "untracked"}
    if terms.locations:
        return None
    policy = "backorder" if variant.get("inventory_policy") == "continue" else "deny"
    return {"type": "stock", "available": int(variant["inventory_quantity"]), "policy": policy}


def _level(fields: Json, terms: Terms) -> Mapped:
    """Return the stock at a location, whose SKU the inventory item has."""
    if not terms.locations:
        return Mapped()  # the total comes with the product
    territory = terms.locations.get(str(fields["location_id"]))
    if territory is None:
        return Mapped(dropped=("A stock location has no territory. Name it in locations.",))
    path = f"{API}/inventory_items/{fields['inventory_item_id']}.json"
    base = {"level": {**fields, "territory": territory}}
    return Mapped(fetch=(Fetch(path=path, topic="levels", base=base),))


def _level_of_item(fields: Json, terms: Terms) -> Mapped:
    item, level = fields["inventory_item"], fields["level"]
    if terms.sku_from_id or not item.get("sku"):
        return Mapped(dropped=("Stock at a location needs SKUs.",))
    if level["available"] is None:
        return Mapped(dropped=("Stock that nobody counts has no location.",))
    fact = {
        "type": "stock",
        "sku": item["sku"],
        "territory": level["territory"],
        "location": str(level["location_id"]),
        "available": int(level["available"]),
        "version": instant(level["updated_at"]),
    }
    return Mapped(facts=(fact,))


def _cost(fields: Json, terms: Terms) -> Mapped:
    if not fields.get("sku") or terms.sku_from_id or not terms.currency:
        return Mapped(dropped=("A cost names no SKU, or the connector names no currency.",))
    if fields.get("cost") is None:
        return Mapped()
    fact = {
        "type": "cost",
        "sku": fields["sku"],
        "cost": money(fields["cost"], terms.currency),
        "version": instant(fields["updated_at"]),
    }
    return Mapped(facts=(fact,))


def _customer(fields: Json, _terms: Terms) -> Mapped:
    fact = {
        "type": "customer",
        "customer": str(fields["id"]),
        "contact": contact_of(fields),
        "version": instant(fields["updated_at"]),
    }
    return Mapped(facts=(present(fact),))


def _deleted_product(fields: Json, _terms: Terms) -> Mapped:
    return Mapped(facts=({"type": "gone", "of": "product", "product": str(fields["id"])},))


def _deleted_order(fields: Json, _terms: Terms) -> Mapped:
    return Mapped(facts=({"type": "gone", "of": "order", "order": str(fields["id"])},))


_REST: Final = {
    "orders": ("order", kept.ORDER_FIELDS, map_order),
    "products": ("product", kept.PRODUCT_FIELDS, _product),
    "customers": ("customer", kept.CUSTOMER_FIELDS, _customer),
    "inventory_items": ("inventory_item", kept.ITEM_FIELDS, _cost),
}
"""Resource of the REST API → (name in the response, allow-list, mapper)."""
_KEPT: Final = {
    **kept.fields_of(_ORDERS, kept.ORDER_FIELDS),
    "orders/delete": {"id": kept.ORDER_ID},
    "refunds/create": kept.REFUND_FIELDS,
    **kept.fields_of(_PRODUCTS, kept.PRODUCT_FIELDS),
    "products/delete": kept.ID_FIELDS,
    **kept.fields_of(_CUSTOMERS, kept.CUSTOMER_FIELDS),
    **kept.fields_of(_COSTS, kept.ITEM_FIELDS),
    **kept.fields_of(_LEVELS, kept.LEVEL_FIELDS),
    "levels": kept.wrapped("inventory_item", kept.ITEM_FIELDS),
    **{topic: kept.wrapped(name, shape) for topic, (name, shape, _) in _REST.items()},
}
_MAPPERS: Final = {
    **dict.fromkeys(_ORDERS, map_order),
    "orders/delete": _deleted_order,
    "refunds/create": map_refund,
    **dict.fromkeys(_PRODUCTS, _product),
    "products/delete": _deleted_product,
    **dict.fromkeys(_CUSTOMERS, _customer),
    **dict.fromkeys(_COSTS, _cost),
    **dict.fromkeys(_LEVELS, _level),
    "levels": _level_of_item,
}


def _map(topic: str, fields: Json, terms: Terms) -> Mapped:
    if topic in _REST:
        name, _, mapper = _REST[topic]
        return mapper(fields[name], terms)
    return _MAPPERS[topic](fields, terms)


def _access_token(key: str) -> Headers:
    return {"X-Shopify-Access-Token": key}


_LISTS: Final = (
    Listing(
        name="products",
        path=f"{API}/products.json?limit=250",
        topic="products/update",
        rows="products",
        changed="&updated_at_min={since}",
        stamp="updated_at",
        gone=True,
        feeds=("prices", "stock"),
    ),
    Listing(
        name="inventory_levels",
        path=f"{API}/inventory_levels.json?limit=250&location_ids={{locations}}",
        topic="inventory_levels/update",
        rows="inventory_levels",
        changed="&updated_at_min={since}",
        stamp="updated_at",
        is_used=lambda terms: bool(terms.locations),
    ),
    Listing(
        name="orders",
        path=f"{API}/orders.json?limit=250&status=any",
        topic="orders/updated",
        rows="orders",
        changed="&updated_at_min={since}",
        stamp="updated_at",
        bounded="&created_at_min={since}",
        feeds=("orders",),
    ),
    Listing(
        name="customers",
        path=f"{API}/customers.json?limit=250",
        topic="customers/update",
        rows="customers",
        changed="&updated_at_min={since}",
        stamp="updated_at",
    ),
)
SHOPIFY: Final = Connector(
    name="shopify",
    signature="shopify",
    envelope=_envelope,
    kept=_KEPT,
    map=_map,
    authorize=_access_token,
    refetch=_refetch,
    lists=_LISTS,
)
