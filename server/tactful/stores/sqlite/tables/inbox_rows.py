"""The tables of deliveries and cursors in SQLite."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tactful.runtime.ports.inbox_store import UNREADABLE, InboxDelivery, StoredDelivery
from tactful.stores.shared.erasures import erasure_digest, ledger_secret

_PUT: Final = """
  INSERT INTO inbox (connector, delivery, topic, about, arrived, sent_at, state, problem, fields)
  VALUES (?, ?, ?, ?, ?, ?, 'waiting', '', ?) ON CONFLICT DO NOTHING"""
_COLUMNS: Final = "number, connector, delivery, topic, about, fields, arrived, sent_at, problem"
WAITING: Final = f"""
  SELECT {_COLUMNS} FROM inbox WHERE connector = ? AND state = 'waiting'
  ORDER BY number LIMIT ?"""  # noqa: S608 - the columns are above
FAILED: Final = f"""
  SELECT {_COLUMNS} FROM inbox WHERE connector = ? AND state = 'failed'
  ORDER BY number DESC LIMIT ?"""  # noqa: S608 - the columns are above
COUNTS: Final = "SELECT connector, state, count(*) FROM inbox GROUP BY connector, state"
CURSORS: Final = "SELECT name, value FROM cursors WHERE connector = ? ORDER BY name"
OF_SUBJECTS: Final = """
  SELECT connector, topic, arrived, fields FROM inbox WHERE number IN
    (SELECT number FROM inbox_subjects WHERE digest IN (SELECT value FROM json_each(?)))
  ORDER BY number"""
"""The deliveries that name subjects, which are given as a JSON list of digests."""
DELETE_OF_SUBJECT: Final = (
    "DELETE FROM inbox WHERE number IN (SELECT number FROM inbox_subjects WHERE digest = ?)"
)


def put(connection: sqlite3.Connection, delivery: InboxDelivery) -> bool:
    """Store a delivery; return whether it is new."""
    placed = connection.execute(
        _PUT,
        (
            delivery.connector,
            delivery.delivery,
            delivery.topic,
            delivery.about,
            delivery.arrived,
            delivery.sent_at,
            delivery.fields,
        ),
    )
    if not placed.rowcount:
        return False
    secret = ledger_secret(connection)
    connection.executemany(
        "INSERT INTO inbox_subjects VALUES (?, ?)",
        [
            (erasure_digest(secret, kind, ident), placed.lastrowid)
            for kind, ident in dict.fromkeys(delivery.subjects)
        ],
    )
    return True


def settle(connection: sqlite3.Connection, done: Sequence[int], failed: Mapping[int, str]) -> None:
    """Delete the fields of deliveries that are done; store why others cannot be mapped.

    A trigger deletes what the deliveries name that are done.
    """
    connection.executemany(
        "UPDATE inbox SET state = 'done', problem = '', fields = x'' WHERE number = ?",
        [(number,) for number in done],
    )
    connection.executemany(
        "UPDATE inbox SET state = 'failed', problem = ? WHERE number = ?",
        [(problem, number) for number, problem in failed.items()],
    )


def retry(connection: sqlite3.Connection, connector: str) -> int:
    """Let failed deliveries wait again; return how many."""
    sql = """UPDATE inbox SET state = 'waiting', problem = ''
      WHERE connector = ? AND state = 'failed' AND topic <> ?"""
    return connection.execute(sql, (connector, UNREADABLE)).rowcount


def prune(connection: sqlite3.Connection, before: int, limit: int) -> int:
    """Delete up to `limit` deliveries that are older than an instant and do not wait."""
    sql = """DELETE FROM inbox WHERE number IN
      (SELECT number FROM inbox WHERE arrived < ? AND state <> 'waiting' LIMIT ?)"""
    return connection.execute(sql, (before, limit)).rowcount


def put_cursor(connection: sqlite3.Connection, connector: str, name: str, value: str) -> None:
    """Store how far a connector has read something."""
    connection.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?)", (connector, name, value))


def delivery_from_row(row: Sequence[Any]) -> StoredDelivery:
    """Return a stored delivery."""
    return StoredDelivery(
        number=row[0],
        connector=row[1],
        delivery=row[2],
        topic=row[3],
        about=row[4],
        fields=row[5],
        arrived=row[6],
        sent_at=row[7],
        problem=row[8],
    )
