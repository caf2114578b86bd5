"""Reader of order exports of Shopify and WooCommerce, which have a row for each order line.

All rows of an order give one order fact. What belongs to the order is read from its first row.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from tactful.connectors.files import tables
from tactful.connectors.files.byte_sources import ByteSource
from tactful.connectors.files.results import (
    BadRow,
    Fields,
    ImportTerms,
    Row,
    RowError,
    RowNote,
    fact_or_error,
)
from tactful.connectors.files.value_parsers import (
    UTC_ASSUMED,
    iso_date,
    parse_integer,
    plain_number,
)
from tactful.core.values import money
from tactful.core.values.calendar import zone_of


class OrderColumns(Struct, frozen=True, kw_only=True):
    """Names of the columns in the order export of one shop system; empty: no such column."""

    order: str
    placed: str
    currency: str
    country: str
    sku: str
    qty: str
    paid: tuple[str, ...]
    """Columns whose sum is what was paid for a line, including tax."""
    paid_each: bool
    """Whether `paid` is the price of one piece instead of the whole line."""
    off: str = ""
    """Column with the discount of the whole line, which `paid` does not contain."""
    customer: str = ""
    cancelled: str
    """Column that says whether the order was cancelled: a status, or the time of the cancellation."""
    delivered: str
    """Column with the status of the shipment."""
    payment: str = ""
    """Column with the status of the payment, where it is not that of the order."""
    refunded: str = ""
    """Column with the amount that was refunded."""
    refunded_at: tuple[str, ...] = ()
    """Columns with the instant of the refund, the best first."""
    line: str = ""
    """Column with the shop's own id of a line."""
    email: str = ""
    phone: tuple[str, ...] = ()

    @property
    def identifying_columns(self) -> frozenset[str]:
        """Columns by which this export is recognised."""
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
    payment="Financial Status",
    refunded="Refunded Amount",
    email="Email",
    phone=("Phone", "Billing Phone"),
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
    payment="status",
    refunded="order_refund_total",
    refunded_at=("refund_date", "date_modified", "modified_date", "completed_date"),
    line="item_id",
    email="billing_email",
    phone=("billing_phone",),
)
_CANCELLED: Final = frozenset({"cancelled", "failed", "trash"})
_SHIPPED: Final = frozenset({"fulfilled", "completed", "shipped"})
_REFUNDED: Final = frozenset({"refunded", "partially_refunded"})
_UNPAID: Final = frozenset({"pending", "authorized", "expired", "voided", "checkout-draft"})
_PLACED: Final = frozenset(
    {
        *("", "unfulfilled", "partial", "restocked", "in progress", "scheduled"),
        *("pending", "processing", "on-hold", "on hold", "draft", "checkout-draft"),
    }
)
_STORED_PREFIX: Final = "wc-"
"""Prefix of statuses in WooCommerce's database, which some export plugins keep."""
_DECIMALS: Final = 8
"""Decimals with which a line's amount is computed before it is divided; shop systems export up to six."""
_MAX_ROWS: Final = 10_000
"""Rows of one order, including those that are left out. A fact has at most 2,000 lines."""
_AMOUNT = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,8}))?", re.ASCII)
_LINE_WITHOUT_SKU: Final = (
    "An order line has no SKU, as a tip or a fee has none: the line is left out, the order is kept."
)

_REFUND_UNDATED: Final = (
    "The export does not say when the order was refunded: the refund is dated by the order."
)
_REMOVED_LINE: Final = "An order line has no pieces, as one that was removed: the line is left out."


def order_rows(source: ByteSource, terms: ImportTerms, dialect: OrderColumns) -> Iterator[Row]:
    """Yield an order for each run of rows with the same order number.

    Args:
        source: The export, sorted by order.
        terms: Currency, territory, customer column and time zone that the export lacks.
        dialect: The columns of the shop system.

    Raises:
        SourceError: The customer column that the import names is not in the file.
    """
    if terms.customer_column:
        tables.require_column(source, terms.customer_column)
    run: list[tables.TableRow] = []
    seen: set[str] = set()
    for record in tables.table_rows(source):
        if not isinstance(record, tables.TableRow):
            yield record
            continue
        order = record.fields[dialect.order]
        if run and order not in {run[0].fields[dialect.order], ""}:
            yield from _order(run, terms, dialect)
            run = []
        if not run and order in seen:
            # The earlier rows were yielded as a fact already, and this fact would replace that one.
            message = f"The rows of order {order} are not together. Sort the file by order."
            yield BadRow(record.line, message)
        seen.add(order)
        if len(run) <= _MAX_ROWS:
            run.append(record)
    if run:
        yield from _order(run, terms, dialect)


def _order(run: list[tables.TableRow], terms: ImportTerms, dialect: OrderColumns) -> Iterator[Row]:
    head, line = run[0], run[0].line
    if len(run) > _MAX_ROWS:
        yield BadRow(line, f"The order has more than {_MAX_ROWS:,} rows. Split it into several.")
        return
    notes: list[RowNote] = []
    try:
        currency = _currency(head.fields, terms, dialect)
        lines = []
        for record in run:
            line = record.line
            if record.fields[dialect.qty] in {"", "0"}:
                if record.fields[dialect.sku]:
                    notes.append(RowNote(line, _REMOVED_LINE))
                continue
            if record.fields[dialect.sku].lstrip("'"):
                lines.append(_line(record.fields, currency, terms, dialect))
            else:
                notes.append(RowNote(line, _LINE_WITHOUT_SKU))
        line = head.line
        fact = _fact(head, terms, dialect, notes) | {"lines": lines}
    except RowError as error:
        yield BadRow(line, str(error))
        return
    yield fact_or_error(line, fact)
    refund = _refund(head, fact, notes, dialect, terms)
    if refund is not None:
        yield fact_or_error(line, refund)
    yield from notes


def _fact(
    head: tables.TableRow, terms: ImportTerms, dialect: OrderColumns, notes: list[RowNote]
) -> dict[str, Any]:
    first = head.fields
    placed = _instant(first[dialect.placed])
    if placed.tzinfo is None:
        if terms.zone is None:
            notes.append(RowNote(head.line, UTC_ASSUMED))
        placed = _zoned(placed, terms)
    status = _status(first, dialect)
    if status is None:
        word = first.get(dialect.delivered, "")
        message = f"Status {word[:40]!r} is an unknown word: read as placed."
        notes.append(RowNote(head.line, message))
    return {
        "type": "order",
        "order": first[dialect.order],
        "customer": _customer(first, terms, dialect),
        "territory": first.get(dialect.country) or terms.territory,
        "placed_at": placed.isoformat(),
        "status": status or "placed",
        "paid": False if _word(first, dialect.payment) in _UNPAID else None,
        "contact": _contact(first, dialect),
    }


def _refund(
    head: tables.TableRow,
    order: Mapping[str, Any],
    notes: list[RowNote],
    dialect: OrderColumns,
    terms: ImportTerms,
) -> dict[str, Any] | None:
    """Return the refund of an order as a return for an unknown reason; None: nothing was refunded.

    The order stays as it was delivered, because the customer has the items or had them.
    """
    first = head.fields
    word = _word(first, dialect.payment)
    amount = _parse_amount(first, dialect.refunded, terms)
    if word not in _REFUNDED and amount == 0:
        return None
    texts = (first.get(column, "") for column in dialect.refunded_at)
    dated = next((text for text in texts if text), None)
    if dated is None:
        notes.append(RowNote(head.line, _REFUND_UNDATED))
    currency = _currency(first, terms, dialect)
    minor = amount // 10 ** (_DECIMALS - money.exponent_of(currency))
    return {
        "type": "return",
        "return": f"refund:{order['order']}",
        "order": order["order"],
        "customer": order["customer"],
        "at": _zoned(_instant(dated), terms).isoformat() if dated else order["placed_at"],
        "status": "received",
        "amount": {"amount": minor, "currency": currency} if minor else None,
    }


def _zoned(instant: datetime, terms: ImportTerms) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=zone_of(terms.zone or "UTC"))


def _contact(first: Fields, dialect: OrderColumns) -> dict[str, str] | None:
    """Return the contact of an order in clear; what reads the fact replaces it by digests."""
    phones = (first.get(column, "").lstrip("'") for column in dialect.phone)
    found = {"email": first.get(dialect.email, ""), "phone": next(filter(None, phones), "")}
    return {name: text for name, text in found.items() if text} or None


def _word(row: Fields, column: str) -> str:
    """Return a status in lower case, without the prefix that WooCommerce's database has."""
    return row.get(column, "").lower().removeprefix(_STORED_PREFIX)


def _currency(first: Fields, terms: ImportTerms, dialect: OrderColumns) -> str:
    currency = first.get(dialect.currency) or terms.currency
    if not currency:
        raise RowError("The order names no currency. Add --currency.")
    return currency


def _line(row: Fields, currency: str, terms: ImportTerms, dialect: OrderColumns) -> dict[str, Any]:
    qty = parse_integer(row[dialect.qty], dialect.qty)
    if qty < 1:
        raise RowError(f"{dialect.qty} is {qty}. Write at least 1.")
    paid = sum(_parse_amount(row, column, terms) for column in dialect.paid)
    total = (paid * qty if dialect.paid_each else paid) - _parse_amount(row, dialect.off, terms)
    try:
        minor = 10 ** (_DECIMALS - money.exponent_of(currency))
    except money.MoneyError as error:
        raise RowError(str(error)) from error
    # Rounded up: later offers must not go below what the customer paid.
    unit = money.divide_up(max(total, 0), qty * minor)
    sku = row[dialect.sku].lstrip("'")
    line = {"line": row[dialect.line]} if row.get(dialect.line) else {}
    return {"sku": sku, "qty": qty, "unit": {"amount": unit, "currency": currency}, **line}


def _parse_amount(row: Fields, column: str, terms: ImportTerms) -> int:
    """Return an amount with `_DECIMALS` decimals as a whole number; 0: the column is empty."""
    text = row.get(column, "")
    if not text:
        return 0
    found = _AMOUNT.fullmatch(text) or _AMOUNT.fullmatch(plain_number(text, terms.decimal))
    if found is None:
        raise RowError(f"{column} is {text[:40]!r}. Write plain digits, as in 12.50.")
    return int(found[1] + (found[2] or "").ljust(_DECIMALS, "0"))


def _customer(row: Fields, terms: ImportTerms, dialect: OrderColumns) -> str | None:
    column = terms.customer_column or dialect.customer
    found = row.get(column, "").lstrip("'") if column else ""
    return found if found not in {"", "0"} else None  # customer 0 of WooCommerce is anonymous


def _status(row: Fields, dialect: OrderColumns) -> str | None:
    """Return the status of an order; None: the word for it in the row is unknown."""
    cancelled = _word(row, dialect.cancelled)
    if cancelled in _CANCELLED or (dialect.cancelled != dialect.delivered and cancelled):
        return "cancelled"
    delivered = _word(row, dialect.delivered)
    if delivered in _REFUNDED:
        return "delivered"
    if delivered in _SHIPPED:
        return "shipped"
    return "placed" if delivered in _PLACED else None


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(iso_date(text).replace(" -", "-").replace(" +", "+"))
    except ValueError as error:
        hint = "Write one such as 2026-03-10 12:00:00 +0100."
        raise RowError(f"{text[:40]!r} is not a time. {hint}") from error
