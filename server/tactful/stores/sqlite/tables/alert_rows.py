"""The table of alerts in SQLite."""

import sqlite3
from typing import Final

import msgspec

from tactful.runtime.ports.alert_store import Alert

_DECODE: Final = msgspec.json.Decoder(Alert).decode
_ENCODE: Final = msgspec.json.Encoder().encode
_PUT: Final = """
  INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET resolved_at = excluded.resolved_at, body = excluded.body
    WHERE resolved_at IS NULL
  ON CONFLICT (kind, subject) WHERE resolved_at IS NULL DO NOTHING"""
_STORED: Final = """
  SELECT body FROM alerts WHERE id = :id
  UNION ALL
  SELECT body FROM alerts WHERE kind = :kind AND subject = :subject AND resolved_at IS NULL
  LIMIT 1"""
UNRESOLVED: Final = """
  SELECT body FROM alerts WHERE resolved_at IS NULL ORDER BY raised_at DESC, rowid DESC LIMIT ?"""
RESOLVED: Final = """
  SELECT body FROM alerts WHERE resolved_at IS NOT NULL
  ORDER BY resolved_at DESC, rowid DESC LIMIT ?"""
DELETE_OLD: Final = """
  DELETE FROM alerts WHERE id IN
  (SELECT id FROM alerts WHERE resolved_at < :before LIMIT :limit)"""


def put(connection: sqlite3.Connection, alert: Alert) -> Alert:
    """Store an alert or its new state, and return the one that is stored."""
    end = alert.resolved and alert.resolved.at
    values = (alert.id, alert.kind, alert.subject, alert.raised_at, end, _ENCODE(alert))
    connection.execute(_PUT, values)
    named = {"id": alert.id, "kind": alert.kind, "subject": alert.subject}
    (body,) = connection.execute(_STORED, named).fetchone()
    return alert_from_body(body)


def alert_from_body(body: bytes) -> Alert:
    """Return the alert of a row.

    Raises:
        msgspec.DecodeError: The row is damaged.
    """
    return _DECODE(body)
