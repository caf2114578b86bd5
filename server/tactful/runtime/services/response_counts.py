"""Response times of each day, which the ledger keeps for reports.

The counters of the metrics are read once a minute, so that an answer costs nothing more. What a process
counted in its last minute is lost with it.
"""

from collections.abc import Mapping
from typing import Final, Protocol

from tactful.core.values.calendar import DAY, HOUR
from tactful.runtime.ports.ledger_rows import Commit, TallyRow
from tactful.runtime.state.shop_state import ShopState

WHAT: Final = "responses"
"""What is counted, as the ledger names it."""
KEPT_DAYS: Final = 400
"""For how many days the counts are kept."""
DAY_HOURS: Final = DAY // HOUR


class CountedResponses(Protocol):
    """The read of `Tallies` that a report needs."""

    async def tally_sums(self, since: int, what: str | None = None) -> list[TallyRow]:
        """Return the counts of an hour and of all later ones, one row per hour and name."""


class ResponseCounts:
    """Writes how many answers took how long."""

    def __init__(self, state: ShopState) -> None:
        self._ledger = state.ledger
        self._clock = state.clock
        self._responses = state.telemetry.responses
        self._last: Mapping[str, int] = {}

    async def count(self) -> None:
        """Queue for the ledger what was answered since the last call."""
        found = self._responses.counts()
        day = self._clock.now() // DAY * DAY_HOURS
        rows = [
            TallyRow(day, WHAT, "", "", name, count - self._last.get(name, 0))
            for name, count in found.items()
            if count != self._last.get(name)
        ]
        self._last = found
        if rows:
            self._ledger.record(Commit(tallies=tuple(rows)))

    async def prune(self) -> None:
        """Forget the counts of days that are over for longer than `KEPT_DAYS`.

        Raises:
            LedgerError: Some may be deleted; the next call deletes the others.
        """
        first = self._clock.now() // DAY - KEPT_DAYS
        await self._ledger.prune_tallies(first * DAY_HOURS, WHAT)


async def read_response_counts(
    ledger: CountedResponses, since: int, until: int
) -> list[tuple[str, int]]:
    """Return how many answers took how long, as `response_times` takes it.

    Args:
        ledger: Where the counts are.
        since: The first instant, milliseconds since the Unix epoch, UTC. Its whole day (UTC) counts.
        until: The instant before which the last day begins.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    rows = await ledger.tally_sums(since // DAY * DAY_HOURS, WHAT)
    return [(row.name, row.count) for row in rows if row.hour * HOUR < until]
