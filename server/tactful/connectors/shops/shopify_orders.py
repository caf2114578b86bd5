"""Orders and refunds of Shopify as facts."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from tactful.connectors.connector import Json, Mapped, Terms
from tactful.connectors.shops.shop_values import (
    discount_codes,
    instant,
    minor_units,
    present,
    territory_of,
    unit_of_line,
)
from tactful.connectors.shops.shopify_fields import OFFER, SESSION

_PAID: Final = frozenset({"paid", "partially_refunded", "refunded"})
_CANCELLED_BY: Final = {"customer": "customer", "inventory": "shop", "staff": "shop"}
"""Reason of a cancellation → who cancelled. Fraud and declined payments are neither."""
_NEVER_SHIPPED: Final = "cancel"
"""The `restock_type` of refunded units that were cancelled before they were shipped."""


def map_order(fields: Json, terms: Terms) -> Mapped:
    """Return an order and its refunds."""
    if fields.get("test"):
        return Mapped(dropped=("A test order is no purchase.",))
    shipping, billing = (fields.get(f"{name}_address") or {} for name in ("shipping", "billing"))
    to = shipping or billing
    territory = territory_of(to.get("country_code"), to.get("province_code"), terms.territory)
    if territory is None:
        return Mapped(dropped=("An order has no country, and the connector names no territory.",))
    dropped: list[str] = []
    status, delivered_at = _status(fields)
    order = str(fields["id"])
    also = [fields.get(name) for name in ("order_number", "checkout_token", "cart_token")]
    customer = (fields.get("customer") or {}).get("id")
    by = _CANCELLED_BY.get(fields.get("cancel_reason") or "") if status == "cancelled" else None
    fact = {
        "type": "order",
        "order": order,
        "also": [str(one) for one in dict.fromkeys(also) if one] or None,
        "codes": discount_codes(one.get("code") for one in fields.get("discount_codes") or ()),
        "session": (fields.get("note_attributes") or {}).get(SESSION) or None,
        "customer": str(customer) if customer else None,
        "contact": contact_of(fields),
        "territory": territory,
        "placed_at": instant(fields["created_at"]),
        "status": status,
        "delivered_at": delivered_at,
        "cancelled_by": by,
        "paid": fields.get("financial_status") in _PAID,
        "lines": list(_lines(fields, terms, dropped)),
        "version": instant(fields["updated_at"]),
    }
    refunds = [
        map_refund({**one, "order_id": fields["id"]}, terms) for one in fields.get("refunds") or ()
    ]
    return Mapped(
        facts=(present(fact), *(fact for one in refunds for fact in one.facts)),
        dropped=(*dropped, *(text for one in refunds for text in one.dropped)),
    )


def contact_of(fields: Json) -> Json | None:
    """Return the contact of an order or a customer, whose values are digests already."""
    found = present({"email_hash": fields.get("email"), "phone_hash": fields.get("phone")})
    return found or None


def _status(fields: Json) -> tuple[str, str | None]:
    """Return the status of an order, and when it was delivered."""
    if fields.get("cancelled_at"):
        return "cancelled", None
    if fields.get("fulfillment_status") != "fulfilled":
        return "placed", None
    parcels = fields.get("fulfillments") or ()
    if parcels and all(one.get("shipment_status") == "delivered" for one in parcels):
        return "delivered", max(str(instant(one["updated_at"])) for one in parcels)
    return "shipped", None


def _lines(fields: Json, terms: Terms, dropped: list[str]) -> Iterator[Json]:
    currency = fields.get("presentment_currency") or fields["currency"]
    with_tax = terms.tax_included and not fields.get("taxes_included")
    returned: Counter[int] = Counter()
    for refund in fields.get("refunds") or ():
        for line in refund.get("refund_line_items") or ():
            if line.get("restock_type") != _NEVER_SHIPPED:
                returned[line["line_item_id"]] += int(line["quantity"])
    for line in fields["line_items"]:
        quantity = int(line["quantity"])
        if quantity < 1:
            dropped.append("A line without units was left out.")
            continue
        sku = _sku(line, terms)
        if not sku:
            dropped.append("A line names no SKU, because its product has none or it is a tip.")
        total = quantity * _amount(line, "price", currency)
        total -= sum(_amount(one, "amount", currency) for one in line["discount_allocations"])
        if with_tax:
            total += sum(_amount(one, "price", currency) for one in line.get("tax_lines") or ())
        left = line.get("current_quantity")
        # An edit takes units off a line, as a refund does; those that were returned are refunds.
        gone = 0 if left is None else quantity - int(left) - returned[line["id"]]
        yield present(
            {
                "sku": sku,
                "qty": quantity,
                "unit": unit_of_line(total, quantity, currency),
                "line": str(line["id"]),
                "offer": (line.get("properties") or {}).get(OFFER),
                "cancelled_qty": gone if gone > 0 else None,
            }
        )


def _sku(line: Json, terms: Terms) -> str:
    if terms.sku_from_id:
        return str(line.get("variant_id") or "")
    return line.get("sku") or ""


def _amount(one: Json, name: str, currency: str) -> int:
    """Return an amount in the currency that the shopper paid in, in minor units."""
    for money in (one.get(f"{name}_set") or {}).values():
        if money and money.get("currency_code") == currency:
            return minor_units(money["amount"], currency)
    return minor_units(one[name], currency)


def map_refund(fields: Json, terms: Terms) -> Mapped:
    """Return a refund; units that were cancelled before they were shipped are none."""
    reason = terms.words.get(str(fields.get("note") or "").strip().lower(), "unknown")
    every = fields.get("refund_line_items") or ()
    lines, dropped = [], []
    for line in every:
        if line.get("restock_type") == _NEVER_SHIPPED:
            continue
        sku = _sku(line.get("line_item") or {}, terms)
        if sku and int(line["quantity"]) > 0:
            lines.append({"sku": sku, "qty": int(line["quantity"]), "reason": reason})
        else:
            dropped.append("A line of a refund names no SKU or no units.")
    if every and not lines and not dropped:
        return Mapped()
    fact = {
        "type": "return",
        "return": f"shopify-{fields['id']}",
        "order": str(fields["order_id"]),
        "at": instant(fields["created_at"]),
        "status": "received",
        "lines": lines or None,
        "amount": _refunded(fields.get("transactions") or ()),
    }
    return Mapped(facts=(present(fact),), dropped=tuple(dropped))


def _refunded(transactions: Any) -> Json | None:
    """Return the money that was refunded; `None`: the refund names none, or several currencies."""
    done = [one for one in transactions if one["kind"] == "refund" and one["status"] == "success"]
    currencies = {one["currency"] for one in done}
    if len(currencies) != 1:
        return None
    (currency,) = currencies
    amount = sum(minor_units(one["amount"], currency) for one in done)
    return {"amount": amount, "currency": currency} if amount > 0 else None
