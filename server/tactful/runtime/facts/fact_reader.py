"""Reads of items and customers from the ledger: now, at an instant, or up to a certain fact."""

import asyncio
from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import structs

from tactful.core.facts.assembly import (
    FactQuery,
    KeyedFact,
    Versions,
    read_history,
    read_item,
)
from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.fact_types import ReportedFact
from tactful.core.facts.history import History
from tactful.core.facts.item import Item
from tactful.core.facts.price_history import GENERAL_KIND, GeneralPrice
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.ports.ledger_rows import StoredFact

CHUNK: Final = 400
"""The most subjects asked for in one read of the ledger."""

MANY_FACTS: Final = 500
"""Facts that the event loop decodes and assembles itself; they take it some 3 ms."""

_decode_general = msgspec.json.Decoder(GeneralPrice).decode

R = TypeVar("R")


class _Finished(Generic[R]):
    """The end of a reading; an exception could not leave a thread as `StopIteration`."""

    __slots__ = ("result",)

    def __init__(self, result: R) -> None:
        self.result = result


async def run_beside(work: Callable[[], R], facts: int) -> R:
    """Do pure work on facts at once, or on a thread where they are many.

    The history of a customer with 20,000 orders would hold up every shopper for 250 ms.

    Args:
        work: The work, which reads nothing that the event loop changes.
        facts: How many facts it is about.
    """
    return work() if facts <= MANY_FACTS else await asyncio.to_thread(work)


class FactReader:
    """One read of the ledger, as of one point in it.

    The result carries the number of the newest fact of that point (`upto`), so that replay can
    repeat the read exactly. Each stored fact is decoded once in a read, although several queries
    may find it. Decoded facts are not kept between reads: decoding one takes 2 to 3 µs, a read of
    the ledger some 100 µs, and SQLite may use a row's number again after a prune.
    """

    def __init__(
        self, ledger: FactStore, *, at: int | None = None, upto: int | None = None
    ) -> None:
        """Read as of now, unless a point is given.

        Args:
            ledger: Where the facts are stored.
            at: An instant, in milliseconds since the Unix epoch, UTC.
            upto: The number of the newest fact that may be read. Several facts can share the instant
                `at`; the number says which of them were known.
        """
        self._ledger = ledger
        self._at = at
        self._upto = upto
        self._newest = upto or 0
        self._decoded: dict[int, KeyedFact] = {}

    async def item(self, sku: str) -> Item:
        """Return an SKU, known to the shop or not; a bundle with its components.

        Raises:
            LedgerError: The ledger cannot be read.
            LookupError: A stored fact cannot be decoded.
        """
        item = await self._run(read_item(sku))
        return structs.replace(item, upto=self._newest)

    async def history(self, customer: str) -> History:
        """Return what the shop knows about a customer.

        Raises:
            LedgerError: The ledger cannot be read.
            LookupError: A stored fact cannot be decoded.
        """
        history = await self._run(read_history(customer))
        return structs.replace(history, upto=self._newest)

    async def _run(self, reading: Generator[FactQuery, Sequence[KeyedFact], R]) -> R:
        # The numbers of the returned facts are not enough. If the newest version of a fact is no
        # longer about the subject, the queries do not return it, although it ended the version
        # before.
        if self._upto is None:
            self._newest = await self._ledger.newest_fact()
        step: FactQuery | _Finished[R] = next(reading)
        while not isinstance(step, _Finished):
            found = await self._answer(step)
            size = len(found) + len(self._decoded)
            step = await run_beside(partial(self._go_on, reading, found), size)
        return step.result

    def _go_on(
        self, reading: Generator[FactQuery, Sequence[KeyedFact], R], found: Sequence[StoredFact]
    ) -> "FactQuery | _Finished[R]":
        """Decode what a query found, and return the next query or the result."""
        try:
            return reading.send(self._decode(found))
        except StopIteration as finished:
            return _Finished(finished.value)

    async def _answer(self, query: FactQuery) -> list[StoredFact]:
        ledger, at, upto = self._ledger, self._at, self._upto
        if isinstance(query, Versions):
            return [
                one
                for one in await ledger.fact_versions(query.kind, query.key)
                if (at is None or one.at <= at) and (upto is None or one.number <= upto)
            ]
        found: list[StoredFact] = []
        for start in range(0, len(query.subjects), CHUNK):
            subjects = query.subjects[start : start + CHUNK]
            found += await ledger.facts_about(subjects, query.kinds, at, upto)
        self._newest = max([self._newest, *[one.number for one in found]])
        return found

    def _decode(self, stored: Iterable[StoredFact]) -> list[KeyedFact]:
        known, facts = self._decoded, []
        for one in stored:
            fact = known.get(one.number)
            if fact is None:
                decode = _decode_general if one.kind == GENERAL_KIND else decode_stored
                try:
                    decoded: Any = decode(one.body)
                except msgspec.DecodeError as error:
                    message = f"the ledger's {one.kind} {one.key} cannot be read: {error}"
                    raise LookupError(message) from error
                fact = known[one.number] = (
                    (one.kind, one.key),
                    ReportedFact(decoded, one.at, one.number),
                )
            facts.append(fact)
        return facts
