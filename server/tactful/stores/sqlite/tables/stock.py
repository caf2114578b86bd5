"""Stock commitments in SQLite: the units that standing offers promise."""

from collections.abc import Mapping
from typing import Final

from tactful.stores.shared.commit_check import Shelf
from tactful.stores.sqlite.ledger_connection import LedgerConnection

SELECT_COMMITMENTS: Final = (
    "SELECT sku, territory, promised FROM stock_commitments"
    " WHERE promised > 0 AND sku IN (SELECT value FROM json_each(?)) ORDER BY sku, territory"
)
_PROMISE: Final = """
  INSERT INTO stock_commitments VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET promised = promised + excluded.promised"""
_RELEASE: Final = """
  UPDATE stock_commitments SET promised = promised + ? WHERE sku = ? AND territory = ?"""


def read_promised_units(connection: LedgerConnection, shelf: Shelf) -> int:
    """Read and return the units that standing offers promise; they are known from then on."""
    sql = "SELECT promised FROM stock_commitments WHERE sku = ? AND territory = ?"
    row = connection.execute(sql, shelf).fetchone()
    units = connection.known.promised[shelf] = int(row[0]) if row else 0
    return units


def add_units(connection: LedgerConnection, growth: Mapping[Shelf, int]) -> None:
    """Add to what is promised; a negative number releases.

    Raises:
        sqlite3.IntegrityError: More would be released than is promised.
    """
    promised = connection.known.promised
    more, less = [], []
    for shelf, units in growth.items():
        if units > 0:
            more.append((*shelf, units))
        elif units < 0:
            less.append((units, *shelf))
        known = promised.pop(shelf, None)
        if known is not None and known + units >= 0:
            promised[shelf] = known + units
    if more:
        connection.executemany(_PROMISE, more)
    if less:
        connection.executemany(_RELEASE, less)
