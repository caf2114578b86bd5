"""The UK retail data (orders, returns, catalogue of a real shop) as facts, and what they should cause.

A taint is a returned line, or a refund that fits no order; a line that came back within a day of its
order is a correction. Times are the shop's own, in Europe/London.
"""

import gzip
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

TERRITORY: Final = "GB"
CORRECTION: Final = "24h"
"""Every correction of the data came sooner after its order, every return later."""
WINDOW_DAYS: Final = 90


class Purchase(Struct, frozen=True):
    """An order, with a product view before each of its lines."""

    at: int
    customer: str
    order: str
    fact: dict[str, Any]

    @property
    def skus(self) -> list[str]:
        """The viewed SKUs."""
        return [line["sku"] for line in self.fact["lines"]]


class Refund(Struct, frozen=True):
    """The lines of one credit note."""

    at: int
    customer: str
    facts: tuple[dict[str, Any], ...]


Event = Purchase | Refund
Expected = Mapping[tuple[str, str], int]
"""(order, SKU) → milliseconds since the let-down."""


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON Lines file, packed or not."""
    packed = path.with_name(f"{path.name}.gz")
    with gzip.open(packed, "rt") if packed.exists() else path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def ms(instant: str) -> int:
    """Milliseconds since the epoch."""
    return round(datetime.fromisoformat(instant).timestamp() * 1000)


def money(minor: int) -> dict[str, Any]:
    """Pence."""
    return {"amount": minor, "currency": "GBP"}


def catalogue(products: Path, since: str = "2010-01-01T00:00:00+00:00") -> Iterator[dict[str, Any]]:
    """Product, price and stock of every SKU.

    The shop sold to traders: its prices carry no tax. Its stock is not in the data, so plenty is assumed.
    """
    for row in lines_of(products):
        sku = row["sku"]
        yield {"type": "product", "sku": sku, "product": row["group"], "title": row["title"]}
        yield {
            "type": "price",
            "sku": sku,
            "territory": TERRITORY,
            "price": money(row["price_minor"]),
            "tax_included": True,
            "tax_rate_bp": 0,
            "since": since,
        }
        yield {"type": "stock", "sku": sku, "territory": TERRITORY, "available": 1_000_000}


def order(row: dict[str, Any]) -> dict[str, Any]:
    """An order fact."""
    lines = [
        {"sku": line["sku"], "qty": line["qty"], "unit": money(line["unit_price_minor"])}
        for line in row["lines"]
    ]
    return {
        "type": "order",
        "order": row["order_id"],
        "customer": row["customer_id"],
        "territory": TERRITORY,
        "placed_at": row["at"],
        "status": "placed",
        "lines": lines,
    }


def returns(row: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """A return fact for every order that a credit note takes lines back from."""
    by_order: dict[str | None, list[dict[str, Any]]] = {}
    for line in row["lines"]:
        by_order.setdefault(line["order_id"], []).append(line)
    return tuple(
        {
            "type": "return",
            "return": f"{row['return_id']}/{number or 'unmatched'}",
            **({"order": number} if number else {}),
            "customer": row["customer_id"],
            "at": row["at"],
            "status": "received",
            "lines": [{"sku": x["sku"], "qty": x["qty"], "reason": "unknown"} for x in lines],
        }
        for number, lines in by_order.items()
    )


def events(folder: Path) -> list[Event]:
    """Orders and returns in order of time; a return in the minute of an order follows it."""
    found: list[Event] = [
        Refund(ms(row["at"]), row["customer_id"], returns(row))
        for row in lines_of(folder / "returns.jsonl")
    ]
    found += [
        Purchase(ms(row["at"]), row["customer_id"], row["order_id"], order(row))
        for row in lines_of(folder / "orders.jsonl")
    ]
    return sorted(found, key=lambda event: (event.at, isinstance(event, Refund)))


def of_small_customers(found: list[Event], lines: int) -> list[Event]:
    """The events of the customers with the fewest order lines, up to `lines` lines in all."""
    sizes: Counter[str] = Counter()
    for event in found:
        sizes[event.customer] += len(event.skus) if isinstance(event, Purchase) else 0
    kept: set[str] = set()
    for customer, size in sorted(sizes.items(), key=lambda pair: (pair[1], pair[0])):
        lines -= size
        if lines < 0:
            break
        kept.add(customer)
    return [event for event in found if event.customer in kept]


def expected(folder: Path, days: int = WINDOW_DAYS) -> Expected:
    """The order lines that must be suppressed: tainted within so many days before."""
    found = {}
    for row in lines_of(folder / "expected_suppressions.jsonl"):
        since = ms(row["ordered_at"]) - ms(row["returned_at"])
        if since < days * 86_400_000:
            found[row["order_id"], row["sku"]] = since
    return found


def let_down_before(found: list[Event]) -> set[tuple[str, str]]:
    """(order, SKU) of every line whose customer had a taint on that SKU at any time before."""
    placed = {event.order: event.at for event in found if isinstance(event, Purchase)}
    hurt: set[tuple[str, str]] = set()
    lines: set[tuple[str, str]] = set()
    for event in found:
        if isinstance(event, Purchase):
            lines |= {(event.order, sku) for sku in event.skus if (event.customer, sku) in hurt}
            continue
        for fact in event.facts:
            ordered = placed.get(fact.get("order", ""))
            if ordered is None or event.at - ordered >= 86_400_000:
                hurt |= {(fact["customer"], line["sku"]) for line in fact["lines"]}
    return lines
