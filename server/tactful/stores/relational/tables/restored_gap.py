"""The mark that a restore leaves in a ledger: what the ledger knows nothing of."""

from typing import Final

import msgspec

from tactful.runtime.ports.ledger_rows import RestoredGap
from tactful.stores.relational.ledger_connection import WriteConnection

READ: Final = "SELECT value FROM meta WHERE key = 'restored'"
_PUT: Final = """
  INSERT INTO meta (key, value) VALUES ('restored', ?)
  ON CONFLICT (key) DO UPDATE SET value = excluded.value"""
_DECODE: Final = msgspec.json.Decoder(RestoredGap).decode


def gap_from_rows(rows: list[tuple[bytes]]) -> RestoredGap | None:
    """Return the gap of the rows that `READ` found; None: nothing was restored."""
    return _DECODE(rows[0][0]) if rows else None


def read_gap(connection: WriteConnection) -> RestoredGap | None:
    """Return what the last restore lost; None: nothing was restored."""
    return gap_from_rows(connection.execute(READ).fetchall())


def write_gap(connection: WriteConnection, gap: RestoredGap) -> None:
    """Store what a restore lost, or that its orders are reported again.

    An earlier gap that was not confirmed stays open: its beginning is kept.
    """
    before = read_gap(connection)
    if before and not before.is_confirmed and not gap.is_confirmed:
        gap = RestoredGap(min(before.backup_at, gap.backup_at), gap.restored_at)
    connection.execute(_PUT, (msgspec.json.encode(gap),))
