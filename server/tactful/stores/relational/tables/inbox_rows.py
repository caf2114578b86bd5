"""The tables of deliveries and cursors."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tactful.runtime.ports.inbox_store import UNREADABLE, InboxDelivery, StoredDelivery
from tactful.stores.relational.ledger_connection import WriteConnection
from tactful.stores.shared.erasures import erasure_digest, ledger_secret

_PUT: Final = """
  INSERT INTO inbox (connector, delivery, topic, about, arrived, sent_at, state, problem, fields)
  VALUES (?, ?, ?, ?, ?, ?, 'waiting', '', ?) ON CONFLICT DO NOTHING
  RETURNING number"""
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
_DELETE_OF_SUBJECT: Final = (
    "DELETE FROM inbox WHERE number IN (SELECT number FROM inbox_subjects WHERE digest = ?)",
    """DELETE FROM inbox_subjects WHERE number IN
      (SELECT number FROM inbox_subjects WHERE digest = ?)""",
)


def put(connection: WriteConnection, delivery: InboxDelivery) -> bool:
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
    found = placed.fetchall()
    if not found:
        return False
    ((number,),) = found
    secret = ledger_secret(connection)
    connection.executemany(
        "INSERT INTO inbox_subjects VALUES (?, ?)",
        [
            (erasure_digest(secret, kind, ident), number)
            for kind, ident in dict.fromkeys(delivery.subjects)
        ],
    )
    return True


def delete_of_subject(connection: WriteConnection, digest: str) -> None:
    """Delete the deliveries that name an erased id, which is given as its digest."""
    for sql in _DELETE_OF_SUBJECT:
        connection.execute(sql, (digest,))


def settle(connection: WriteConnection, done: Sequence[int], failed: Mapping[int, str]) -> None:
    """Delete the fields of deliveries that are done, and what they name; store why others fail."""
    connection.executemany(
        "UPDATE inbox SET state = 'done', problem = '', fields = x'' WHERE number = ?",
        [(number,) for number in done],
    )
    connection.executemany(
        "DELETE FROM inbox_subjects WHERE number = ?", [(number,) for number in done]
    )
    connection.executemany(
        "UPDATE inbox SET state = 'failed', problem = ? WHERE number = ?",
        [(problem, number) for number, problem in failed.items()],
    )


def retry(connection: WriteConnection, connector: str) -> int:
    """Let failed deliveries wait again; return how many."""
    sql = """UPDATE inbox SET state = 'waiting', problem = ''
      WHERE connector = ? AND state = 'failed' AND topic <> ?"""
    return connection.execute(sql, (connector, UNREADABLE)).rowcount


def prune(connection: WriteConnection, before: int, limit: int) -> int:
    """Delete up to `limit` deliveries that are older than an instant and do not wait."""
    sql = "SELECT number FROM inbox WHERE arrived < ? AND state <> 'waiting' LIMIT ?"
    old = connection.execute(sql, (before, limit)).fetchall()
    connection.executemany("DELETE FROM inbox_subjects WHERE number = ?", old)
    connection.executemany("DELETE FROM inbox WHERE number = ?", old)
    return len(old)


def put_cursor(connection: WriteConnection, connector: str, name: str, value: str) -> None:
    """Store how far a connector has read something."""
    sql = """INSERT INTO cursors (connector, name, value) VALUES (?, ?, ?)
      ON CONFLICT (connector, name) DO UPDATE SET value = excluded.value"""
    connection.execute(sql, (connector, name, value))


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
