"""Counts per hour in SQLite."""

import sqlite3
from collections.abc import Iterable
from typing import Final

from tactful.runtime.ports.ledger_rows import TallyRow

_PUT: Final = """
  INSERT INTO tallies VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET count = count + excluded.count"""
_SUMS: Final = """
  SELECT hour, what, product, territory, name, count FROM tallies
  WHERE hour >= ? AND (? IS NULL OR what = ?)
  ORDER BY hour, what, product, territory, name"""


def add_tallies(connection: sqlite3.Connection, rows: Iterable[TallyRow]) -> None:
    """Add counts; equal ones of one call are written once."""
    sums: dict[tuple[object, ...], int] = {}
    for row in rows:
        key = row.hour, row.what, row.product, row.territory, row.name
        sums[key] = sums.get(key, 0) + row.count
    connection.executemany(_PUT, [(*key, count) for key, count in sums.items()])


def sums_query(since: int, what: str | None) -> tuple[str, tuple[object, ...]]:
    """Return the query of the counts since an hour, and its parameters; see `Tallies`."""
    return _SUMS, (since, what, what)


def prune(connection: sqlite3.Connection, before: int, what: str, limit: int) -> int:
    """Delete up to `limit` counts before an hour; return how many."""
    sql = """DELETE FROM tallies WHERE (hour, what, product, territory, name) IN
      (SELECT hour, what, product, territory, name FROM tallies
       WHERE hour < ? AND what = ? LIMIT ?)"""
    return connection.execute(sql, (before, what, limit)).rowcount
