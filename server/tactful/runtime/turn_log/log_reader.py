"""Reader of the turn log: recorded turns in order, and the rulebooks that decided them."""

import heapq
from collections.abc import AsyncIterator
from itertools import count
from typing import Final

from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Rulebook
from tactful.rulebook.compiler import compile_rulebook
from tactful.rulebook.source.stored_sources import decode_sources
from tactful.runtime.ports.ledger_rows import TurnEntry
from tactful.runtime.ports.rulebook_store import RulebookStore
from tactful.runtime.ports.turn_store import TurnStore
from tactful.runtime.turn_log.log_encoding import split_entry

PAGE_SIZE: Final = 5_000
"""Entries read from the ledger at a time."""


async def read_turns(ledger: TurnStore, since: int, until: int) -> AsyncIterator[TurnEntry]:
    """Yield the recorded turns of [since, until), oldest first, however many there are.

    A batch of signals is split, and each signal is yielded in its place in time. The log is read in
    pages, so memory stays bounded.

    Args:
        ledger: The log.
        since: Milliseconds since the Unix epoch, UTC; included.
        until: Milliseconds since the Unix epoch, UTC; excluded.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    # The signals of a batch happened after the instant of their entry, and other entries lie
    # between them. They wait here until the log has been read up to their instant.
    waiting: list[tuple[int, int, TurnEntry]] = []
    number = count()
    async for entry in _entries(ledger, since, until):
        for turn in split_entry(entry):
            heapq.heappush(waiting, (turn.at, next(number), turn))
        while waiting and waiting[0][0] <= entry.at:
            yield heapq.heappop(waiting)[2]
    for at, _, turn in sorted(waiting, key=lambda row: row[:2]):
        if at < until:
            yield turn


async def _entries(ledger: TurnStore, since: int, until: int) -> AsyncIterator[TurnEntry]:
    limit = PAGE_SIZE
    while True:
        page = await ledger.turn_entries(since=since, until=until, limit=limit)
        is_last_page = len(page) < limit
        last = page[-1].at if page else until
        if not is_last_page and page[0].at == last:
            # All entries of the page have one instant, so the next page cannot begin after it. Read
            # the page again with a larger limit.
            limit *= 2
            continue
        for entry in page:
            # More entries of the last instant may follow, so the next page begins at that instant.
            if is_last_page or entry.at < last:
                yield entry
        if is_last_page:
            return
        since, limit = last, PAGE_SIZE


class RecordedRulebooks:
    """Compiles rulebooks that were active at some time, and keeps each for reuse."""

    def __init__(self, ledger: RulebookStore, policy: Policy) -> None:
        self._ledger = ledger
        self._policy = policy
        self._rulebooks: dict[str, Rulebook | None] = {}

    async def rulebook(self, version: str) -> Rulebook | None:
        """Return a rulebook as it was when active; None: it cannot be rebuilt.

        A rulebook cannot be rebuilt if its sources are not stored. The same holds if the shop's
        configuration, or a newer version of this program, gives the sources another meaning.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        if version not in self._rulebooks:
            self._rulebooks[version] = await self._compile(version)
        return self._rulebooks[version]

    async def _compile(self, version: str) -> Rulebook | None:
        stored = await self._ledger.rulebook_sources(version)
        if stored is None:
            return None
        sources = decode_sources(stored)
        activated = {name: at for name, at, _ in reversed(await self._ledger.rulebooks())}
        compiled = compile_rulebook(
            sources,
            now=activated.get(version, 0),
            policy=self._policy,
            trial_starts=await self._ledger.trial_starts(),
        ).rulebook
        # The version is a digest of the meaning: another version is another meaning.
        return compiled if compiled and compiled.version == version else None
