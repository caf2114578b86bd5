"""Results of reading a file: facts, bad rows, skipped rows and notes, each with its line."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from tactful.core.facts import fact_codec
from tactful.core.facts.fact_types import AnyFact


class SourceError(Exception):
    """A source cannot be read at all. The text says what is wrong, where, and what to do."""


class Market(Struct, frozen=True):
    """Where a market of a shop is, and the terms of its prices."""

    territory: str
    currency: str | None = None
    """ISO 4217 code; None: the currency of the import."""
    tax_rate_bp: int | None = None
    """Basis points; None: the tax rate of the import."""


class ImportTerms(Struct, frozen=True, kw_only=True):
    """Values that the file does not contain itself, from the options of the import."""

    now: int
    """Milliseconds since the Unix epoch, UTC; decides which sale prices apply."""
    territory: str | None = None
    """Territory of prices and stock."""
    currency: str | None = None
    """Currency of prices that name none."""
    tax_included: bool = True
    tax_rate_bp: int | None = None
    """Tax rate of the prices, in basis points."""
    assumed_stock: int | None = None
    """Available pieces of an item that is in stock without a number; None: unknown."""
    customer_column: str | None = None
    """Column of an order export with the shop's customer id."""
    zone: str | None = None
    """IANA time zone of times that name none; None: UTC, and a note says so."""
    columns: Mapping[str, str] = {}
    """Field → column of a table that gives it; empty: the format of the file says so."""
    sku_from: str | None = None
    """What stands in for a missing SKU, such as `barcode` or `column:NAME`; None: nothing."""
    markets: Mapping[str, Market] = {}
    """Name of a market in an export → its territory, currency and tax."""
    decimal: str | None = None
    """Decimal sign of prices, `.` or `,`; None: read from each price where it is unambiguous."""


class FoundFact(Struct, frozen=True):
    """A fact, and the line on which its row begins."""

    line: int
    fact: AnyFact
    notes: tuple[str, ...] = ()
    """What the server reads differently from what the row says; `files.read_rows` counts it."""


class BadRow(Struct, frozen=True):
    """A row that cannot become a fact, and what to do about it."""

    line: int
    message: str


class SkippedRow(Struct, frozen=True):
    """A row that contains no fact, and why."""

    line: int
    reason: str


class RowNote(Struct, frozen=True):
    """A value that was unknown, assumed or left out, while the row still gives facts.

    Equal messages are counted together, so a message names the value and never its row.
    """

    line: int
    message: str


Row = FoundFact | BadRow | SkippedRow | RowNote
Fields = Mapping[str, str]
"""Name of a column → value of the row; absent values are empty."""


class RowError(ValueError):
    """A row cannot become a fact; the text says why and what to do."""


def fact_or_error(line: int, fact: Mapping[str, Any]) -> Row:
    """Return the fact of a row, or a bad row with the text of the server's own check.

    Args:
        line: Line on which the row begins.
        fact: The fact as `POST /v1/facts` accepts it; fields of None are left out.
    """
    return decode_or_error(
        line, msgspec.json.encode({k: v for k, v in fact.items() if v is not None})
    )


def decode_or_error(line: int, raw: bytes) -> Row:
    """Return the fact of a JSON object, or a bad row with the text of the server's own check."""
    reading = fact_codec.read_fact(raw)
    fact = reading.result
    if isinstance(fact, fact_codec.FactRejection):
        return BadRow(line, fact.message)
    return FoundFact(line, fact, tuple(note.message for note in reading.notes))
