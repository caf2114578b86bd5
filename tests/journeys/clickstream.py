"""Real sessions of a clothing shop (12,046 sessions, 217 products) as facts and widget messages."""

import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

TERRITORY: Final = "PL"
"""Where four of five sessions came from; the shop has one price list, in US dollars."""


class View(Struct, frozen=True):
    """One view of a product."""

    at: int
    sku: str
    category: str

    @property
    def message(self) -> dict[str, Any]:
        """The message as a widget sends it."""
        return {"t": "view", "sku": self.sku}


class Visit(Struct, frozen=True):
    """One session from its first view to its last."""

    session: str
    views: tuple[View, ...]


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a packed JSON Lines file."""
    with gzip.open(path, "rt") as file:
        for line in file:
            yield json.loads(line)


def catalogue(folder: Path) -> Iterator[dict[str, Any]]:
    """Product, price and stock of every SKU; the data has no stock, so plenty is assumed."""
    for row in lines_of(folder / "products.jsonl.gz"):
        sku = row["sku"]
        yield {
            "type": "product",
            "sku": sku,
            "product": sku,
            "title": f"{row['colour']} {row['category']} {sku}",
            "categories": [row["category"]],
        }
        yield {
            "type": "price",
            "sku": sku,
            "territory": TERRITORY,
            "price": {"amount": row["price_minor"], "currency": row["currency"]},
            "tax_included": True,
            "tax_rate_bp": 0,
            "since": "2007-01-01T00:00:00Z",
        }
        yield {"type": "stock", "sku": sku, "territory": TERRITORY, "available": 1_000_000}


def visits(folder: Path) -> Iterator[Visit]:
    """Every session; the time of day in the data is made up, twenty seconds apart."""
    rows = lines_of(folder / "public" / "events.jsonl.gz")
    for session, found in groupby(rows, key=lambda row: str(row["session_id"])):
        views = tuple(View(_ms(row["at"]), row["sku"], row["category"]) for row in found)
        yield Visit(session, views)


def _ms(instant: str) -> int:
    return round(datetime.fromisoformat(instant).timestamp() * 1000)
