"""Reader of tables of any system; the options of the import name the columns.

Each row gives a product, a price, a cost and stock, as far as its columns are named.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any, Final

import msgspec

from tactful.connectors.files import tables
from tactful.connectors.files.byte_sources import ByteSource
from tactful.connectors.files.column_words import propose_columns
from tactful.connectors.files.currency_signs import currency_in
from tactful.connectors.files.product_facts import cost_facts, price_fact, rows_of, stock_facts
from tactful.connectors.files.results import (
    Fields,
    ImportTerms,
    Row,
    RowError,
    SkippedRow,
    SourceError,
)
from tactful.connectors.files.stock_words import resolve_stock
from tactful.connectors.files.total_rows import is_total_row
from tactful.connectors.files.value_parsers import category_path, parse_integer, plain_text
from tactful.core.values.money import MoneyError, exponent_of

_AMOUNTS: Final = ("price", "list", "cost")
_SAMPLE_ROWS: Final = 20
"""Rows of a table that tell which columns hold numbers."""
_NUMBER = re.compile(
    r"-?(?:(?:[^\W\d]{2,4}\.?\$?|[^\W\d]?[^\w\s-])\s?)?-?"
    r"[0-9](?:[0-9.,'\s\u00a0\u202f\u2019]*[0-9])?(?:[.,:]?[-\u2013\u2014])?\s?\D{0,6}"
)
"""A number with a currency or a unit beside it, and no code such as `A-1` or `H3`."""
_ROUNDED = re.compile(r"[0-9][.,][0-9]+E\+[0-9]+", re.ASCII)
_LAST_SEPARATOR = re.compile(r"([.,])(?:([0-9]+)|[-\u2013\u2014]+)[^0-9.,]*\.?$", re.ASCII)


def guess_header(source: ByteSource) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the columns of a table, and field → column as far as names of columns are known.

    Lines of a title before the header are passed over, where the header names two known columns.
    """
    best = tables.read_header(source)
    found = propose_columns(best)
    for names in tables.possible_headers(source):
        proposed = propose_columns(names)
        if len(proposed) > max(1, len(found)):
            best, found = names, proposed
    return best, propose_columns(best, _numeric_columns(source, best))


def _numeric_columns(source: ByteSource, header: tuple[str, ...]) -> set[str]:
    """Return the columns whose first values are numbers, or that have no values there."""
    rows = (
        row.fields
        for row in tables.table_rows(source, columns=header)
        if isinstance(row, tables.TableRow)
    )
    sample = list(islice(rows, _SAMPLE_ROWS))
    values = {name: [row[name] for row in sample if row[name]] for name in header}
    return {name for name in header if all(map(_NUMBER.fullmatch, values[name]))}


def mapped_rows(source: ByteSource, terms: ImportTerms) -> Iterator[Row]:
    """Yield the facts of each row.

    Raises:
        SourceError: No column is named for the SKU or for anything else, a named column is missing,
            the territory or the tax rate is missing, or amounts can be read in two ways.
    """
    columns = terms.columns
    _check_columns(source, columns)
    _check_terms(source, terms)
    if terms.decimal is None:
        terms = msgspec.structs.replace(
            terms, decimal=_decimal_sign(source, columns, terms.currency)
        )
    for record in tables.table_rows(source, columns=columns.values()):
        if not isinstance(record, tables.TableRow):
            yield record
            continue
        row = {field: record.fields[column] for field, column in columns.items()}
        if is_total_row(row["sku"], row.get("title"), record.fields):
            yield SkippedRow(record.line, "a total of other rows")
            continue
        yield from rows_of(record.line, partial(_facts, row, terms))


def _check_columns(source: ByteSource, columns: Mapping[str, str]) -> None:
    if "sku" not in columns or not columns.keys() & {"title", "stock", "availability", *_AMOUNTS}:
        raise SourceError(
            f"{source.name}: A table needs the column of the SKU and of one other field. Add "
            "--column sku=NAME --column price=NAME, as `tactful import --guess FILE` proposes."
        )
    for column in columns.values():
        tables.require_column(source, column, columns.values())


def _check_terms(source: ByteSource, terms: ImportTerms) -> None:
    missing = []
    if terms.territory is None and terms.columns.keys() & {"price", "stock", "availability"}:
        missing.append("--territory GB")
    if terms.tax_rate_bp is None and "price" in terms.columns:
        missing.append("--tax-rate 20%")
    if missing:
        raise SourceError(
            f"{source.name}: The table does not contain everything. Add {' '.join(missing)}."
        )


def _decimal_sign(
    source: ByteSource, columns: Mapping[str, str], currency: str | None
) -> str | None:
    """Return the decimal sign of the amounts of the whole table; None: no amount depends on it.

    An amount such as `1.234` or `1,234` can be read in two ways. Other amounts of the table decide,
    or a currency with three decimals, or with none.
    """
    places = _places(currency)
    signs: set[str] = set()
    ambiguous = ""
    names = [columns[field] for field in _AMOUNTS if field in columns]
    for record in tables.table_rows(source, columns=columns.values()):
        if not isinstance(record, tables.TableRow):
            continue
        for text in (record.fields[name] for name in names):
            found = _LAST_SEPARATOR.search(text)
            if found is None:
                continue
            if len(found[2] or "") != 3 or len({*text} & {".", ","}) == 2 or places == 3:
                signs.add(found[1])
            elif places != 0:
                ambiguous = ambiguous or text
    if ambiguous and len(signs) != 1:
        raise SourceError(
            f"{source.name}: {ambiguous[:40]!r} can be read in two ways. "
            "Say with --decimal whether a comma or a point separates decimals."
        )
    return signs.pop() if len(signs) == 1 else None


def _places(currency: str | None) -> int:
    """Return the decimals of a currency; that of a currency which is not known is said row by row."""
    try:
        return exponent_of(currency or "EUR")
    except MoneyError:
        return 2


def _categories(text: str) -> list[str]:
    """Return the paths in a cell: `A > B`, `A/B`, or several of the second form with commas."""
    if ">" in text or "/" not in text:
        paths = [category_path(text)]
    else:
        paths = [plain_text(path) for path in text.split(",")]
    return [path for path in paths if path]


def _sku(text: str) -> str:
    """Return a SKU without what spreadsheets write around it: `'00123` or `="00123"`.

    Raises:
        RowError: There is none, or a spreadsheet has rounded it.
    """
    sku = text.lstrip("'")
    if sku.startswith('="') and sku.endswith('"'):
        sku = sku[2:-1]
    if not sku:
        raise RowError("The row has no SKU. Give it one.")
    if _ROUNDED.fullmatch(sku):
        raise RowError(
            f"The SKU {sku} is a number that a spreadsheet has rounded. "
            "Give the column the format Text, and export it again."
        )
    return sku


def _facts(row: Fields, terms: ImportTerms, notes: list[str]) -> Iterator[dict[str, Any]]:
    sku = _sku(row["sku"])
    if row.get("currency"):
        currency = currency_in(row["currency"], terms.currency)
        terms = msgspec.structs.replace(terms, currency=currency)
    if "title" in row:
        yield {
            "type": "product",
            "sku": sku,
            "product": row.get("product") or sku,
            "title": plain_text(row["title"]) or sku,
            "brand": plain_text(row.get("brand", "")) or None,
            "categories": _categories(row.get("category", "")),
            "url": row.get("url") or None,
            "image": row.get("image") or None,
        }
    if "price" in row:
        yield price_fact(sku, terms, row["price"], row.get("list", ""), notes)
    yield from cost_facts(sku, terms, row.get("cost", ""), notes)
    number = row.get("stock", "")
    quantity = parse_integer(number, "stock", terms.decimal) if number else None
    available = resolve_stock(row.get("availability", ""), quantity, terms, notes)
    if "stock" in row and available is None and not row.get("availability"):
        notes.append("A row has no number of pieces: no stock fact is made.")
    yield from stock_facts(sku, terms, available)
