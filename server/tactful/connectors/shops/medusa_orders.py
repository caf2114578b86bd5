"""Orders, returns, refunds and claims of Medusa as facts."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from tactful.connectors.connector import Json, Mapped, Terms
from tactful.connectors.shops.medusa_fields import OFFER
from tactful.connectors.shops.shop_values import (
    discount_codes,
    instant,
    minor_units,
    money,
    present,
    territory_of,
    unit_of_line,
)

_UNPAID: Final = frozenset(
    {"not_paid", "awaiting", "authorized", "partially_authorized", "requires_action"}
)
_SHIPPED: Final = frozenset({"partially_shipped", "shipped", "partially_delivered", "delivered"})
_REASONS: Final = frozenset({"changed_mind", "fit", "not_as_described", "quality"})
_KINDS: Final = {
    "production_failure": "defect",
    "wrong_item": "wrong_item",
    "missing_item": "lost",
    "other": "other",
}
"""Reason of a claim → kind of the case. A reason of the shop's own is `unknown`."""
_RETURNS: Final = {
    "requested": "announced",
    "partially_received": "received",
    "received": "received",
    "canceled": "cancelled",
}
"""Status of a return → that of the fact. One that is still being made (`open`) gives no fact."""


def map_order(fields: Json, terms: Terms) -> Mapped:
    """Return an order, and its refunds that belong to no return."""
    if fields["status"] == "draft":
        return Mapped(dropped=("A draft of an order is no purchase.",))
    order, currency = str(fields["id"]), str(fields["currency_code"]).upper()
    shipping, billing = (fields.get(f"{name}_address") or {} for name in ("shipping", "billing"))
    to = shipping if shipping.get("country_code") else billing
    territory = territory_of(to.get("country_code"), to.get("province"), terms.territory)
    if territory is None:
        return Mapped(dropped=("An order has no country, and the connector names no territory.",))
    customer = fields.get("customer") or {}
    contact = present({"email_hash": fields.get("email"), "phone_hash": shipping.get("phone")})
    status, delivered_at = _status(fields)
    dropped: list[str] = []
    fact = {
        "type": "order",
        "order": order,
        "also": [str(fields["display_id"])] if fields.get("display_id") else None,
        "codes": discount_codes(
            one.get("code")
            for item in fields["items"] or ()
            for one in item.get("adjustments") or ()
        ),
        # Medusa gives a guest an id too, under which nobody can log in.
        "customer": str(customer["id"]) if customer.get("has_account") else None,
        "contact": contact or None,
        "territory": territory,
        "placed_at": instant(fields["created_at"]),
        "status": status,
        "delivered_at": delivered_at,
        "paid": fields.get("payment_status") not in _UNPAID,
        "lines": list(_lines(fields["items"], currency, terms, dropped)),
    }
    refunds = () if status == "cancelled" else tuple(_refunds(fields, order, currency))
    return Mapped(facts=(present(fact), *refunds), dropped=tuple(dropped))


def _status(fields: Json) -> tuple[str, str | None]:
    """Return the status of an order, and when it was delivered."""
    if fields["status"] == "canceled":
        return "cancelled", None
    if fields.get("fulfillment_status") == "delivered":
        parcels = [one for one in fields.get("fulfillments") or () if not one.get("canceled_at")]
        delivered = [str(instant(one["delivered_at"])) for one in parcels if one["delivered_at"]]
        return "delivered", max(delivered, default=None)
    return ("shipped" if fields.get("fulfillment_status") in _SHIPPED else "placed"), None


def _lines(items: Any, currency: str, terms: Terms, dropped: list[str]) -> Iterator[Json]:
    for item in items or ():
        quantity = int(item.get("quantity") or (item.get("detail") or {}).get("quantity") or 0)
        if quantity < 1:
            dropped.append("A line without units was left out.")
            continue
        sku = sku_of_line(item, terms)
        if not sku:
            dropped.append("A line names no SKU, because its variant has none or was deleted.")
        paid = quantity * Decimal(str(item["unit_price"]))
        paid -= sum(Decimal(str(one["amount"])) for one in item.get("adjustments") or ())
        if terms.tax_included and not item.get("is_tax_inclusive"):
            rates = [Decimal(str(one["rate"])) for one in item.get("tax_lines") or ()]
            paid += paid * sum(rates, Decimal()).scaleb(-2)
        yield present(
            {
                "sku": sku or "",
                "qty": quantity,
                "unit": unit_of_line(minor_units(paid, currency), quantity, currency),
                "line": str(item["id"]),
                "offer": (item.get("metadata") or {}).get(OFFER),
            }
        )


def sku_of_line(item: Json, terms: Terms) -> str | None:
    """Return the SKU of a line; `None`: it has none."""
    found = item.get("variant_id") if terms.sku_from_id else item.get("variant_sku")
    return str(found) if found else None


def _refunds(fields: Json, order: str, currency: str) -> Iterator[Json]:
    """Yield the refunds of an order without a return.

    A refund names no items. With a return the order is known to have come back in part, and a refund
    would stand for the whole order.
    """
    if any(one.get("status") in _RETURNS for one in fields.get("returns") or ()):
        return
    for collection in fields.get("payment_collections") or ():
        for payment in collection.get("payments") or ():
            for refund in payment.get("refunds") or ():
                yield {
                    "type": "return",
                    "return": f"medusa-{refund['id']}",
                    "order": order,
                    "at": instant(refund["created_at"]),
                    "status": "received",
                    "amount": money(refund["amount"], currency),
                }


def map_return(fields: Json, terms: Terms) -> Mapped:
    """Return a return with the reasons of its lines."""
    status = _RETURNS.get(fields["status"])
    if status is None:
        return Mapped()
    name = "received_quantity" if status == "received" else "quantity"
    lines, dropped = [], []
    for item in fields.get("items") or ():
        sku, quantity = sku_of_line(item.get("item") or {}, terms), int(item.get(name) or 0)
        if sku and quantity:
            lines.append({"sku": sku, "qty": quantity, "reason": _reason(item, terms)})
        else:
            dropped.append("A line of a return names no SKU or no units.")
    if not lines:
        return Mapped(dropped=tuple(dropped))
    fact = {
        "type": "return",
        "return": f"medusa-{fields['id']}",
        "order": str(fields["order_id"]),
        "at": instant(
            (fields.get("received_at") if status == "received" else None)
            or fields.get("requested_at")
            or fields["created_at"]
        ),
        "status": status,
        "lines": lines,
    }
    return Mapped(facts=(fact,), dropped=tuple(dropped))


def _reason(item: Json, terms: Terms) -> str:
    word = str((item.get("reason") or {}).get("value") or "").strip().lower()
    return terms.words.get(word) or (word if word in _REASONS else "unknown")


def map_claim(fields: Json, terms: Terms) -> Mapped:
    """Return a claim as a case about its lines.

    Medusa says nothing of a claim after it is made but the state of its return. Without a return it is
    resolved when it is made.
    """
    items = [one for one in fields.get("claim_items") or () if not one.get("is_additional_item")]
    if not items:
        return Mapped()  # it is still being made
    by_kind: dict[str, list[Json]] = {}
    for one in items:
        by_kind.setdefault(_KINDS.get(str(one.get("reason")), "unknown"), []).append(one)
    return Mapped(facts=tuple(_cases(fields, by_kind, terms)))


def _cases(fields: Json, by_kind: dict[str, list[Json]], terms: Terms) -> Iterator[Json]:
    """Yield a case for each kind; the first one has the name of the claim."""
    order, opened_at = str(fields["order_id"]), instant(fields["created_at"])
    status, resolved_at = _outcome(fields, opened_at)
    for number, (kind, items) in enumerate(sorted(by_kind.items())):
        skus = {sku for one in items if (sku := sku_of_line(one.get("item") or {}, terms))}
        yield present(
            {
                "type": "case",
                "case": f"medusa-{fields['id']}{f'-{kind}' if number else ''}",
                "order": order,
                "skus": sorted(skus) or None,
                "kind": kind,
                "status": status,
                "opened_at": opened_at,
                "resolved_at": resolved_at,
                "lines": [{"order": order, "line": str(one["item_id"])} for one in items],
            }
        )


def _outcome(fields: Json, opened_at: str | None) -> tuple[str, str | None]:
    if fields.get("canceled_at"):
        return "rejected", instant(fields["canceled_at"])
    back = fields.get("return") or {}
    if not back:
        return "resolved", opened_at
    if back.get("status") == "received":
        return "resolved", instant(back.get("received_at")) or opened_at
    return "open", None
