"""Lists of discount codes: one a line, or a table with a column of codes."""

import csv
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from tactful.core.offers.discount_codes import FreeCode, code_key, code_problem
from tactful.core.values.calendar import CalendarError, local_instant, parse_rfc3339

CODE_NAMES: Final = frozenset(
    {"code", "codes", "coupon", "coupon code", "discount code", "voucher"}
)
"""Names of the column of codes, in lower case."""
END_NAMES: Final = frozenset(
    {"ends_at", "ends at", "end", "ends", "expires", "expiry", "expires_at"}
)
"""Names of the column of their ends, in lower case."""


class ListedCode(Struct, frozen=True):
    """A line of a list that has a code, or cannot have one."""

    line: int
    """From 1."""
    code: FreeCode | None
    """`None`: the line has no code that can be used."""
    problem: str = ""
    """Why there is none, in a full sentence."""


def read_codes(text: str, zone: str, ends_at: int | None = None) -> Iterator[ListedCode]:
    """Yield the codes of a list, and the lines that have none.

    A table has a first line that names a column of codes. Without such a line the first column is
    that of the codes. Empty lines are skipped. A code that the list had before is a problem.

    Args:
        text: The list; its columns are separated by commas, semicolons or tabs.
        zone: IANA time zone of ends without an offset.
        ends_at: The end of codes without one of their own, milliseconds since the Unix epoch, UTC.
    """
    rows = list(_rows(text))
    code_column, end_column, first = 0, None, 0
    if rows:
        names = [cell.strip().lower() for cell in rows[0][1]]
        found = [place for place, name in enumerate(names) if name in CODE_NAMES]
        if found:
            ends = [place for place, name in enumerate(names) if name in END_NAMES]
            code_column, end_column, first = found[0], ends[0] if ends else None, 1
    seen: dict[str, int] = {}
    for line, cells in rows[first:]:
        code = cells[code_column].strip() if code_column < len(cells) else ""
        if problem := code_problem(code):
            yield ListedCode(line, None, problem)
            continue
        before = seen.setdefault(code_key(code), line)
        if before != line:
            yield ListedCode(line, None, f"The code {code} is in line {before} already.")
            continue
        own = (
            cells[end_column].strip() if end_column is not None and end_column < len(cells) else ""
        )
        try:
            yield ListedCode(line, FreeCode(code, end_of(own, zone) if own else ends_at))
        except CalendarError:
            problem = f"'{own[:40]}' is no end. Write a date such as 2026-12-31."
            yield ListedCode(line, None, problem)


def end_of(text: str, zone: str) -> int:
    """Return the instant of an end, milliseconds since the Unix epoch, UTC.

    Args:
        text: A date, whose day is included, or an instant.
        zone: IANA time zone of a text without an offset.

    Raises:
        CalendarError: The text is neither.
    """
    try:
        return parse_rfc3339(text)
    except CalendarError:
        return local_instant(text, zone, end=True)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    lines = text.removeprefix("\ufeff").splitlines()
    head = next((line for line in lines if line.strip()), "")
    separator = next((mark for mark in (";", "\t", ",") if mark in head), ",")
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, next(csv.reader([line], delimiter=separator))
