"""Reader of delimited text, such as CSV, with the line of each row."""

import csv
from collections import ChainMap, Counter, deque
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from itertools import chain, islice
from typing import Final

import msgspec
from msgspec import Struct

from tactful.connectors.files.byte_sources import ByteSource
from tactful.connectors.files.column_names import Aliases, renaming
from tactful.connectors.files.results import BadRow, Fields, RowNote, SourceError
from tactful.core.values.counts import counted

_MAX_ROW_LINES: Final = 2_000
"""Most lines of one row: without a limit, an unclosed quotation mark takes the rest of the file."""
_MAX_REPEATED_LINES: Final = 50_000
"""Most lines of a file that are read again after damaged rows: without a limit, each line of a file of
unclosed quotation marks is read 2,000 times."""
_AROUND: Final = (
    " \t\r\n\v\f\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f"
    "\u205f\u3000\u0085\u2028\u2029\u00ad\u200b\u2060\ufeff"
)
"""Blanks, and characters that are copied with a text and cannot be seen: a SKU would match no page."""
_DELIMITERS: Final = ",;\t|"
_MAX_HEADER_LINES: Final = 20
"""Most lines of a header with line breaks in its names, and most lines before a header."""
_NOT_UTF_8: Final = (
    "The row is not UTF-8. Name the encoding of the file, such as --encoding windows-1252 for Excel "
    "in western Europe or windows-1250 in central Europe, or save the file as UTF-8."
)
_SHORT_ROW: Final = (
    "A row has fewer values than the header has columns: the missing ones are read as empty."
)


class TableRow(Struct, frozen=True):
    """One row of a table."""

    line: int
    fields: Fields


class _Header(Struct, frozen=True):
    """The header of a table."""

    line: int
    names: tuple[str, ...]
    delimiter: str


def read_header(source: ByteSource, columns: Collection[str] = ()) -> tuple[str, ...]:
    """Return the names of the columns; none for an empty file.

    A name that occurs again has its number behind it: `Price`, `Price (2)`.

    Args:
        source: The table.
        columns: Names that the header has. Lines before it, such as a title, are passed over.
    """
    return _read_header(source, source.lines(), columns)[0].names


def possible_headers(source: ByteSource) -> Iterator[tuple[str, ...]]:
    """Yield the names in each of the first lines, which may all be before the header."""
    for line in islice(source.lines(), _MAX_HEADER_LINES):
        cells, *_ = _header_cells(line or "", "", iter(()))
        yield _column_names(cells)


def require_column(source: ByteSource, column: str, columns: Collection[str] = ()) -> None:
    """Check that a table has a column, and has it once.

    Args:
        source: The table.
        column: Name of the column.
        columns: Names that the header has; see `read_header`.

    Raises:
        SourceError: The table has no such column, and the text names the most similar one; or it has
            two of the name.
    """
    names = read_header(source, columns)
    if f"{column} (2)" in names:
        raise SourceError(
            f"{source.name}: The file has more than one column {column!r}. "
            "Rename those that are not meant."
        )
    if column in names:
        return
    folded = {name.casefold(): name for name in names}
    near = get_close_matches(column.casefold(), folded, n=1)
    hint = f"Did you mean {folded[near[0]]!r}?" if near else f"It has {', '.join(names)[:200]}."
    raise SourceError(f"{source.name}: The file has no column {column!r}. {hint}")


def table_rows(
    source: ByteSource, aliases: Aliases | None = None, columns: Collection[str] = ()
) -> Iterator[TableRow | BadRow | RowNote]:
    """Yield every row below the header, with the line on which it begins.

    A row with too many values or in another encoding is a bad row. A row with a broken quotation
    mark is a bad row too, and reading goes on at the next line. A row with too few values is noted,
    because it may be cut off. In tab-separated text, quotation marks have no special meaning.

    Args:
        source: The table.
        aliases: Other names of the columns; None: the rows have the names of the file.
        columns: Names that the header has; see `read_header`.

    Raises:
        SourceError: The table exceeds a limit of the import.
    """
    csv.field_size_limit(source.limits.row)
    header, text = _read_header(source, source.lines(), columns)
    if not header.names:
        return
    if again := [name for name in header.names if f"{name} (2)" in header.names]:
        yield RowNote(
            header.line, f"More than one column is called {again[0]!r}: the first is read."
        )
    if aliases:
        renamed = renaming(header.names, aliases)
        names = tuple(renamed.get(name, name) for name in header.names)
        header = msgspec.structs.replace(header, names=names)
    rows = _tab_separated if header.delimiter == "\t" else _delimited
    yield from rows(source, text, header)


def _read_header(
    source: ByteSource, text: Iterator[str | None], columns: Collection[str] = ()
) -> tuple[_Header, Iterator[str | None]]:
    """Read the first line with names, or the first of the first lines that has all `columns`.

    Excel's line `sep=;` in front of it sets the delimiter.

    Returns:
        The header, and the lines behind it.
    """
    csv.field_size_limit(source.limits.row)
    delimiter = ""
    first: _Header | None = None
    passed: list[str | None] = []
    number = 0
    for line in text:
        number += 1
        if line is None:
            raise SourceError(f"{source.name}:{number}: {source.limits.long_row('header')}")
        if line.startswith("sep=") and len(line.strip()) == len("sep=;"):
            delimiter = line[4]
            continue
        cells, found, more, text = _header_cells(line, delimiter, text)
        number += len(more)
        if first is not None:
            passed += [line, *more]
        names = _column_names(cells)
        if names:
            source.limits.check_columns(source.name, len(names))
            header = _Header(number, names, found)
            if not {*columns} - {*names}:
                return header, text
            first = first or header
        if columns and number >= _MAX_HEADER_LINES:
            break
    return first or _Header(0, (), ","), chain(passed, text)


def _header_cells(
    line: str, delimiter: str, text: Iterator[str | None]
) -> tuple[list[str], str, list[str | None], Iterator[str | None]]:
    """Return the cells of a header, its delimiter, its further lines, and the lines behind it."""
    found = delimiter or _delimiter(line)
    if found == "\t":
        return line.split(found), found, [], text
    more: list[str | None] = []

    def lines() -> Iterator[str]:
        yield line
        for each in islice(text, _MAX_HEADER_LINES):
            more.append(each)
            yield each or ""

    try:
        return next(csv.reader(lines(), delimiter=found, strict=True), []), found, more, text
    except csv.Error:
        # A quotation mark that is not closed is one of the name.
        cells = next(csv.reader([line], delimiter=found), [])
        return cells, found, [], chain(more, text)


def _column_names(cells: list[str]) -> tuple[str, ...]:
    """Return the names of columns on one line each, without empty ones at the end."""
    names: list[str] = []
    count: Counter[str] = Counter()
    for cell in cells:
        name = " ".join(cell.split())
        count[name] += 1
        names.append(f"{name} ({count[name]})" if name and count[name] > 1 else name)
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def _tab_separated(
    source: ByteSource, text: Iterator[str | None], header: _Header
) -> Iterator[TableRow | BadRow | RowNote]:
    blank = dict.fromkeys(header.names, "")
    for line, record in enumerate(text, header.line + 1):
        if record is None:
            yield BadRow(line, source.limits.long_row("row"))
        elif record.strip():
            yield from _records(line, header.names, blank, record.rstrip("\r\n").split("\t"))


def _delimited(
    source: ByteSource, text: Iterator[str | None], header: _Header
) -> Iterator[TableRow | BadRow | RowNote]:
    lines = _RowLines(source, text)
    reader = csv.reader(lines, delimiter=header.delimiter, strict=True)
    blank = dict.fromkeys(header.names, "")
    first = header.line + 1
    damaged = False
    while True:
        lines.begin_row()
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            quotes = f"The row cannot be read: {error}. Check its quotation marks."
            yield BadRow(first, source.limits.long_row("row") if lines.is_too_long else quotes)
            lines.keep_first(first)
            reader = csv.reader(lines, delimiter=header.delimiter, strict=True)
            first, damaged = first + 1, True
            continue
        # After a damaged row, a line with fewer values belongs to that row.
        if damaged and any(values) and len(values) < len(header.names):
            yield BadRow(first, "The line cannot be read, because a row before it is damaged.")
        elif any(values):
            damaged = False
            yield from _records(first, header.names, blank, values)
        first += lines.taken


class _RowLines:
    """Lines of a table, which can go back to the second line of the row that is being read."""

    def __init__(self, source: ByteSource, text: Iterator[str | None]) -> None:
        self._source = source
        self._text = text
        self._row: list[str | None] = []
        self._size = 0
        self.is_too_long = False
        """Whether the row is longer than the limit."""
        self._returned: deque[str | None] = deque()
        self._repeated = 0

    @property
    def taken(self) -> int:
        """How many lines the row has."""
        return len(self._row)

    def begin_row(self) -> None:
        """Forget the lines of the row before."""
        self._row.clear()
        self._size = 0
        self.is_too_long = False

    def keep_first(self, number: int) -> None:
        """Return all lines of the row but its first, so that they are read again.

        Args:
            number: Line on which the row begins.

        Raises:
            SourceError: So many rows are damaged that reading on would take too long.
        """
        self._repeated += len(self._row) - 1
        if self._repeated > _MAX_REPEATED_LINES:
            raise SourceError(
                f"{self._source.name}:{number}: Quotation marks are not closed in too many rows. "
                "Write each quotation mark inside a value twice, or export with tabs between values."
            )
        self._returned.extendleft(reversed(self._row[1:]))

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self._row) == _MAX_ROW_LINES:
            raise csv.Error(f"a quotation mark is not closed within {_MAX_ROW_LINES:,} lines")
        line = self._returned.popleft() if self._returned else next(self._text)
        self._row.append(line)
        self._size += len(line or "")
        if line is None or self._size > self._source.limits.row:
            self.is_too_long = True
            raise csv.Error
        return line


def _records(
    line: int, names: tuple[str, ...], blank: dict[str, str], values: list[str]
) -> Iterator[TableRow | BadRow | RowNote]:
    if any(values[len(names) :]):
        message = (
            f"The row has {counted(len(values), 'value')} for {counted(len(names), 'column')}. "
            "Quote values that contain the delimiter."
        )
        yield BadRow(line, message)
        return
    if any("\ufffd" in value for value in values):
        yield BadRow(line, _NOT_UTF_8)
        return
    missing = len(names) - len(values)
    fields = dict(zip(names, map(_cell, values), strict=False))
    if missing <= 0:
        yield TableRow(line, fields)
    else:
        # Filling the row up would take a thousand steps for a row of one character.
        yield TableRow(line, ChainMap(fields, blank))
        yield RowNote(line, _SHORT_ROW)


def _cell(value: str) -> str:
    """Return the content of a cell without blanks and invisible characters around it."""
    return value.strip() if value.isascii() else value.strip(_AROUND)


def _delimiter(line: str) -> str:
    return max(_DELIMITERS, key=line.count)
