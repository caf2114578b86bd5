"""What a shop watches over time: counts by the hour, complaints, results and response times."""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Final

from msgspec import structs

from tactful.core.values.calendar import HOUR, MINUTE
from tactful.runtime.alerts.alert_service import AlertService
from tactful.runtime.alerts.causes import Cause
from tactful.runtime.alerts.changed_shares import ChangedShares
from tactful.runtime.alerts.complaints import Complaints
from tactful.runtime.alerts.early_budgets import budget_causes
from tactful.runtime.alerts.hour_counts import HourCounts
from tactful.runtime.services.report_service import Reports
from tactful.runtime.services.response_counts import ResponseCounts
from tactful.runtime.services.result_causes import ResultCauses, StopTrial
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.state.trial_monitor import TrialMonitor
from tactful.runtime.timers import TestClock

LOOK_MS: Final = MINUTE
"""Milliseconds between the end of a reading and the next one, and from the start to the first one."""
TEST_LOOK_MS: Final = 6 * HOUR
"""The same on a test clock: set forward by a year, it would cause a million readings."""
TIME_SHARE: Final = 50
"""A reading waits for so many times the time that the last one took.

Results pass through all orders. A shop that reads them in a second does so every minute, and a shop
that takes ten seconds does so every eight minutes.
"""

Refresh = Callable[[], Awaitable[None]]


class ShopWatch:
    """Gives the alerts the causes that need a memory of the past."""

    def __init__(
        self,
        state: ShopState,
        alerts: AlertService,
        reports: Reports,
        trials: TrialMonitor,
        stop: StopTrial,
    ) -> None:
        """Watch a shop from the next check of its alerts on.

        Args:
            state: The memory of the shop.
            alerts: Raises what is found.
            reports: Computes the results.
            trials: Knows the trials that did harm.
            stop: Pauses a trial that has its answer.
        """
        self._state = state
        self._trials = trials
        self._hours = HourCounts(state, state.telemetry.hourly_counters)
        self._responses = ResponseCounts(state)
        self._complaints = Complaints(state)
        self._results = ResultCauses(state, reports, stop)
        alerts.watch(self._harmful_trials)
        alerts.watch(ChangedShares(self._hours).causes)
        alerts.watch(budget_causes(state))
        alerts.watch(self._complaints.causes)
        alerts.watch(self._results.causes)

    async def start(self) -> None:
        """Read the counts of the last weeks, and look at the rest from now on.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        await self._hours.start()
        self._look_later("complaints", self._complaints.refresh, LOOK_MS)
        self._look_later("results", self._results.refresh, LOOK_MS)
        self._look_later("responses", self._responses.count, LOOK_MS)

    async def prune(self) -> None:
        """Forget the counts of old hours.

        Raises:
            LedgerError: Some may be deleted; the next call deletes the others.
        """
        await self._hours.prune()
        await self._responses.prune()

    def _harmful_trials(self) -> Iterator[Cause]:
        """Yield the trials that do harm, and are paused for that reason."""
        for rule, tally in self._trials.harmful():
            evidence: dict[str, str | int] = dict(structs.asdict(tally))
            yield Cause("trial.harm", rule.id, evidence, rule.owner or None)

    def _look_later(self, name: str, read: Refresh, wait_ms: int) -> None:
        due = self._state.clock.now() + wait_ms
        self._state.timers.set(name, due, partial(self._look, name, read))

    def _look(self, name: str, read: Refresh) -> None:
        self._state.background.start_ledger_work(self._read(name, read))

    async def _read(self, name: str, read: Refresh) -> None:
        """Read once, and then again: also where the ledger cannot be read now."""
        began = self._state.clock.now()
        try:
            await read()
        finally:
            taken = self._state.clock.now() - began
            usual = TEST_LOOK_MS if isinstance(self._state.clock, TestClock) else LOOK_MS
            self._look_later(name, read, max(usual, taken * TIME_SHARE))
