"""Export of everything stored about a customer, read in pages beside the writer.

The pages are read on a connection of their own. No snapshot is held between two pages: it would keep
the write-ahead log from being emptied for as long as the client reads. Before and after each read
the export lets promises pass, because the conversion of a page takes the interpreter from the writer.
"""

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import msgspec
from msgspec import structs

from tactful.core.facts.shopper_contacts import SUBJECT as CONTACT
from tactful.stores.relational import operator_actions
from tactful.stores.relational.customers.linked_contacts import UNNAMED_KEYS
from tactful.stores.relational.tables.exposure_rows import OF_UNITS, exposure_from_row
from tactful.stores.relational.tables.inbox_rows import OF_SUBJECTS
from tactful.stores.shared.contact_links import stored_contacts
from tactful.stores.shared.erasures import SELECT_DIGEST_KEY, erasure_digest
from tactful.stores.shared.json_text import as_plain_data
from tactful.stores.shared.stored_structs import offer_data, session_data

PAGE_ROWS: Final = 25
"""Rows that are read at once."""
ROWS_AT_ONCE: Final = 8
"""Rows of a page that are converted before other tasks run; they take the event loop some 0.4 ms."""
DIGESTS_AT_ONCE: Final = 200
"""Ids that are digested before other tasks run; they take the event loop some 0.3 ms."""
OFFERS_SEARCHED: Final = 500
"""Offers whose redemptions are read at once; few offers have any."""

_SESSION_IDS: Final = """
  SELECT json_group_array(session) FROM (
    SELECT session FROM sessions WHERE customer = :customer
      OR session IN (SELECT session FROM entries WHERE customer = :customer)
      OR session IN (SELECT session FROM offers WHERE customer = :customer)
    ORDER BY session) AS found"""
"""One row: the reading thread needs the interpreter again after each row."""
_SESSIONS: Final = """
  SELECT state FROM sessions WHERE session IN (SELECT value FROM json_each(?)) ORDER BY session"""
# In the order of their issue, so that a page begins where the one before ended.
_OFFERS: Final = """
  SELECT rowid, body FROM offers WHERE customer = :customer AND rowid > :after
  ORDER BY rowid LIMIT :limit"""
_END_OF_SEARCH: Final = """
  SELECT max(rowid) FROM (SELECT rowid FROM offers WHERE customer = :customer AND rowid > :after
    ORDER BY rowid LIMIT :limit) AS found"""
_REDEMPTIONS: Final = """
  SELECT r.body FROM offers AS o JOIN redemptions AS r ON r.offer = o.id
  WHERE o.customer = :customer AND o.rowid > :after AND o.rowid <= :end ORDER BY o.rowid, r.rowid"""
_DECISIONS: Final = """
  SELECT id, at, session, signal FROM entries WHERE customer = :customer AND id > :after
  ORDER BY id LIMIT :limit"""
_KEYS: Final = """
  SELECT fact_kind, fact_key FROM subjects WHERE kind = 'customer' AND id = ?
  ORDER BY fact_kind, fact_key"""
_VERSIONS: Final = """
  SELECT at, ended, body FROM facts WHERE kind = CAST(? AS TEXT) AND key = ? ORDER BY id"""


ReadRows = Callable[[str, Any], Awaitable[list[Any]]]
"""Returns the rows of a query with its parameters."""
Pause = Callable[[], Awaitable[None]]
"""Returns when the next page may be read or converted."""

_decode_ids = msgspec.json.Decoder(list[str]).decode


async def export(
    alone: AbstractAsyncContextManager[ReadRows], customer: str, pause: Pause
) -> AsyncGenerator[tuple[str, Any], None]:
    """Yield (part, row) of everything stored about a customer; see `CustomerData`.

    Args:
        alone: Yields what reads.
        customer: The shop's id of the customer.
        pause: Called before and after each read.
    """
    contacts: set[str] = set()
    named_orders: set[str] = set()
    async with alone as read:
        reader = _PagedReader(read, pause)
        for named in await reader.rows(_KEYS, (customer,)):
            named_orders |= {named[1]} if named[0] == "order" else set()
            for at, ended, body in await reader.rows(_VERSIONS, tuple(named)):
                contacts |= {*stored_contacts(customer, (body,))}
                yield "facts", {"at": at, "ended": ended, "fact": as_plain_data(body)}
        # Facts about a contact of the customer that name another customer belong to that one.
        for contact in sorted(contacts):
            for named in await reader.rows(UNNAMED_KEYS, (contact,)):
                for at, ended, body in await reader.rows(_VERSIONS, tuple(named)):
                    yield "facts", {"at": at, "ended": ended, "fact": as_plain_data(body)}
        sql = "SELECT body FROM contacts WHERE shopper = ?"
        for (body,) in await reader.rows(sql, (customer,)):
            yield "contact", as_plain_data(body)
        actions = await reader.rows(*operator_actions.query(customer, None))
        for action in reversed(actions):
            yield "acts", msgspec.to_builtins(operator_actions.action_from_row(action))
        ((listed,),) = await reader.rows(_SESSION_IDS, {"customer": customer})
        sessions = _decode_ids(listed)
        for start in range(0, len(sessions), PAGE_ROWS):
            page = msgspec.json.encode(sessions[start : start + PAGE_ROWS]).decode()
            for (body,) in await reader.rows(_SESSIONS, (page,)):
                yield "sessions", session_data(body)
        async for _, body in reader.pages(_OFFERS, customer):
            yield "offers", offer_data(body)
        async for one in reader.exposures(customer, sessions):
            yield "exposures", one
        async for body in reader.redemptions(customer):
            yield "redemptions", as_plain_data(body)
        async for _, at, session, signal in reader.pages(_DECISIONS, customer):
            yield "decisions", {"at": at, "session": session, "signal": as_plain_data(signal)}
        subjects = {"customer": [customer], CONTACT: contacts, "order": named_orders}
        async for row in reader.deliveries(subjects):
            yield "deliveries", row


class _PagedReader:
    """Reads rows of one connection, and pauses before each read."""

    def __init__(self, read: ReadRows, pause: Pause) -> None:
        self._read = read
        self._pause = pause

    async def rows(self, sql: str, values: Any) -> list[Any]:
        """Return the rows of a query."""
        await self._pause()
        found = await self._read(sql, values)
        # A promise may have come during the read, and the caller converts the rows now.
        await self._pause()
        return found

    async def pages(self, sql: str, customer: str) -> AsyncIterator[Any]:
        """Yield the rows of a query page by page; the first column says where the next page begins."""
        after = 0
        while page := await self.rows(
            sql, {"customer": customer, "after": after, "limit": PAGE_ROWS}
        ):
            for place, row in enumerate(page):
                if place and place % ROWS_AT_ONCE == 0:
                    await self._pause()
                yield row
            after = page[-1][0]

    async def exposures(
        self, customer: str, sessions: Sequence[str]
    ) -> AsyncIterator[dict[str, object]]:
        """Yield the exposures of a customer and of their sessions."""
        ((secret,),) = await self.rows(SELECT_DIGEST_KEY, ())
        units = [erasure_digest(bytes(secret), "customer", customer), *sessions]
        for start in range(0, len(units), PAGE_ROWS):
            page = msgspec.json.encode(units[start : start + PAGE_ROWS]).decode()
            for row in await self.rows(OF_UNITS, (page,)):
                yield structs.asdict(exposure_from_row(tuple(row)))

    async def deliveries(
        self, named: Mapping[str, Collection[str]]
    ) -> AsyncIterator[dict[str, object]]:
        """Yield the deliveries that name a customer, their contacts or their orders.

        Args:
            named: Kind of subject → the ids.
        """
        ((secret,),) = await self.rows(SELECT_DIGEST_KEY, ())
        digests = []
        for kind, idents in named.items():
            for ident in idents:
                digests.append(erasure_digest(bytes(secret), kind, ident))
                if len(digests) % DIGESTS_AT_ONCE == 0:
                    await self._pause()
        found = await self.rows(OF_SUBJECTS, (msgspec.json.encode(digests).decode(),))
        for connector, topic, at, fields in found:
            plain = as_plain_data(fields)
            yield {"connector": connector, "topic": topic, "at": at, "fields": plain}

    async def redemptions(self, customer: str) -> AsyncIterator[bytes]:
        """Yield the redemptions of a customer's offers."""
        after = 0
        while True:
            values = {"customer": customer, "after": after, "limit": OFFERS_SEARCHED}
            ((end,),) = await self.rows(_END_OF_SEARCH, values)
            if end is None:
                return
            span = {"customer": customer, "after": after, "end": end}
            for (body,) in await self.rows(_REDEMPTIONS, span):
                yield body
            after = end
