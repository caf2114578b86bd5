"""The stop of all offers, as one row of the table `meta`."""

from typing import Final

import msgspec

from tactful.runtime.ports.ledger_rows import RULEBOOK
from tactful.runtime.ports.rulebook_store import OffersStop
from tactful.stores.relational.ledger_connection import LedgerConnection
from tactful.stores.relational.tables import change_rows

READ: Final = "SELECT value FROM meta WHERE key = 'offers_stop'"
_PUT: Final = "INSERT INTO meta (key, value) VALUES ('offers_stop', ?)"
_DELETE: Final = "DELETE FROM meta WHERE key = 'offers_stop'"
_DECODE: Final = msgspec.json.Decoder(OffersStop).decode


def stop_from_rows(rows: list[tuple[bytes]]) -> OffersStop | None:
    """Return the stop of the rows that `READ` found; None: the offers are not stopped."""
    return _DECODE(rows[0][0]) if rows else None


def put_stop(connection: LedgerConnection, stop: OffersStop) -> bool:
    """Store a stop with its change; return False if there is one already."""
    if connection.execute(READ).fetchall():
        return False
    body = msgspec.json.encode(stop)
    connection.execute(_PUT, (body,))
    change_rows.append(connection, "offers_stop", (RULEBOOK,), at=stop.at, body=body)
    return True


def delete_stop(connection: LedgerConnection, at: int) -> bool:
    """End the stop with its change; return False if there is none."""
    if not connection.execute(READ).fetchall():
        return False
    connection.execute(_DELETE)
    change_rows.append(connection, "offers_stop", (RULEBOOK,), at=at)
    return True
