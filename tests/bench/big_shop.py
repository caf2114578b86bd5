"""A large shop's ledger, written directly into the tables of the ledger's schema.

Every row is one that the server itself would have written: the product's own code makes one of each
kind, and here its ids are counted up. An order has five lines, of five consecutive products.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from support.ledger_rows import T0, accepted
from tactful.core.facts import fact_codec
from tactful.core.facts.fact_codec import FactRejection
from tactful.core.offers.offer import Offer, OfferState
from tactful.runtime.ports.ledger_rows import FactRow
from tactful.runtime.services.ingest import fact_row
from tactful.stores.relational.tables.offer_rows import ENCODE
from tactful.stores.sqlite.opening import open_writer

LINES = 5
SKU, CUSTOMER, ORDER = "sku-0000000", "cus-0000000", "ord-0000000"
DIGITS = 7
DAY = 86_400_000


class Size(Struct, frozen=True, kw_only=True):
    """The size of the shop; `offered`: the number of products with past offers."""

    products: int
    customers: int
    lines: int
    offers: int = 0
    offered: int = 20_000

    @property
    def orders(self) -> int:
        return self.lines // LINES


def build(path: Path, size: Size) -> None:
    """Write the ledger; in order of its keys, without a log and with the index of facts at the end."""
    with closing(open_writer(path)) as ledger:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-262144"):
            ledger.execute(f"PRAGMA {pragma}").fetchall()
        (index,) = ledger.execute(
            "SELECT sql FROM sqlite_schema WHERE name = 'facts_by_key'"
        ).fetchone()
        ledger.execute("DROP INDEX facts_by_key")
        ledger.execute("BEGIN")
        _fill(ledger, size)
        ledger.execute(index)
        ledger.execute("COMMIT")
        ledger.execute("PRAGMA journal_mode=WAL").fetchall()


def _fill(ledger: sqlite3.Connection, size: Size) -> None:
    sold, bought, ordered = (list(map(template, kind)) for kind in (GOODS, PEOPLE, ORDERS))
    facts = chain(
        chain.from_iterable(each.facts(size.products) for each in sold),
        chain.from_iterable(each.facts(size.customers) for each in bought),
        _orders(ordered[0], size),
    )
    ledger.executemany(
        "INSERT INTO facts (kind, key, subjects, body, at) VALUES (?, ?, ?, ?, ?)", facts
    )
    insert = "INSERT INTO subjects VALUES (?, ?, ?, ?)"
    ledger.executemany(insert, _customers(size))
    ledger.executemany(
        insert, (("order", key, "order", key) for key in _numbered(ORDER, size.orders))
    )
    ledger.executemany(insert, _goods(sold, "product", size.products))
    ledger.executemany(insert, _goods(sold, "sku", size.products))
    ledger.executemany(
        "INSERT INTO offers (id, session, state, campaign, period, currency, hold, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        _offers(size),
    )
    ledger.executemany(
        "INSERT INTO steps (offer, session, at, seq, state) VALUES (?, ?, ?, ?, ?)",
        _steps(size.offers),
    )


class Template(Struct, frozen=True):
    """A row whose number is still to be filled in; `mark` is where."""

    kind: str
    key: str
    subjects: str
    body: str
    mark: str

    def row(self, number: int) -> tuple[Any, ...]:
        name = f"{number:0{DIGITS}}"
        return (
            self.kind,
            self.key.replace(self.mark, name),
            self.subjects.replace(self.mark, name),
            self.body.replace(self.mark, name).encode(),
            T0,
        )

    def facts(self, count: int) -> Iterator[tuple[Any, ...]]:
        return map(self.row, range(count))


def template(fact: dict[str, Any]) -> Template:
    """What the server writes for a fact, as text."""
    read = fact_codec.decode(msgspec.json.encode(fact))
    assert not isinstance(read, FactRejection), read
    row: FactRow = fact_row(read, T0)
    subjects = msgspec.json.encode(row.subjects).decode()
    return Template(row.kind, row.key, subjects, row.body.decode(), "0" * DIGITS)


PLACE = {"sku": SKU, "territory": "DE"}
PRICE = {"amount": 12_900, "currency": "EUR"}
GOODS: list[dict[str, Any]] = [
    {"type": "cost", **PLACE, "cost": {"amount": 5_200, "currency": "EUR"}},
    {"type": "price", **PLACE, "price": PRICE, "tax_included": True, "tax_rate_bp": 1_900},
    {"type": "product", "sku": SKU, "product": SKU, "title": SKU, "categories": ["shoes/running"]},
    {"type": "stock", **PLACE, "available": 1_000},
]
PEOPLE: list[dict[str, Any]] = [{"type": "customer", "customer": CUSTOMER, "tier": "gold"}]
ORDERS: list[dict[str, Any]] = [
    {
        "type": "order",
        "order": ORDER,
        "customer": "cus-1111111",
        "territory": "DE",
        "placed_at": "2025-06-01T12:00:00Z",
        "status": "delivered",
        "lines": [{"sku": f"sku-222222{n}", "qty": 1, "unit": PRICE} for n in range(LINES)],
    }
]


def _numbered(name: str, count: int) -> Iterator[str]:
    return (f"{name[:-DIGITS]}{number:0{DIGITS}}" for number in range(count))


def _buyer(order: int, size: Size) -> int:
    return order % size.customers


def _orders(one: Template, size: Size) -> Iterator[tuple[Any, ...]]:
    for order in range(size.orders):
        kind, key, subjects, body, at = one.row(order)
        buyer = f"cus-{_buyer(order, size):0{DIGITS}}"
        text = body.decode().replace("cus-1111111", buyer)
        for line in range(LINES):
            sku = (order * LINES + line) % size.products
            text = text.replace(f"sku-222222{line}", f"sku-{sku:0{DIGITS}}")
        yield kind, key, subjects.replace("cus-1111111", buyer), text.encode(), at


def _customers(size: Size) -> Iterator[tuple[str, str, str, str]]:
    """In the order of the table's key: each customer, and the orders that are theirs."""
    for number, name in enumerate(_numbered(CUSTOMER, size.customers)):
        yield "customer", name, "customer", name
        for order in range(number, size.orders, size.customers):
            yield "customer", name, "order", f"ord-{order:0{DIGITS}}"


def _goods(kinds: list[Template], subject: str, count: int) -> Iterator[tuple[str, str, str, str]]:
    named = [one for one in kinds if subject in {"sku", one.kind}]
    for number in range(count):
        name = f"{number:0{DIGITS}}"
        for one in named:
            yield subject, f"sku-{name}", one.kind, one.key.replace(one.mark, name)


def _past(number: int, size: Size) -> Offer:
    """An offer of the last ninety days that was bought."""
    return accepted(
        f"of_{number:08}",
        session=f"se_{number:08}",
        sku=f"sku-{number % size.offered:0{DIGITS}}",
        rule=f"r{number % 100}",
        state=OfferState.REDEEMED,
        issued_at=T0 - 90 * DAY + number * 90 * DAY // size.offers,
        seq=4,
    )


def _offers(size: Size) -> Iterator[tuple[Any, ...]]:
    for number in range(size.offers):
        one = _past(number, size)
        yield (one.id, one.session, str(one.state.value), one.campaign, one.period, one.currency,
               one.hold, ENCODE(one))  # fmt: skip


def _steps(count: int) -> Iterator[tuple[Any, ...]]:
    states = (OfferState.PUSHED, OfferState.SHOWN, OfferState.ACCEPTED, OfferState.REDEEMED)
    for number in range(count):
        for seq, state in enumerate(states, 1):
            yield f"of_{number:08}", f"se_{number:08}", T0, seq, str(state.value)
