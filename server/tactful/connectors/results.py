"""What was found in a file: facts and bad rows, each with its line, and the terms it was read under?"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from tactful.core.facts import fact_codec
from tactful.core.facts.fact_types import AnyFact
from tactful.core.values import money


class SourceError(Exception):
    """A source that cannot be read at all; the text says what, where and what to do."""


class ImportTerms(Struct, frozen=True, kw_only=True):
    """What a file does not say by itself; `now` is ms since the epoch, for sales that begin and end."""

    now: int
    territory: str | None = None
    currency: str | None = None
    tax_included: bool = True
    tax_rate_bp: int | None = None
    assumed_stock: int | None = None
    customer_column: str | None = None
    zone: str = "UTC"


class FoundFact(Struct, frozen=True):
    """A fact, and the line on which its row begins."""

    line: int
    fact: AnyFact


class BadRow(Struct, frozen=True):
    """A row that is no fact: what is wrong and what to do."""

    line: int
    message: str


class SkippedRow(Struct, frozen=True):
    """A row that is rightly left out, and why."""

    line: int
    reason: str


Row = FoundFact | BadRow | SkippedRow
Fields = Mapping[str, str]
"""One row by column; what is absent is empty."""


class RowError(ValueError):
    """This row cannot become a fact; the text says what to do."""


def fact_or_error(line: int, fact: Mapping[str, Any]) -> Row:
    """The fact, or what the server would have said about it."""
    return decode_or_error(
        line, msgspec.json.encode({k: v for k, v in fact.items() if v is not None})
    )


def decode_or_error(line: int, raw: bytes) -> Row:
    """The same for JSON text."""
    fact = fact_codec.decode(raw)
    return (
        BadRow(line, fact.message)
        if isinstance(fact, fact_codec.FactRejection)
        else FoundFact(line, fact)
    )


_PRICE = re.compile(r"(?:([A-Z]{3}) ?)?(-?[0-9]+(?:\.[0-9]+)?)(?: ?([A-Z]{3}))?", re.ASCII)


def parse_price(text: str, currency: str | None) -> dict[str, Any] | None:
    """`12.50 EUR`, `EUR 12.50`, or `12.50` in the given currency; empty: None. RowError otherwise."""
    if not text.strip():
        return None
    found = _PRICE.fullmatch(text.strip())
    code = found and (found[1] or found[3] or currency)
    if found is None or not code:
        hint = "name its currency with --currency" if found else "write plain digits, as in 12.50"
        raise RowError(f"{text[:40]!r} is not a price; {hint}")
    whole, _, decimals = found[2].partition(".")
    try:
        kept = decimals.rstrip("0").ljust(min(len(decimals), money.exponent_of(code)), "0")
        amount = money.parse(f"{whole}.{kept}" if kept else whole, code)
    except money.MoneyError as error:
        raise RowError(str(error)) from error
    return {"amount": amount.amount, "currency": amount.currency}


def parse_integer(text: str, what: str) -> int:
    """A whole number; RowError otherwise."""
    try:
        return int(text.strip())
    except ValueError as error:
        raise RowError(f"{what} is {text[:40]!r}; write a whole number") from error


def category_path(text: str) -> str:
    """`Shoes > Running` → `Shoes/Running`."""
    return "/".join(part.strip().replace("/", "-") for part in text.split(">") if part.strip())
