"""Inserts of many rows into one table, which each engine performs in its own way."""

from msgspec import Struct


class Insert(Struct, frozen=True):
    """An insert into one table."""

    table: str
    columns: tuple[tuple[str, str], ...]
    """(name, type) of each column, in the order of the values."""
    conflict: str = ""
    """The clause that says what happens where a row is stored already; empty: an error."""
    key_columns: int = 0
    """How many of the first columns name the row, if the clause updates the stored one; else 0."""
    values: str = ""
    """The statement for one row, with `?` for each value."""


def insert_into(table: str, columns: str, conflict: str = "", key_columns: int = 0) -> Insert:
    """Return an insert.

    Args:
        table: The table.
        columns: Name and type of each column, such as `id text, at bigint`.
        conflict: See `Insert`.
        key_columns: See `Insert`.
    """
    pairs = [one.strip().rpartition(" ") for one in columns.split(",")]
    named = tuple((name, kind) for name, _, kind in pairs)
    names = ", ".join(name for name, _ in named)
    marks = ", ".join("?" for _ in named)
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks}) {conflict}"  # noqa: S608
    return Insert(table, named, conflict, key_columns, statement)
