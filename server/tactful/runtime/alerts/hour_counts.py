"""Counts of each hour of the last four weeks, with which alerts compare the present.

The counters of the metrics are read once a minute, so that a decision costs nothing more. What a
process counted in its last minute is lost with it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from tactful.core.values.calendar import HOUR, MINUTE
from tactful.runtime.ports.ledger_rows import Commit, TallyRow
from tactful.runtime.state.shop_state import ShopState

WEEK_HOURS: Final = 7 * 24
WEEKS: Final = 4
"""How many earlier weeks the present is compared with."""
KEPT_HOURS: Final = WEEKS * WEEK_HOURS + 2
COUNTED: Final = ("verdicts", "uses")
"""What is counted, as the ledger names it."""

ReadCounters = Callable[[], Mapping[tuple[str, str], int]]
"""Returns (what, name) → a number that only grows while the process runs."""


class HourCounts:
    """How often something happened in each hour; the ledger keeps the counts."""

    def __init__(self, state: ShopState, read: ReadCounters) -> None:
        """Count on demand, at most once a minute.

        Args:
            state: The memory of the shop.
            read: Returns the counters; the first word of a name is one of `COUNTED`.
        """
        self._ledger = state.ledger
        self._clock = state.clock
        self._read = read
        self._last: Mapping[tuple[str, str], int] = {}
        self._counted_at: int | None = None
        self._hours: dict[str, dict[int, Counter[str]]] = {
            what: defaultdict(Counter) for what in COUNTED
        }
        """What → hour since the Unix epoch, UTC → name → count."""

    async def start(self) -> None:
        """Read the counts of the last weeks.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        for what in COUNTED:
            for row in await self._ledger.tally_sums(self.this_hour() - KEPT_HOURS, what):
                self._hours[what][row.hour][row.name] += row.count

    def this_hour(self) -> int:
        """Return the present hour, in whole hours since the Unix epoch, UTC."""
        return self._clock.now() // HOUR

    def count(self) -> None:
        """Add what happened since the last call; nothing within a minute of it."""
        now = self._clock.now()
        if self._counted_at is not None and 0 <= now - self._counted_at < MINUTE:
            return
        self._counted_at = now
        found = dict(self._read())
        new = {key: count - self._last.get(key, 0) for key, count in found.items()}
        self._last = found
        hour = now // HOUR
        rows = [
            TallyRow(hour, what, "", "", name, more) for (what, name), more in new.items() if more
        ]
        for row in rows:
            self._hours[row.what][hour][row.name] += row.count
        if rows:
            self._ledger.record(Commit(tallies=tuple(rows)))

    def sums(self, what: str, hours: Iterable[int]) -> Counter[str]:
        """Return name → count of these hours together."""
        kept = self._hours[what]
        total: Counter[str] = Counter()
        for hour in hours:
            if hour in kept:
                total.update(kept[hour])
        return total

    async def prune(self) -> None:
        """Forget the counts of older hours, here and in the ledger.

        Raises:
            LedgerError: Some may be deleted; the next call deletes the others.
        """
        first = self.this_hour() - KEPT_HOURS
        for what, hours in self._hours.items():
            for hour in [hour for hour in hours if hour < first]:
                del hours[hour]
            await self._ledger.prune_tallies(first, what)
