"""Reader of Shopify's inventory export, which has a row or a column for each location."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from tactful.connectors.files import column_names, tables
from tactful.connectors.files.byte_sources import ByteSource
from tactful.connectors.files.results import (
    BadRow,
    Fields,
    ImportTerms,
    Row,
    RowError,
    SkippedRow,
    fact_or_error,
)
from tactful.connectors.files.value_parsers import parse_integer

COLUMNS: Final = frozenset({"Handle", "SKU", "COO"})
"""Columns by which the export is recognised, under the names that are read."""
_NOT_STOCKED: Final = frozenset({"", "not stocked"})


class _Total(Struct):
    """Pieces of one SKU over all locations, and the line on which it first occurs."""

    line: int
    pieces: int


def inventory_rows(source: ByteSource, terms: ImportTerms) -> Iterator[Row]:
    """Yield the stock of each SKU, summed over its locations, after the whole file is read.

    The sum has no location, so that it replaces the stock of a product export and does not add to it.

    Raises:
        KeyError: The export has no column with the available pieces.
    """
    totals: dict[str, _Total] = {}
    locations = _location_columns(tables.read_header(source))
    for record in tables.table_rows(source, column_names.SHOPIFY_INVENTORY):
        if not isinstance(record, tables.TableRow):
            yield record
            continue
        sku = record.fields["SKU"].lstrip("'")
        try:
            pieces = _pieces(record.fields, locations)
        except RowError as error:
            yield BadRow(record.line, str(error))
            continue
        if not sku:
            yield SkippedRow(record.line, "a variant without a SKU")
        elif pieces is None:
            yield SkippedRow(record.line, "not stocked at a location")
        else:
            totals.setdefault(sku, _Total(record.line, 0)).pieces += pieces
    for sku, total in totals.items():
        stock = {"type": "stock", "sku": sku, "territory": terms.territory}
        yield fact_or_error(total.line, stock | {"available": total.pieces})


def _location_columns(header: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns that are locations; none: each location has a row of its own."""
    return () if "Location" in header else header[header.index("COO") + 1 :]


def _pieces(row: Fields, locations: tuple[str, ...]) -> int | None:
    """Return the available pieces in a row; None: no location of the row stocks the SKU."""
    found = [row[name] for name in locations] if locations else [row["Available"]]
    stocked = [text for text in found if text.lower() not in _NOT_STOCKED]
    return sum(parse_integer(text, "stock") for text in stocked) if stocked else None
