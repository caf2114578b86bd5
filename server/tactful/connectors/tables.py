"""Reader of tables of comma-, semicolon- or tab-separated text, with the line of each row."""

import csv
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from tactful.connectors.byte_sources import ByteSource
from tactful.connectors.results import BadRow, Fields

_MAX_FIELD_BYTES: Final = 1 << 24
"""Product descriptions can be longer than the 128 KiB that the csv module accepts by default."""
_DELIMITERS: Final = ",;\t"


class TableRow(Struct, frozen=True):
    """One row of a table."""

    line: int
    fields: Fields


def read_header(source: ByteSource) -> tuple[str, ...]:
    """Return the names of the columns; none for an empty file."""
    with source.text() as text:
        line = text.readline()
        return tuple(next(csv.reader([line], delimiter=_delimiter(line)), ()))


def table_rows(source: ByteSource) -> Iterator[TableRow | BadRow]:
    """Yield every row below the header, with the line on which it begins.

    A row with too many values or in another encoding is a bad row. After a broken quotation mark
    the rest of the table cannot be read, so that bad row is the last.
    """
    csv.field_size_limit(_MAX_FIELD_BYTES)
    with source.text() as text:
        first = text.readline()
        delimiter = _delimiter(first)
        names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        while True:
            line = reader.line_num + 2  # the header is the first
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                message = f"The table cannot be read from here: {error}. Check its quotation marks."
                yield BadRow(line, message)
                return
            if any(values):
                yield _record(line, names, values)


def _record(line: int, names: list[str], values: list[str]) -> TableRow | BadRow:
    if len(values) > len(names):
        message = (
            f"The row has {len(values)} values for {len(names)} columns. "
            "Quote values that contain the delimiter."
        )
        return BadRow(line, message)
    if any("\ufffd" in value for value in values):
        return BadRow(line, "The row is not UTF-8. Save the file as UTF-8.")
    return TableRow(line, dict(zip(names, values + [""] * (len(names) - len(values)), strict=True)))


def _delimiter(line: str) -> str:
    return max(_DELIMITERS, key=line.count)
