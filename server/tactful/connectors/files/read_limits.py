"""Limits of what is read of one file of an import.

A feed comes from another company, and a few bytes can be packed so that they unpack to terabytes. The limits are
far above the files of real shops: a feed of a million items has about one GiB.
"""

from typing import Final

from msgspec import Struct, structs

from tactful.connectors.files.results import SourceError

MIB: Final = 1 << 20
_UNITS: Final = {"KiB": 1 << 10, "MiB": MIB, "GiB": 1 << 30}
_PACKED: Final = 64 * MIB
"""Unpacked bytes from which the ratio counts: a short file of equal lines may be packed as it likes."""


class ReadLimits(Struct, frozen=True, kw_only=True):
    """The most that is read of one file; each field is a name of `--limit`."""

    size: int = 4096 * MIB
    """Bytes of a file that is fetched, piped or unpacked. A plain file on disk has no limit."""
    ratio: int = 100
    """Unpacked bytes for each packed byte, from 64 MiB on. Exports of shops have 5 to 30."""
    row: int = 4 * MIB
    """Characters of a line, a row of a table or an item of a feed. Descriptions can contain images."""
    rows: int = 10_000_000
    """Lines of a text, and items of a feed: readers remember a little of each."""
    columns: int = 1_000
    """Columns of a table."""

    def check_size(self, name: str, size: int) -> None:
        """Raise SourceError where a file has more bytes than `size` allows."""
        if size > self.size:
            problem = f"The file has more than {shown_size(self.size)}"
            raise _too_much(name, problem, "size", f"{-(-self.size >> 29)}GiB")

    def check_unpacked(self, name: str, unpacked: int, packed: int) -> None:
        """Raise SourceError where a compressed file unpacks to too many bytes.

        Args:
            name: Name of the file.
            unpacked: Bytes that were unpacked.
            packed: Bytes from which they were unpacked.
        """
        if unpacked > _PACKED and unpacked > self.ratio * packed:
            problem = f"The file unpacks to more than {self.ratio} times its size"
            raise _too_much(name, problem, "ratio", str(2 * self.ratio))
        self.check_size(name, unpacked)

    def check_rows(self, name: str, rows: int) -> None:
        """Raise SourceError where a file has more lines or items than `rows` allows."""
        if rows > self.rows:
            problem = f"The file has more than {self.rows:,} lines or items"
            raise _too_much(name, problem, "rows", str(2 * self.rows))

    def check_columns(self, name: str, columns: int) -> None:
        """Raise SourceError where a table has more columns than `columns` allows."""
        if columns > self.columns:
            problem = f"The header names {columns:,} columns, and {self.columns:,} are allowed"
            raise _too_much(name, problem, "columns", str(columns))

    def long_row(self, what: str) -> str:
        """Return the text for a line, row or item that is longer than `row` allows.

        Args:
            what: What is too long, as in `line`.
        """
        allowed, more = shown_size(self.row), f"{-(-self.row >> 19)}MiB"
        return f"The {what} is longer than {allowed}. Split it, or add --limit row={more} if it is meant."


DEFAULT_LIMITS: Final = ReadLimits()


def parse_limit(text: str) -> dict[str, int]:
    """Return the limit of a text such as `size=8GiB` or `columns=2000`.

    Raises:
        ValueError: There is no such limit, or the value is not a positive number; the text says so.
    """
    name, _, value = text.partition("=")
    known = structs.asdict(DEFAULT_LIMITS)
    if name not in known:
        raise ValueError(f"{name!r} is no limit of an import. Use {', '.join(known)}.")
    unit = next((unit for unit in _UNITS if value.endswith(unit)), "")
    digits = value.removesuffix(unit).strip()
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 16) or not int(digits):
        raise ValueError(f"{value!r} is not a limit. Write a number, as in {name}=2000 or 8GiB.")
    return {name: int(digits) * _UNITS.get(unit, 1)}


def shown_size(size: int) -> str:
    """Return a number of bytes or characters in the largest unit that divides it."""
    for unit, each in reversed(_UNITS.items()):
        if size and size % each == 0:
            return f"{size // each:,} {unit}"
    return f"{size:,} bytes"


def _too_much(name: str, problem: str, limit: str, more: str) -> SourceError:
    return SourceError(f"{name}: {problem}. Add --limit {limit}={more} if the file is meant.")
