"""Stock commitments: the units that standing offers promise."""

from collections.abc import Mapping
from typing import Final

from tactful.stores.relational.inserts import insert_into
from tactful.stores.relational.ledger_connection import LedgerConnection
from tactful.stores.shared.commit_check import Shelf

SELECT_COMMITMENTS: Final = (
    "SELECT sku, territory, promised FROM stock_commitments"
    " WHERE promised > 0 AND sku IN (SELECT value FROM json_each(?)) ORDER BY sku, territory"
)
_PROMISE: Final = insert_into(
    "stock_commitments",
    "sku text, territory text, promised bigint",
    """ON CONFLICT (sku, territory)
      DO UPDATE SET promised = stock_commitments.promised + excluded.promised""",
    key_columns=2,
)
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
        Exception: More would be released than is promised, which the database refuses.
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
        connection.insert(_PROMISE, more)
    if less:
        connection.executemany(_RELEASE, less)
