"""Rules that cost money, trials that have their answer, and arms of wrong sizes."""

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from support.bare_shop import NOON, bare_shop
from support.builders import rule, rulebook
from tactful.core.rules.policy import Policy, TrialRails
from tactful.core.rules.rule import Experiment, Rule
from tactful.measurement.advice import Advice, AdviceKind, MoneyPerMonth
from tactful.measurement.conclusions import Conclusion
from tactful.measurement.experiment_report import ExperimentReport
from tactful.measurement.sample_ratio import SampleRatio
from tactful.measurement.variant_report import VariantsReport
from tactful.runtime.alerts.causes import Cause
from tactful.runtime.services.report_service import ReportQuestion
from tactful.runtime.services.result_causes import ResultCauses
from unit.measurement.test_report_sentence import report, variants

LOSS = MoneyPerMonth(-5000, -9000, -1000)


def concluded(conclusion: Conclusion, **changes: Any) -> ExperimentReport:
    advice = Advice(AdviceKind.STOP, LOSS, None, None)
    return report(conclusion=conclusion, advice=advice, **changes)


class Reports:
    """Reports that a test gives."""

    def __init__(self, rules: dict[str, ExperimentReport], one: VariantsReport | None) -> None:
        self._rules, self._one = rules, one

    async def by_rule(self, question: ReportQuestion) -> dict[str, ExperimentReport]:
        assert question.until == NOON + 1
        return self._rules

    async def variants(self, question: ReportQuestion) -> VariantsReport:
        assert question.experiment == "E"
        assert self._one is not None
        return self._one


class Watched:
    """Results of one rule or experiment."""

    def __init__(
        self, folder: Path, *rules: Rule, one: VariantsReport | None = None, **reports: Any
    ) -> None:
        self.state = bare_shop(folder).state
        self.stopped: list[tuple[str, str]] = []
        self.use(*rules)
        self.results = ResultCauses(self.state, Reports(reports, one), self._stop)  # type: ignore[arg-type]

    async def _stop(self, rule: str, why: str) -> None:
        self.stopped.append((rule, why))

    def use(self, *rules: Rule) -> None:
        self.state.active_rulebook.replace(rulebook(*rules), NOON)

    async def causes(self) -> list[Cause]:
        await self.results.refresh()
        return [*self.results.causes()]


COSTS = concluded(Conclusion.COSTS)


async def test_a_rule_that_costs_money_is_a_cause_with_the_evidence_and_is_not_paused(
    tmp_path: Path,
) -> None:
    one = Watched(tmp_path, rule("R1", owner="Bo"), R1=COSTS)
    evidence: dict[str, str | int] = {
        "conclusion": "costs", "likely_a_month": -5000, "worst_a_month": -9000,
        "best_a_month": -1000, "currency": "EUR", "shoppers": 1000, "proposal": "pause",
    }  # fmt: skip
    assert await one.causes() == [Cause("rule.costs", "R1", evidence, "Bo")]
    assert one.stopped == []


async def test_its_pause_or_change_mends_it_before_the_next_report(tmp_path: Path) -> None:
    one = Watched(tmp_path, rule("R1"), R1=COSTS)
    assert len(await one.causes()) == 1
    one.state.active_rulebook.set_paused(frozenset({"R1"}))
    assert [*one.results.causes()] == []
    one.state.active_rulebook.set_paused(frozenset())
    assert len([*one.results.causes()]) == 1
    one.use(rule("R1", digest="other"))
    assert [*one.results.causes()] == []
    one.use()
    assert [*one.results.causes()] == []


@pytest.mark.parametrize(
    ("conclusion", "why"),
    [
        (Conclusion.COSTS, "the trial costs money"),
        (Conclusion.NO_DIFFERENCE, "the trial makes no difference worth knowing"),
        (Conclusion.EARNS, None),
    ],
)
async def test_a_trial_with_an_answer_is_a_cause_and_stops_unless_it_earns(
    tmp_path: Path, conclusion: Conclusion, why: str | None
) -> None:
    one = Watched(tmp_path, rule("R1", mode="trial"), R1=concluded(conclusion))
    (found,) = await one.causes()
    assert (found.kind, found.evidence["conclusion"]) == ("trial.decided", conclusion.value)
    assert one.stopped == ([("R1", why)] if why else [])
    one.state.active_rulebook.set_paused(frozenset({"R1"}))
    assert await one.causes() == [found], "a stopped trial still has its answer"
    assert len(one.stopped) == (1 if why else 0)


async def test_a_trial_that_earns_stops_where_the_policy_says_so(tmp_path: Path) -> None:
    one = Watched(tmp_path, rule("R1", mode="trial"), R1=concluded(Conclusion.EARNS))
    active = one.state.active_rulebook
    stops = Policy(trial=TrialRails(stop_on_lift=True))
    active.replace(structs.replace(active.current, policy=stops), NOON)
    (found,) = await one.causes()
    assert (found.kind, found.evidence["conclusion"]) == ("trial.decided", "earns")
    assert one.stopped == [("R1", "the trial has proven that it earns")]


@pytest.mark.parametrize(
    "quiet",
    [
        concluded(Conclusion.EARNS),
        concluded(Conclusion.NO_DIFFERENCE),
        concluded(Conclusion.TOO_EARLY),
        concluded(Conclusion.COSTS, currency=None),
        report(conclusion=Conclusion.COSTS, advice=Advice(AdviceKind.STOP, None, None, None)),
    ],
    ids=["earns", "no difference", "too early", "no currency", "no money"],
)
async def test_other_results_of_a_rule_are_none(tmp_path: Path, quiet: ExperimentReport) -> None:
    assert await Watched(tmp_path, rule("R1"), R1=quiet).causes() == []


async def test_a_rule_that_is_gone_or_in_an_experiment_is_none(tmp_path: Path) -> None:
    assert await Watched(tmp_path, R1=COSTS).causes() == []
    compared = rule("R1", experiment=Experiment("E", "e1", (("R1", 10_000),)))
    one = Watched(tmp_path / "next", compared, one=variants(), R1=COSTS)
    assert await one.causes() == []


async def test_arms_of_wrong_sizes_are_a_cause_of_a_rule_and_of_an_experiment(
    tmp_path: Path,
) -> None:
    lost = structs.replace(report(), ratio=SampleRatio(0.00002))
    one = Watched(tmp_path, rule("R1"), R1=lost)
    assert await one.causes() == [Cause("experiment.srm", "R1", {"p": "2.0e-05"}, None)]
    compared = rule("R1", experiment=Experiment("E", "e1", (("R1", 10_000),)))
    wrong = variants(ratio=SampleRatio(0.00002))
    other = Watched(tmp_path / "next", compared, one=wrong)
    assert [(each.kind, each.subject) for each in await other.causes()] == [("experiment.srm", "E")]
