"""Builders of invented histories: what a shop tells of one customer, in which order, and what follows.

A history is told to a server as a shop would tell it: late, twice, out of order, corrected. The
expected reasons are read from `server/SEMANTICS.md`, section 6, by hand.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from journeys.fixture import case, money, order, price, product, stock

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
"""The instant at which a history is first told."""
Told = dict[str, Any]


class History(Struct, frozen=True, kw_only=True):
    """Facts in the order of their report, and the reasons of gates 5 to 7 at the end."""

    told: tuple[Told | float, ...]
    """Facts; a number: so many days pass before the next one."""
    reasons: dict[str, set[str]]
    """SKU → the reasons that withhold it from c1 in Germany."""
    modelled: bool = True
    """Whether the oracle knows everything that the history needs."""


def ago(days: float, offset: str = "Z") -> str:
    """Return an instant so many days before noon, with an offset such as `+01:00`."""
    at = NOON - timedelta(days=days)
    if offset != "Z":
        hours, minutes = int(offset[:3]), int(offset[0] + offset[4:])
        at += timedelta(hours=hours, minutes=minutes)
    return at.strftime("%Y-%m-%dT%H:%M:%S") + offset


def ticket(kind: str, name: str = "k1", opened: float = 1, **more: Any) -> Told:
    """Return an open case of c1 about RUN-42, unless the fields say otherwise."""
    named = {} if "order" in more or "skus" in more else {"skus": ["RUN-42"]}
    fact = {**case(name, "c1", kind, opened_at=ago(opened), **named), **more}
    return {field: value for field, value in fact.items() if value is not None}


def over(one: Told, days: float | None = 0, status: str = "resolved", **more: Any) -> Told:
    """Return a case as it ended so many days ago; `None`: nobody says when."""
    ended = {} if days is None else {"resolved_at": ago(days)}
    return {**one, "status": status, **ended, **more}


def bought(days: float, *skus: str, name: str = "o1", **more: Any) -> Told:
    """Return an order of c1 that arrived on the day on which it was placed."""
    return {**order(name, "c1", *(skus or ("RUN-42",)), placed_at=ago(days)), **more}


def lines(*rows: tuple[str, int], **more: Any) -> list[Told]:
    """Return lines of an order: SKU and quantity, at list price."""
    return [{"sku": sku, "qty": qty, "unit": money(12900), **more} for sku, qty in rows]


def back(days: float, reason: str, qty: int = 1, sku: str = "RUN-42", **more: Any) -> Told:
    """Return a return of c1 that came so many days ago, by default without its order."""
    named = {"customer": "c1", "at": ago(days), "status": "received"}
    row = {"sku": sku, "qty": qty, "reason": reason}
    return {"type": "return", "return": "b1", **named, "lines": [row], **more}


def refund(days: float, **more: Any) -> Told:
    """Return a refund that names no line."""
    fact = back(days, "unknown", **more)
    del fact["lines"]
    return fact


def stars(rating: int, version: int, days: float = 1) -> Told:
    """Return a version of c1's review of RUN-42."""
    fact = {"type": "review", "review": "v1", "customer": "c1", "sku": "RUN-42", "rating": rating}
    return {**fact, "at": ago(days), "version": version}


def gone(of: str, **named: Any) -> Told:
    """Return a fact that ends another one."""
    return {"type": "gone", "of": of, **named}


def v(version: int, fact: Told, **more: Any) -> Told:
    """Return a version of a fact."""
    return {**fact, **more, "version": version}


def both(*codes: str) -> dict[str, set[str]]:
    """Return the reasons for both sizes of the shoe, and none for the boot."""
    return {"RUN-42": set(codes), "RUN-43": set(codes), "BOOT-42": set()}


def shop(*codes: str) -> dict[str, set[str]]:
    """Return reasons for items of two brands."""
    return {"RUN-42": set(codes), "BOOT-42": set(codes)}


FREE = both()
RECALL = {"type": "recall", "recall": "x1", "skus": ["RUN-43"], "status": "active"}
OBJECTION = {"type": "objection", "objection": "n1", "customer": "c1"}
EMAIL: Told = {"contact": {"email": "Mia@shop.example"}}
OTHER_EMAIL: Told = {"contact": {"email": "neu@shop.example"}}
CUSTOMER = {"type": "customer", "customer": "c1"}
SET = product("SET-1", "Set", None, "sets", components=["BOOT-42", "SOCK-3"])
SETS = (SET, price("SET-1", "DE", 19900), stock("SET-1", "DE", 3))
DEFECT = ticket("defect")
LATE = bought(9, "SOCK-3", status="shipped", promised_by=ago(2), delivered_at=None)
SOON = {
    "SOCK-3": {"owned.already", "owned.price_regret", "delivery.late"},
    "BOOT-42": {"delivery.late"},
}


def history(reasons: dict[str, set[str]], *told: Told | float, modelled: bool = True) -> History:
    """Return a history."""
    return History(told=told, reasons=reasons, modelled=modelled)
