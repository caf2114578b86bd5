"""What does the log still hold of a stretch of time: turns, and the facts and rules they read?"""

import heapq
from collections.abc import AsyncIterator
from itertools import count
from typing import Final

import msgspec
from msgspec import structs

from tactful.core.customer.profile import Profile, profile
from tactful.core.facts.history import History
from tactful.core.facts.item import Item
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Rulebook
from tactful.core.session.contact_history import ContactHistory
from tactful.rulebook.compiler import compile_rulebook
from tactful.rulebook.source.tree import RuleSource
from tactful.runtime.facts.fact_reader import FactReader
from tactful.runtime.ports.ledger import Ledger
from tactful.runtime.ports.ledger_rows import TurnEntry
from tactful.runtime.turn_log.log_encoding import split_entry

PAGE_SIZE: Final = 5_000
"""Turns read at a time."""


async def read_turns(ledger: Ledger, since: int, until: int) -> AsyncIterator[TurnEntry]:
    """The recorded turns of [since, until), oldest first, however many they are.

    An entry of several acts is taken apart, and each comes when it happened.
    """
    waiting: list[tuple[int, int, TurnEntry]] = []
    number = count()
    async for entry in _entries(ledger, since, until):
        for one in split_entry(entry):
            heapq.heappush(waiting, (one.at, next(number), one))
        while waiting and waiting[0][0] <= entry.at:
            yield heapq.heappop(waiting)[2]
    for at, _, one in sorted(waiting, key=lambda row: row[:2]):
        if at < until:
            yield one


async def _entries(ledger: Ledger, since: int, until: int) -> AsyncIterator[TurnEntry]:
    limit = PAGE_SIZE
    while True:
        page = await ledger.turn_entries(since=since, until=until, limit=limit)
        whole = len(page) < limit
        last = page[-1].at if page else until
        if not whole and page[0].at == last:
            limit *= 2  # one instant fills the page: it must be read in one go
            continue
        for entry in page:
            if whole or entry.at < last:
                yield entry
        if whole:
            return
        since, limit = last, PAGE_SIZE


class LogReader:
    """Reads of the ledger what the turns of then read, each thing once."""

    def __init__(self, ledger: Ledger, policy: Policy) -> None:
        self._ledger = ledger
        self._policy = policy
        self._items: dict[tuple[str, int], Item] = {}
        self._people: dict[tuple[str, int], History] = {}
        self._items_at: dict[tuple[str, int], Item] = {}
        self._people_at: dict[tuple[str, int], History] = {}
        self._rulebooks: dict[str, Rulebook | None] = {}

    async def item(self, sku: str, upto: int) -> Item:
        """An item as it was when the fact with the number `upto` was the newest about it."""
        known = self._items.get((sku, upto))
        if known is None:
            known = await FactReader(self._ledger, upto=upto).item(sku)
            self._items[sku, upto] = known = structs.replace(known, upto=upto)
        return known

    async def item_at(self, sku: str, at: int) -> Item:
        """An item as it was at an instant (ms)."""
        known = self._items_at.get((sku, at))
        if known is None:
            known = self._items_at[sku, at] = await FactReader(self._ledger, at=at).item(sku)
        return known

    async def items(self, read: list[tuple[str, int]]) -> dict[str, Item]:
        """The items that a turn read."""
        return {sku: await self.item(sku, upto) for sku, upto in read}

    async def customer(
        self, customer: str, upto: int, contact: ContactHistory, rulebook: Rulebook
    ) -> Profile:
        """A customer as they were when the fact with the number `upto` was the newest about them."""
        known = self._people.get((customer, upto))
        if known is None:
            known = await FactReader(self._ledger, upto=upto).history(customer)
            self._people[customer, upto] = known = structs.replace(known, upto=upto)
        return profile(known, rulebook.policy, contact)

    async def customer_at(
        self, customer: str, at: int, contact: ContactHistory, rulebook: Rulebook
    ) -> Profile:
        """A customer as they were at an instant (ms)."""
        known = self._people_at.get((customer, at))
        if known is None:
            known = await FactReader(self._ledger, at=at).history(customer)
            self._people_at[customer, at] = known
        return profile(known, rulebook.policy, contact)

    async def rulebook(self, version: str) -> Rulebook | None:
        """A rulebook that was active once; None: it is not kept, or means something else by now."""
        if version not in self._rulebooks:
            self._rulebooks[version] = await self._compiled(version)
        return self._rulebooks[version]

    async def _compiled(self, version: str) -> Rulebook | None:
        packed = await self._ledger.rulebook_sources(version)
        if packed is None:
            return None
        found = msgspec.json.decode(packed, type=list[tuple[str, bytes]])
        sources = [RuleSource(path, text) for path, text in found]
        since = {name: at for name, at, _ in reversed(await self._ledger.rulebooks())}
        done = compile_rulebook(sources, now=since.get(version, 0), policy=self._policy).rulebook
        return done if done and done.version == version else None
