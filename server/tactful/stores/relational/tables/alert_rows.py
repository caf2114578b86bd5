"""The table of alerts."""

from typing import Final

import msgspec

from tactful.runtime.ports.alert_store import Alert
from tactful.stores.relational.ledger_connection import WriteConnection

_DECODE: Final = msgspec.json.Decoder(Alert).decode
_ENCODE: Final = msgspec.json.Encoder().encode
_CHANGE: Final = "UPDATE alerts SET resolved_at = ?, body = ? WHERE id = ? AND resolved_at IS NULL"
# A cause has one unresolved alert, and an alert has one row.
_ADD: Final = """
  INSERT INTO alerts (id, kind, subject, raised_at, resolved_at, body) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING"""
_STORED: Final = """
  SELECT body FROM alerts
  WHERE id = :id OR (kind = :kind AND subject = :subject AND resolved_at IS NULL)
  ORDER BY id <> :id LIMIT 1"""
UNRESOLVED: Final = """
  SELECT body FROM alerts WHERE resolved_at IS NULL ORDER BY raised_at DESC, rowid DESC LIMIT ?"""
RESOLVED: Final = """
  SELECT body FROM alerts WHERE resolved_at IS NOT NULL
  ORDER BY resolved_at DESC, rowid DESC LIMIT ?"""
DELETE_OLD: Final = """
  DELETE FROM alerts WHERE id IN
  (SELECT id FROM alerts WHERE resolved_at < :before LIMIT :limit)"""


def put(connection: WriteConnection, alert: Alert) -> Alert:
    """Store an alert or its new state, and return the one that is stored."""
    end = alert.resolved and alert.resolved.at
    body = _ENCODE(alert)
    connection.execute(_CHANGE, (end, body, alert.id))
    values = (alert.id, alert.kind, alert.subject, alert.raised_at, end, body)
    connection.execute(_ADD, values)
    named = {"id": alert.id, "kind": alert.kind, "subject": alert.subject}
    (stored,) = connection.execute(_STORED, named).fetchone()
    return alert_from_body(stored)


def alert_from_body(body: bytes) -> Alert:
    """Return the alert of a row.

    Raises:
        msgspec.DecodeError: The row is damaged.
    """
    return _DECODE(body)
