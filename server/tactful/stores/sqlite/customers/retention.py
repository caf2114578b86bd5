"""Expiry of stored data in SQLite, in slices that delay no promise."""

import sqlite3
from collections.abc import Iterable
from typing import Final

from tactful.runtime.ports.customer_data import EXTRA_PRICE_RETENTION


def prune(connection: sqlite3.Connection, before: int, limit: int) -> int:
    """Delete up to `limit` superseded facts, and up to `limit` entries, older than an instant.

    Returns:
        The number of rows deleted; 0: none are left.
    """
    dropped = 0
    values = {"before": before, "limit": limit, "prices": before - EXTRA_PRICE_RETENTION}
    for sql in _OLD:
        dropped += connection.execute(sql, values).rowcount
    return dropped


_OLD: Final = (
    """DELETE FROM facts WHERE id IN
       (SELECT id FROM facts WHERE ended < :before AND (kind <> 'price' OR ended < :prices)
        LIMIT :limit)""",
    """DELETE FROM entries WHERE id IN
       (SELECT id FROM entries WHERE at < :before LIMIT :limit)""",
)


def prune_sessions(connection: sqlite3.Connection, sessions: Iterable[str], before: int) -> int:
    """Delete those of the sessions that were last seen before an instant and have no standing offer."""
    return connection.executemany(
        "DELETE FROM sessions WHERE session = ? AND seen_at < ? AND NOT EXISTS"
        " (SELECT 1 FROM offers AS o WHERE o.session = sessions.session"
        "  AND o.state IN ('pushed', 'shown', 'accepted'))",
        [(session, before) for session in sessions],
    ).rowcount
