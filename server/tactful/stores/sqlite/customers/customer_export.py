"""Export of everything stored about a customer in SQLite, read in pages beside the writer.

The pages are read on a connection of their own. No snapshot is held between two pages: it would keep
the write-ahead log from being emptied for as long as the client reads.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from pathlib import Path
from typing import Any, Final

import aiosqlite
import msgspec

from tactful.stores.shared.json_text import as_plain_data
from tactful.stores.sqlite import operator_actions

PAGE_ROWS: Final = 50
"""Rows that are read at once. Their conversion takes the event loop some 2 ms."""

_SESSIONS: Final = """
  SELECT session, state FROM sessions WHERE session > :after AND (customer = :customer
    OR session IN (SELECT session FROM entries WHERE customer = :customer)
    OR session IN (SELECT session FROM offers WHERE customer = :customer))
  ORDER BY session LIMIT :limit"""
_OFFERS: Final = """
  SELECT rowid, body FROM offers WHERE customer = :customer AND rowid > :after
  ORDER BY rowid LIMIT :limit"""
_REDEMPTIONS: Final = """
  SELECT r.rowid, r.body FROM redemptions AS r JOIN offers AS o ON o.id = r.offer
  WHERE r.rowid > :after AND o.customer = :customer ORDER BY r.rowid LIMIT :limit"""
_DECISIONS: Final = """
  SELECT id, at, session, signal FROM entries WHERE customer = :customer AND id > :after
  ORDER BY id LIMIT :limit"""
_KEYS: Final = """
  SELECT fact_kind, fact_key FROM subjects WHERE kind = 'customer' AND id = ?
  ORDER BY fact_kind, fact_key"""
_VERSIONS: Final = "SELECT at, ended, body FROM facts WHERE kind = ? AND key = ? ORDER BY id"


async def export(path: Path, customer: str) -> AsyncGenerator[tuple[str, Any], None]:
    """Yield (part, row) of everything stored about a customer; see `CustomerData`."""
    async with aiosqlite.connect(path) as reader:
        for named in await reader.execute_fetchall(_KEYS, (customer,)):
            for at, ended, body in await reader.execute_fetchall(_VERSIONS, tuple(named)):
                yield "facts", {"at": at, "ended": ended, "fact": as_plain_data(body)}
        sql = "SELECT body FROM contacts WHERE shopper = ?"
        for (body,) in await reader.execute_fetchall(sql, (customer,)):
            yield "contact", as_plain_data(body)
        actions = list(await reader.execute_fetchall(*operator_actions.query(customer, -1)))
        for action in reversed(actions):
            yield "acts", msgspec.to_builtins(operator_actions.action_from_row(action))
        for part, sql, first in (
            ("sessions", _SESSIONS, ""),
            ("offers", _OFFERS, 0),
            ("redemptions", _REDEMPTIONS, 0),
        ):
            async for _, body in _pages(reader, sql, customer, first):
                yield part, as_plain_data(body)
        async for _, at, session, signal in _pages(reader, _DECISIONS, customer, 0):
            yield "decisions", {"at": at, "session": session, "signal": as_plain_data(signal)}


async def _pages(
    reader: aiosqlite.Connection, sql: str, customer: str, after: str | int
) -> AsyncIterator[Any]:
    """Yield the rows of a query page by page; the first column says where the next page begins."""
    while True:
        values = {"customer": customer, "after": after, "limit": PAGE_ROWS}
        page: Iterable[Any] = await reader.execute_fetchall(sql, values)
        row = None
        for row in page:
            yield row
        if row is None:
            return
        after = row[0]
