"""Which orders are in an order export of Shopify or WooCommerce, with a row for each line?"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from tactful.connectors import tables
from tactful.connectors.byte_sources import ByteSource
from tactful.connectors.results import (
    BadRow,
    Fields,
    ImportTerms,
    Row,
    RowError,
    fact_or_error,
    parse_integer,
)
from tactful.core.values import money
from tactful.core.values.calendar import zone_of


class OrderColumns(Struct, frozen=True, kw_only=True):
    """Under which column a shop system exports what; a line's money is the sum of `paid` less `off`."""

    order: str
    placed: str
    currency: str
    country: str
    sku: str
    qty: str
    paid: tuple[str, ...]
    paid_each: bool
    off: str = ""
    customer: str = ""
    cancelled: str
    delivered: str

    @property
    def identifying_columns(self) -> frozenset[str]:
        """Columns without which it is not this export."""
        return frozenset({self.order, self.placed, self.sku, self.qty, *self.paid[:1]})


SHOPIFY: Final = OrderColumns(
    order="Name",
    placed="Created at",
    currency="Currency",
    country="Shipping Country",
    sku="Lineitem sku",
    qty="Lineitem quantity",
    paid=("Lineitem price",),
    paid_each=True,
    off="Lineitem discount",
    cancelled="Cancelled at",
    delivered="Fulfillment Status",
)
WOOCOMMERCE: Final = OrderColumns(
    order="order_id",
    placed="order_date",
    currency="order_currency",
    country="shipping_country",
    sku="item_sku",
    qty="item_quantity",
    paid=("item_total", "item_total_tax"),
    paid_each=False,
    customer="customer_id",
    cancelled="status",
    delivered="status",
)
_CANCELLED: Final = frozenset({"cancelled", "failed", "refunded", "trash"})
_SHIPPED: Final = frozenset({"fulfilled", "completed", "shipped"})
_DECIMALS: Final = 8
"""Decimals that are read of a line's money before it is divided; shop systems export up to six."""
_AMOUNT = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,8}))?", re.ASCII)


def order_rows(source: ByteSource, terms: ImportTerms, dialect: OrderColumns) -> Iterator[Row]:
    """An order for each run of rows with one number."""
    run: list[tables.TableRow] = []
    seen: set[str] = set()
    for record in tables.table_rows(source):
        if isinstance(record, BadRow):
            yield record
            continue
        order = record.fields[dialect.order]
        if run and order not in {run[0].fields[dialect.order], ""}:
            yield _order(run, terms, dialect)
            run = []
        if not run and order in seen:
            yield BadRow(record.line, f"Order {order} was there before; sort the rows by order")
        seen.add(order)
        run.append(record)
    if run:
        yield _order(run, terms, dialect)


def _order(run: list[tables.TableRow], terms: ImportTerms, dialect: OrderColumns) -> Row:
    head, line = run[0], run[0].line
    try:
        lines = []
        for record in run:
            line = record.line
            if record.fields[dialect.qty].strip() not in {"", "0"}:
                lines.append(_line(record.fields, _currency(head.fields, terms, dialect), dialect))
        line = head.line
        fact = _fact(head.fields, terms, dialect) | {"lines": lines}
    except RowError as error:
        return BadRow(line, str(error))
    return fact_or_error(line, fact)


def _fact(first: Fields, terms: ImportTerms, dialect: OrderColumns) -> dict[str, Any]:
    return {
        "type": "order",
        "order": first[dialect.order],
        "customer": _customer(first, terms, dialect),
        "territory": first.get(dialect.country) or terms.territory,
        "placed_at": _instant(first[dialect.placed], terms.zone),
        "status": _status(first, dialect),
    }


def _currency(first: Fields, terms: ImportTerms, dialect: OrderColumns) -> str:
    currency = first.get(dialect.currency) or terms.currency
    if not currency:
        raise RowError("The order names no currency; add --currency")
    return currency


def _line(row: Fields, currency: str, dialect: OrderColumns) -> dict[str, Any]:
    qty = parse_integer(row[dialect.qty], dialect.qty)
    if qty < 1:
        raise RowError(f"{dialect.qty} is {qty}; an order line has at least 1")
    sku = row[dialect.sku].strip().lstrip("'")
    if not sku:
        raise RowError("The line has no SKU; give the product one and export again")
    paid = sum(_parse_amount(row.get(column, ""), column) for column in dialect.paid)
    total = (paid * qty if dialect.paid_each else paid) - _parse_amount(
        row.get(dialect.off, ""), dialect.off
    )
    try:
        minor = 10 ** (_DECIMALS - money.exponent_of(currency))
    except money.MoneyError as error:
        raise RowError(str(error)) from error
    # Up: what a shopper paid is a price that later offers must not undercut.
    unit = money.divide_up(max(total, 0), qty * minor)
    return {"sku": sku, "qty": qty, "unit": {"amount": unit, "currency": currency}}


def _parse_amount(text: str, column: str) -> int:
    if not text.strip():
        return 0
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise RowError(f"{column} is {text[:40]!r}; write plain digits, as in 12.50")
    return int(found[1] + (found[2] or "").ljust(_DECIMALS, "0"))


def _customer(row: Fields, terms: ImportTerms, dialect: OrderColumns) -> str | None:
    column = terms.customer_column or dialect.customer
    found = row.get(column, "").strip().lstrip("'") if column else ""
    return found if found not in {"", "0"} else None  # WooCommerce has guests as customer 0


def _status(row: Fields, dialect: OrderColumns) -> str:
    cancelled = row.get(dialect.cancelled, "").strip().lower()
    if cancelled in _CANCELLED or (dialect.cancelled != dialect.delivered and cancelled):
        return "cancelled"
    return "shipped" if row.get(dialect.delivered, "").strip().lower() in _SHIPPED else "placed"


def _instant(text: str, zone: str) -> str:
    try:
        when = datetime.fromisoformat(text.strip().replace(" -", "-").replace(" +", "+"))
    except ValueError as error:
        raise RowError(f"{text[:40]!r} is no time; write 2026-03-10 12:00:00 +0100") from error
    return (when if when.tzinfo else when.replace(tzinfo=zone_of(zone))).isoformat()
