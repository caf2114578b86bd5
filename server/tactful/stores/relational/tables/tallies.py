"""Counts per hour."""

from collections.abc import Iterable
from typing import Final

from tactful.runtime.ports.ledger_rows import TallyRow
from tactful.stores.relational.inserts import insert_into
from tactful.stores.relational.ledger_connection import WriteConnection

_PUT: Final = insert_into(
    "tallies",
    "hour bigint, what text, product text, territory text, name text, count bigint",
    """ON CONFLICT (hour, what, product, territory, name)
      DO UPDATE SET count = tallies.count + excluded.count""",
    key_columns=5,
)
_SUMS: Final = """
  SELECT hour, what, product, territory, name, count FROM tallies
  WHERE hour >= ? AND (CAST(? AS TEXT) IS NULL OR what = ?)
  ORDER BY hour, what, product, territory, name"""


def add_tallies(connection: WriteConnection, rows: Iterable[TallyRow]) -> None:
    """Add counts; equal ones of one call are written once."""
    sums: dict[tuple[object, ...], int] = {}
    for row in rows:
        key = row.hour, row.what, row.product, row.territory, row.name
        sums[key] = sums.get(key, 0) + row.count
    connection.insert(_PUT, [(*key, count) for key, count in sums.items()])


def sums_query(since: int, what: str | None) -> tuple[str, tuple[object, ...]]:
    """Return the query of the counts since an hour, and its parameters; see `Tallies`."""
    return _SUMS, (since, what, what)


def prune(connection: WriteConnection, before: int, what: str, limit: int) -> int:
    """Delete up to `limit` counts before an hour; return how many."""
    sql = """DELETE FROM tallies WHERE (hour, what, product, territory, name) IN
      (SELECT hour, what, product, territory, name FROM tallies
       WHERE hour < ? AND what = ? LIMIT ?)"""
    return connection.execute(sql, (before, what, limit)).rowcount
