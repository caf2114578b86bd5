"""Rules that cost money, trials that have their answer, and arms of wrong sizes."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from msgspec import Struct

from tactful.core.rules.rule import Rule
from tactful.measurement.conclusions import Conclusion
from tactful.measurement.experiment_report import ExperimentReport
from tactful.measurement.sample_ratio import SampleRatio
from tactful.runtime.alerts.causes import Cause
from tactful.runtime.services.report_service import DEFAULT_PERIOD, ReportQuestion, Reports
from tactful.runtime.state.shop_state import ShopState

DECIDED: Final = frozenset({Conclusion.EARNS, Conclusion.COSTS, Conclusion.NO_DIFFERENCE})
STOPPED: Final = {
    Conclusion.COSTS: "the trial costs money",
    Conclusion.NO_DIFFERENCE: "the trial makes no difference worth knowing",
}
"""Conclusion on a trial that ends it → why, for the audit."""
LIFT_PROVEN: Final = "the trial has proven that it earns"
"""Why a trial that earns is stopped, where the policy says so."""

StopTrial = Callable[[str, str], Awaitable[None]]
"""Pauses the rule with this id, for this reason."""


class _Found(Struct, frozen=True):
    """A cause that holds while its rule stays as it is."""

    cause: Cause
    rule: str
    """The rule; empty: the cause is about an experiment."""
    digest: str
    """The meaning of the rule when the report was made."""


class ResultCauses:
    """Reads the results of all rules, whenever `refresh` runs, which takes seconds."""

    def __init__(self, state: ShopState, reports: Reports, stop: StopTrial) -> None:
        """Watch the rules of the active rulebook.

        Args:
            state: The memory of the shop.
            reports: Computes the results.
            stop: Pauses a trial that has its answer.
        """
        self._state = state
        self._reports = reports
        self._stop = stop
        self._found: tuple[_Found, ...] = ()

    def causes(self) -> Iterator[Cause]:
        """Yield what the last reports found, as far as the rules are still the same.

        A rule that was paused makes no more offers, so its costs are mended.
        """
        rulebook = self._state.active_rulebook.current
        for one in self._found:
            rule = rulebook.rules.get(one.rule)
            is_same = rule is not None and rule.digest == one.digest
            is_mended = one.cause.kind == "rule.costs" and one.rule in rulebook.paused
            if not one.rule or (is_same and not is_mended):
                yield one.cause

    async def refresh(self) -> None:
        """Report on every rule and experiment of the last 30 days, and stop trials that are decided.

        Raises:
            LedgerError: The ledger cannot be read, or a stop cannot be recorded.
        """
        now = self._state.clock.now()
        question = ReportQuestion(since=now - DEFAULT_PERIOD, until=now + 1)
        rulebook = self._state.active_rulebook.current
        found: list[_Found] = []
        for name, report in (await self._reports.by_rule(question)).items():
            rule = rulebook.rules.get(name)
            # A trial whose rule changed is a new one: its old results do not count against it.
            if rule is None or rule.experiment is not None:
                continue
            found += [_Found(cause, name, rule.digest) for cause in _causes_of(rule, report)]
            why = STOPPED.get(report.conclusion)
            if report.conclusion is Conclusion.EARNS and rulebook.policy.trial.stop_on_lift:
                why = LIFT_PROVEN
            if rule.mode == "trial" and why and name not in rulebook.paused:
                await self._stop(name, why)
        experiments = {rule.experiment.id for rule in rulebook.rules.values() if rule.experiment}
        for name in sorted(experiments):
            variants = await self._reports.variants(
                ReportQuestion(since=question.since, until=question.until, experiment=name)
            )
            found += [_Found(cause, "", "") for cause in _wrong_sizes(name, variants.ratio, None)]
        self._found = tuple(found)


def _causes_of(rule: Rule, report: ExperimentReport) -> Iterator[Cause]:
    owner = rule.owner or None
    yield from _wrong_sizes(rule.id, report.ratio, owner)
    money = report.advice.money
    if report.conclusion not in DECIDED or money is None or report.currency is None:
        return
    evidence: dict[str, str | int] = {
        "conclusion": report.conclusion.value,
        "likely_a_month": money.likely,
        "worst_a_month": money.worst,
        "best_a_month": money.best,
        "currency": report.currency,
        "shoppers": report.treated + report.held_out,
    }
    if rule.mode == "trial":
        yield Cause("trial.decided", rule.id, evidence, owner)
    elif report.conclusion is Conclusion.COSTS:
        yield Cause("rule.costs", rule.id, {**evidence, "proposal": "pause"}, owner)


def _wrong_sizes(subject: str, ratio: SampleRatio | None, owner: str | None) -> Iterator[Cause]:
    if ratio is not None and not ratio.ok:
        yield Cause("experiment.srm", subject, {"p": f"{ratio.p:.1e}"}, owner)
