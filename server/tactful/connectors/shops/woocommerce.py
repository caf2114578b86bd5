"""Connector of WooCommerce: its webhooks and its REST API.

A webhook carries the state at its delivery, so that steps between two deliveries are never seen. A sale
moves the stamp of what was sold, so that an old payload never brings an old stock back.
"""

from collections.abc import Iterator
from typing import Any, Final

from tactful.connectors.allow_list import KEEP, ORDER
from tactful.connectors.connector import (
    Connector,
    Envelope,
    Fetch,
    Headers,
    Hooks,
    Json,
    Listing,
    Mapped,
    Terms,
    UnreadableDeliveryError,
    basic,
)
from tactful.connectors.shops import woocommerce_fields as kept
from tactful.connectors.shops.shop_values import (
    discount_codes,
    instant,
    minor_units,
    money,
    present,
    territory_of,
    unit_of_line,
)
from tactful.connectors.shops.woocommerce_items import (
    API,
    map_delivered_product,
    map_product,
    map_variation,
    sku_of,
)

_STATES: Final = {
    "pending": ("placed", False),
    "on-hold": ("placed", False),
    "processing": ("placed", True),
    "completed": ("shipped", True),
    "refunded": ("shipped", True),
    "cancelled": ("cancelled", None),
    "failed": ("cancelled", None),
    "trash": ("cancelled", None),
}
"""Status of an order → (status, paid) of the fact. Another status, such as a draft, gives no fact."""
_READ: Final = {"product": "product"}
"""Resource → the topic of an object that was read, where it is not that of a delivery."""


def _envelope(headers: Headers, body: Json) -> Envelope:
    topic = headers.get("x-wc-webhook-topic", "")
    delivery = headers.get("x-wc-webhook-delivery-id", "")
    resource = topic.partition(".")[0]
    if not delivery or topic not in _KEPT:
        raise UnreadableDeliveryError(f"The topic {topic[:40]!r} is not read.")
    if not isinstance(body.get("id"), int):
        # Seen inside a request of the Store API: a signed error instead of the object.
        raise UnreadableDeliveryError("The payload has no `id`.")
    return Envelope(id=delivery, topic=topic, about=f"{resource} {body['id']}")


def _is_ping(_headers: Headers, body: bytes) -> bool:
    """Return whether it is the unsigned test that WooCommerce sends when a webhook is saved."""
    return body.startswith(b"webhook_id=") and body[11:].isdigit()


def _refetch(envelope: Envelope) -> Fetch | None:
    resource, ident = envelope.about.split(" ")
    if envelope.topic.endswith(".deleted"):
        return None
    return Fetch(
        path=f"{API}/{resource}s/{ident}", topic=_READ.get(resource, f"{resource}.updated")
    )


def _map(topic: str, fields: Json, terms: Terms) -> Mapped:
    return _MAPPERS[topic](fields, terms)


def _deleted_product(fields: Json, _terms: Terms) -> Mapped:
    return Mapped(facts=({"type": "gone", "of": "product", "product": str(fields["id"])},))


def _deleted_order(fields: Json, _terms: Terms) -> Mapped:
    return Mapped(facts=({"type": "gone", "of": "order", "order": str(fields["id"])},))


def _nothing(_fields: Json, _terms: Terms) -> Mapped:
    return Mapped()


def _order(fields: Json, terms: Terms) -> Mapped:
    if fields["status"] not in _STATES:
        return Mapped(dropped=(f"An order in the state {fields['status'][:40]} is no purchase.",))
    status, paid = _STATES[fields["status"]]
    billing, shipping = fields.get("billing") or {}, fields.get("shipping") or {}
    to = shipping if shipping.get("country") else billing
    territory = territory_of(to.get("country"), to.get("state"), terms.territory)
    if territory is None:
        return Mapped(dropped=("An order has no country, and the connector names no territory.",))
    order, currency = str(fields["id"]), fields["currency"]
    dropped: list[str] = []
    number = str(fields.get("number") or order)
    fact = {
        "type": "order",
        "order": order,
        "also": [number] if number != order else None,
        "codes": discount_codes(one.get("code") for one in fields.get("coupon_lines") or ()),
        "customer": str(fields["customer_id"]) if fields.get("customer_id") else None,
        "contact": _contact(billing.get("email"), billing.get("phone")),
        "territory": territory,
        "placed_at": instant(fields["date_created_gmt"]),
        "status": status,
        "paid": paid if paid is not None else bool(fields.get("date_paid_gmt")),
        "lines": list(_lines(fields["line_items"], currency, terms, dropped)),
        "version": instant(fields["date_modified_gmt"]),
    }
    return Mapped(
        facts=(present(fact),), fetch=tuple(_refunds(fields, order)), dropped=tuple(dropped)
    )


def _lines(lines: list[Json], currency: str, terms: Terms, dropped: list[str]) -> Iterator[Json]:
    for line in lines:
        quantity = int(line["quantity"])
        if quantity < 1:
            dropped.append("A line without units was left out.")
            continue
        sku = sku_of(line, terms) if line.get("product_id") else line.get("sku") or None
        if sku is None:
            dropped.append("A line names no SKU, because its product has none or was deleted.")
        # Net and tax are rounded apart, so that only their sum is what the shopper paid.
        total = sum(minor_units(line[name], currency) for name in ("total", "total_tax"))
        offer = (line.get("meta_data") or {}).get(kept.OFFER)
        yield present(
            {
                "sku": sku or "",
                "qty": quantity,
                "unit": unit_of_line(total, quantity, currency),
                "line": str(line["id"]),
                "offer": offer,
            }
        )


def _refunds(fields: Json, order: str) -> Iterator[Fetch]:
    """Yield how to read the refunds of an order, whose lines the order does not have."""
    refunds = fields.get("refunds") or ()
    if not refunds:
        return
    base = {"order": order, "currency": fields["currency"]}
    known = tuple(
        _refund_fact(
            {**refund, **base, "date_created_gmt": fields["date_modified_gmt"]},
            str(refund["total"]).removeprefix("-"),
            [],
        )
        for refund in refunds
    )
    path = f"{API}/orders/{order}/refunds?per_page=100"
    yield Fetch(path=path, topic="refund", base=base, otherwise=known)


def _refund(fields: Json, terms: Terms) -> Mapped:
    reason = terms.words.get(str(fields.get("reason") or "").strip().lower(), "unknown")
    lines, dropped = [], []
    for line in fields.get("line_items") or ():
        sku, quantity = sku_of(line, terms), abs(int(line["quantity"]))
        if sku is None or not quantity:
            dropped.append("A line of a refund names no SKU or no units.")
            continue
        lines.append({"sku": sku, "qty": quantity, "reason": reason})
    return Mapped(facts=(_refund_fact(fields, fields["amount"], lines),), dropped=tuple(dropped))


def _refund_fact(fields: Json, amount: object, lines: list[Json]) -> Json:
    return present(
        {
            "type": "return",
            "return": f"wc-{fields['id']}",
            "order": fields["order"],
            "at": instant(fields["date_created_gmt"]),
            "status": "received",
            "lines": lines or None,
            "amount": money(amount, fields["currency"]),
        }
    )


def _review(fields: Json, terms: Terms) -> Mapped:
    if fields["status"] != "approved":
        return Mapped(dropped=("A review that is not approved counts for nothing.",))
    sku = str(fields["product_id"]) if terms.sku_from_id else fields.get("sku")
    if not sku:
        path = f"{API}/products/{fields['product_id']}"
        return Mapped(fetch=(Fetch(path=path, topic="reviewed", base={"of": fields}),))
    contact = _contact(fields.get("reviewer_email"), None)
    fact = {
        "type": "review",
        "review": f"wc-{fields['id']}",
        "sku": sku,
        "rating": int(fields["rating"]),
        "at": instant(fields["date_created_gmt"]),
        # No field tells when a review was edited: its version is the instant of the reading.
        "contact": contact,
    }
    return Mapped(facts=(present(fact),))


def _reviewed(fields: Json, terms: Terms) -> Mapped:
    if not fields.get("sku"):
        return Mapped(dropped=("A review is about a product without an SKU.",))
    return _review({**fields["of"], "sku": fields["sku"]}, terms)


def _customer(fields: Json, _terms: Terms) -> Mapped:
    phone = (fields.get("billing") or {}).get("phone")
    fact = {
        "type": "customer",
        "customer": str(fields["id"]),
        "contact": _contact(fields.get("email"), phone),
        "version": instant(fields.get("date_modified_gmt")),
    }
    return Mapped(facts=(present(fact),))


def _contact(email: Any, phone: Any) -> Json | None:
    found = present({"email_hash": email, "phone_hash": phone})
    return found or None


_TOPICS: Final = {
    **dict.fromkeys(
        ("product.created", "product.updated", "product.restored"), (kept.PRODUCT_FIELDS, map_delivered_product)
    ),
    "product": (kept.PRODUCT_FIELDS, map_product),
    "product.deleted": (kept.ID_FIELDS, _deleted_product),
    "variation": (kept.PRODUCT_FIELDS, map_variation),
    **dict.fromkeys(("order.created", "order.updated", "order.restored"), (kept.ORDER_FIELDS, _order)),
    "order.deleted": ({"id": ORDER}, _deleted_order),
    "refund": (kept.REFUND_FIELDS, _refund),
    "review": (kept.REVIEW_FIELDS, _review),
    "reviewed": ({"sku": KEEP}, _reviewed),
    **dict.fromkeys(("customer.created", "customer.updated"), (kept.CUSTOMER_FIELDS, _customer)),
    "customer.deleted": (kept.ID_FIELDS, _nothing),
}  # fmt: skip
"""Topic → (allow-list, mapper). Those without a dot are answers of the REST API."""
_KEPT: Final = {topic: shape for topic, (shape, _) in _TOPICS.items()}
_MAPPERS: Final = {topic: mapper for topic, (_, mapper) in _TOPICS.items()}

_LISTS: Final = (
    Listing(
        name="products",
        # A sale of a variation moves no stamp of its parent, which alone is in the list.
        path=f"{API}/products?per_page=100&orderby=id&order=asc&status=any",
        topic="product",
        total="x-wp-total",
        often=True,
        gone=True,
        feeds=("prices", "stock"),
    ),
    Listing(
        name="orders",
        path=f"{API}/orders?per_page=100&orderby=id&order=asc&dates_are_gmt=true",
        topic="order.updated",
        total="x-wp-total",
        changed="&modified_after={since}",
        stamp="date_modified_gmt",
        bounded="&after={since}",
        feeds=("orders",),
    ),
    Listing(
        name="customers",
        path=f"{API}/customers?per_page=100&orderby=id&order=asc&role=all",
        topic="customer.updated",
        total="x-wp-total",
    ),
    Listing(
        name="reviews",
        path=f"{API}/products/reviews?per_page=100&orderby=id&order=asc&status=approved",
        topic="review",
        total="x-wp-total",
        changed="&after={since}",
        stamp="date_created_gmt",
    ),
)
WOOCOMMERCE: Final = Connector(
    name="woocommerce",
    signature="woocommerce",
    envelope=_envelope,
    kept=_KEPT,
    map=_map,
    is_ping=_is_ping,
    authorize=basic,
    refetch=_refetch,
    lists=_LISTS,
    hooks=Hooks(
        path=f"{API}/webhooks?per_page=100",
        of_one=f"{API}/webhooks/{{id}}",
        address="delivery_url",
        state="status",
        active="active",
    ),
)
