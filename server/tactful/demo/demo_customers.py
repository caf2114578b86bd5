"""Customers who can log in to the demo shop, and the facts of their history."""

from typing import Any, Final

from msgspec import Struct

from tactful.core.values.calendar import DAY, format_rfc3339

Facts = list[dict[str, Any]]


class DemoCustomer(Struct, frozen=True):
    """A prepared customer, as the login page describes them."""

    id: str
    name: str
    headline: str
    story: str
    colour: str
    """CSS class of the portrait."""


DEMO_CUSTOMERS: Final = (
    DemoCustomer(
        "nadia",
        "Nadia",
        "New here",
        "Signed up yesterday and has not bought anything yet.",
        "a",
    ),
    DemoCustomer(
        "lotte",
        "Lotte",
        "Loyal",
        "Four orders this year, nothing sent back. A gold member.",
        "b",
    ),
    DemoCustomer(
        "omar",
        "Omar",
        "Open complaint",
        "The sole of his Aero Runner came off. Support has not answered yet.",
        "c",
    ),
    DemoCustomer(
        "pia",
        "Pia",
        "Late parcel",
        "Her socks were due the day before yesterday, and nobody knows where they are.",
        "d",
    ),
    DemoCustomer(
        "ravi",
        "Ravi",
        "Returned a size",
        "Sent the Court Low in 42 back last week: too small.",
        "e",
    ),
)
BY_ID: Final = {shopper.id: shopper for shopper in DEMO_CUSTOMERS}


def history_facts(now: int) -> Facts:
    """Return the orders, cases and returns of all customers; `now`: milliseconds since the epoch."""
    return [
        *({"type": "customer", "customer": one.id} for one in DEMO_CUSTOMERS if one.id != "lotte"),
        {"type": "customer", "customer": "lotte", "tier": "gold"},
        *_lotte(now),
        *_omar(now),
        *_pia(now),
        *_ravi(now),
    ]


def _lotte(now: int) -> Facts:
    bought = [("SLIP-40", 5900, 310), ("DUNE-39", 7900, 240), ("SOCK-39-42", 1990, 130), ("COURT-40", 9500, 70)]  # fmt: skip
    return [
        _order(f"L-{number}", "lotte", sku, unit, now - days * DAY)
        for number, (sku, unit, days) in enumerate(bought, 1)
    ]


def _omar(now: int) -> Facts:
    case = {
        "type": "case",
        "case": "C-1001",
        "customer": "omar",
        "order": "O-1",
        "skus": ["RUN-43"],
        "kind": "defect",
        "status": "open",
        "opened_at": format_rfc3339(now - DAY),
    }
    return [_order("O-1", "omar", "RUN-43", 12900, now - 400 * DAY), case]


def _pia(now: int) -> Facts:
    order = _order("P-1", "pia", "SOCK-39-42", 1990, now - 9 * DAY)
    del order["delivered_at"]
    return [order | {"status": "shipped", "promised_by": format_rfc3339(now - 2 * DAY)}]


def _ravi(now: int) -> Facts:
    back = {
        "type": "return",
        "return": "R-1",
        "order": "V-1",
        "customer": "ravi",
        "at": format_rfc3339(now - 6 * DAY),
        "status": "received",
        "lines": [{"sku": "COURT-42", "qty": 1, "reason": "fit"}],
    }
    return [_order("V-1", "ravi", "COURT-42", 9500, now - 16 * DAY), back]


def _order(order: str, customer: str, sku: str, unit: int, at: int) -> dict[str, Any]:
    return {
        "type": "order",
        "order": order,
        "customer": customer,
        "territory": "DE",
        "placed_at": format_rfc3339(at),
        "status": "delivered",
        "delivered_at": format_rfc3339(at + 3 * DAY),
        "lines": [{"sku": sku, "qty": 1, "unit": {"amount": unit, "currency": "EUR"}}],
    }
