"""Results of reading a file: facts, bad rows and skipped rows, each with its line.

Here are also the parsers of prices, numbers and categories that several readers share.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from tactful.core.facts import fact_codec
from tactful.core.facts.fact_types import AnyFact
from tactful.core.values import money


class SourceError(Exception):
    """A source cannot be read at all. The text says what is wrong, where, and what to do."""


class ImportTerms(Struct, frozen=True, kw_only=True):
    """What a file does not contain itself, from the options of the import."""

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
    zone: str = "UTC"
    """IANA time zone of times that name none."""


class FoundFact(Struct, frozen=True):
    """A fact, and the line on which its row begins."""

    line: int
    fact: AnyFact


class BadRow(Struct, frozen=True):
    """A row that cannot become a fact, and what to do about it."""

    line: int
    message: str


class SkippedRow(Struct, frozen=True):
    """A row that contains no fact, and why."""

    line: int
    reason: str


Row = FoundFact | BadRow | SkippedRow
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
    fact = fact_codec.decode(raw)
    return (
        BadRow(line, fact.message)
        if isinstance(fact, fact_codec.FactRejection)
        else FoundFact(line, fact)
    )


_PRICE = re.compile(r"(?:([A-Z]{3}) ?)?(-?[0-9]+(?:\.[0-9]+)?)(?: ?([A-Z]{3}))?", re.ASCII)


def parse_price(text: str, currency: str | None) -> dict[str, Any] | None:
    """Parse a price such as `12.50 EUR`, `EUR 12.50`, or `12.50` in the given currency.

    Args:
        text: The text; empty means no price.
        currency: ISO 4217 code of prices that name none.

    Returns:
        The `amount` in minor units and the `currency`; None: no price.

    Raises:
        RowError: The text is not a price, or has more decimals than its currency.
    """
    if not text.strip():
        return None
    found = _PRICE.fullmatch(text.strip())
    code = found and (found[1] or found[3] or currency)
    if found is None or not code:
        hint = "Name its currency with --currency." if found else "Write plain digits, as in 12.50."
        raise RowError(f"{text[:40]!r} is not a price. {hint}")
    whole, _, decimals = found[2].partition(".")
    try:
        kept = decimals.rstrip("0").ljust(min(len(decimals), money.exponent_of(code)), "0")
        amount = money.parse(f"{whole}.{kept}" if kept else whole, code)
    except money.MoneyError as error:
        raise RowError(str(error)) from error
    return {"amount": amount.amount, "currency": amount.currency}


def parse_integer(text: str, what: str) -> int:
    """Parse a whole number.

    Args:
        text: The text.
        what: What it is, for the error.

    Raises:
        RowError: The text is not a whole number.
    """
    try:
        return int(text.strip())
    except ValueError as error:
        raise RowError(f"{what} is {text[:40]!r}. Write a whole number.") from error


def category_path(text: str) -> str:
    """Return a category such as `Shoes > Running` as the path `Shoes/Running`."""
    return "/".join(part.strip().replace("/", "-") for part in text.split(">") if part.strip())
