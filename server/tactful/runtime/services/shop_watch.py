"""What a shop watches over time: counts by the hour, complaints, and results."""

from collections.abc import Iterator
from typing import Final

from msgspec import structs

from tactful.core.values.calendar import HOUR, MINUTE
from tactful.runtime.alerts.alert_service import AlertService
from tactful.runtime.alerts.causes import Cause
from tactful.runtime.alerts.changed_shares import ChangedShares
from tactful.runtime.alerts.complaints import Complaints
from tactful.runtime.alerts.early_budgets import budget_causes
from tactful.runtime.alerts.hour_counts import HourCounts
from tactful.runtime.services.report_service import ReportService
from tactful.runtime.services.result_causes import ResultCauses, StopTrial
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.state.trial_monitor import TrialMonitor

FIRST_MS: Final = 10 * MINUTE
"""Milliseconds after the start until results are read first, so that a start is not slower."""
RESULTS_MS: Final = 6 * HOUR
"""Milliseconds between two readings of the results, which pass through all orders."""
COMPLAINTS_MS: Final = HOUR
"""Milliseconds between two counts of the support cases."""


class ShopWatch:
    """Gives the alerts the causes that need a memory of the past."""

    def __init__(
        self,
        state: ShopState,
        alerts: AlertService,
        reports: ReportService,
        trials: TrialMonitor,
        stop: StopTrial,
    ) -> None:
        """Watch a shop from the next check of its alerts on.

        Args:
            state: The memory of the shop.
            alerts: Raises what is found.
            reports: Computes the results.
            trials: Knows the trials that did harm.
            stop: Pauses a trial that costs money or changes nothing.
        """
        self._state = state
        self._trials = trials
        self._hours = HourCounts(state, state.telemetry.hourly_counters)
        self._complaints = Complaints(state)
        self._results = ResultCauses(state, reports, stop)
        alerts.watch(self._harmful_trials)
        alerts.watch(ChangedShares(self._hours).causes)
        alerts.watch(budget_causes(state))
        alerts.watch(self._complaints.causes)
        alerts.watch(self._results.causes)

    async def start(self) -> None:
        """Read the counts of the last weeks, and look at complaints and results from now on.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        await self._hours.start()
        timers, now = self._state.timers, self._state.clock.now()
        timers.set("complaints", now + MINUTE, self._count_complaints)
        timers.set("results", now + FIRST_MS, self._read_results)

    async def prune(self) -> None:
        """Forget the counts of old hours.

        Raises:
            LedgerError: Some may be deleted; the next call deletes the others.
        """
        await self._hours.prune()

    def _harmful_trials(self) -> Iterator[Cause]:
        """Yield the trials that do harm, and are paused for that reason."""
        for rule, tally in self._trials.harmful():
            evidence: dict[str, str | int] = dict(structs.asdict(tally))
            yield Cause("trial.harm", rule.id, evidence, rule.owner or None)

    def _count_complaints(self) -> None:
        self._state.background.start_ledger_work(self._complaints.refresh())
        due = self._state.clock.now() + COMPLAINTS_MS
        self._state.timers.set("complaints", due, self._count_complaints)

    def _read_results(self) -> None:
        self._state.background.start_ledger_work(self._results.refresh())
        due = self._state.clock.now() + RESULTS_MS
        self._state.timers.set("results", due, self._read_results)
