"""The page of results answers whether the offers earn, and shows amounts to those who may see them."""

from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, rules
from support.console_client import Agent
from support.live_server import LiveServer, live_server
from tactful.console.result_pages import (
    METRICS,
    VERDICTS,
    Results,
    result_view,
    sum_counts,
)
from tactful.console.rule_views import RuleCounts
from tactful.measurement.advice import AdviceKind
from tactful.measurement.conclusions import Conclusion
from tactful.measurement.experiment_report import ExperimentReport
from tactful.measurement.metric_names import METRIC_NAMES
from tactful.measurement.sample_ratio import SampleRatio
from tactful.runtime.security.operator_accounts import OperatorAccounts
from tactful.runtime.security.passwords import PasswordHasher
from tactful.runtime.services.report_service import ReportQuestion
from unit.measurement import test_experiment_report as shops
from unit.measurement.test_report_sentence import NOW, advice, report

EARNS = report(conclusion=Conclusion.EARNS, advice=advice(AdviceKind.KEEP), unknown_cost=3)
PASSWORD = "correct horse battery"


class KnownReports:
    """Reports that are known beforehand, and how often they were read."""

    def __init__(self, whole: ExperimentReport, rules: dict[str, ExperimentReport]) -> None:
        self.whole, self.rules = whole, rules
        self.reads = 0

    async def report(self, question: ReportQuestion) -> ExperimentReport:
        self.reads += 1
        assert question.rule is None
        return self.whole

    async def by_rule(self, question: ReportQuestion) -> dict[str, ExperimentReport]:
        self.reads += 1
        assert question.rule is None
        return self.rules


def use(one: LiveServer, whole: ExperimentReport, **rules: ExperimentReport) -> KnownReports:
    known = KnownReports(whole, rules)
    one.parts.shop.reports = known  # type: ignore[assignment]
    return known


async def test_the_answer_comes_first_with_its_range_in_money(
    one: LiveServer, agent: Agent
) -> None:
    use(one, EARNS, R1=report())
    page = await agent.read("/console/results")
    assert "Do the offers earn?" in page
    assert "Yes, the offers earn." in page
    assert "At worst -300.00 EUR Most likely 1,240.00 EUR At best 2,800.00 EUR" in page
    assert "Compared: 900 shoppers with offers, 100 without." in page
    assert "3 order lines are left out" in page
    assert "R1 That is not known yet. Most likely 1,240.00 EUR a month." in page
    of_rule = await agent.read("/console/results?rule=R1&days=90")
    assert "Does R1 earn?" in of_rule
    assert "That is not known yet." in of_rule


async def test_before_anything_is_known_the_page_says_so(one: LiveServer, agent: Agent) -> None:
    page = await agent.read("/console/results")
    assert "That is not known yet." in page
    assert "Nothing can be said" in page
    assert "No rule has shoppers to compare yet." in page
    assert "was due an offer of this rule" in await agent.read("/console/results?rule=R1")
    assert (await agent.http.get("/console/results?rule=R9")).status_code == 404
    assert (await agent.http.get("/console/results?days=7")).status_code == 422


async def test_a_role_without_margins_sees_the_verdict_and_no_amount(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one, Agent(one) as agent:
        await one.facts(*CATALOGUE)
        accounts = OperatorAccounts(one.parts.shop.state.keys.folder, one.parts.shop.clock)
        digest = await PasswordHasher().digest(PASSWORD)
        accounts.join(accounts.invite("Root", "owner"), digest)
        accounts.join(accounts.invite("Eve", "agent"), digest)
        use(one, EARNS, R1=EARNS)
        await agent.log_in(key=PASSWORD, name="Eve")
        page = await agent.read("/console/results")
        assert "Yes, the offers earn." in page
        assert "EUR" not in page
        assert "Amounts of margin are shown to merchandisers and owners." in page


async def test_results_are_read_again_only_after_some_minutes(one: LiveServer) -> None:
    known = use(one, EARNS)
    results = Results(one.parts.shop)
    assert await results.all_rules(30) is await results.all_rules(30)
    assert known.reads == 1
    await results.all_rules(90)
    assert known.reads == 2
    await one.advance(301)
    await results.all_rules(30)
    assert known.reads == 3


def test_figures_that_cannot_be_trusted_are_said_to_be_so() -> None:
    bad = report(conclusion=Conclusion.CANNOT_BE_TRUSTED, ratio=SampleRatio(1e-9))
    view = result_view("", bad, NOW, shows_money=True)
    assert view.verdict == "These figures cannot say."
    assert "no figure can be trusted" in view.health[0]


def test_a_small_group_has_no_amounts() -> None:
    assert result_view("", report(held_out=99), NOW, shows_money=True).money is None


def test_every_metric_has_words_a_chart_and_its_numbers() -> None:
    assert set(METRICS) == set(METRIC_NAMES)
    assert set(VERDICTS) == set(Conclusion)
    found = shops.reported(shops.shop())
    view = result_view("R1", found, NOW, shows_money=True)
    assert len(view.metrics) == len(found.metrics) > 3
    assert all("<svg" in one.chart for one in view.metrics)
    assert view.metrics[0].treated.endswith(" EUR")
    hidden = result_view("R1", found, NOW, shows_money=False)
    assert "Margin of a shopper" not in {one.name for one in hidden.metrics}


@pytest.mark.parametrize(("rule", "shown"), [("", 7), ("a", 3), ("c", 0)])
def test_counts_are_those_of_one_rule_or_of_all(rule: str, shown: int) -> None:
    counts = {"a": RuleCounts(shown=3), "b": RuleCounts(shown=4)}
    assert sum_counts(counts, rule).shown == shown


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        (AdviceKind.KEEP, "Probably yes. It is not proven."),
        (AdviceKind.STOP, "Probably not. It is not proven."),
        (AdviceKind.WAIT, "That is not known yet."),
    ],
)
def test_what_is_likely_without_proof_is_said(kind: AdviceKind, verdict: str) -> None:
    found = result_view("", report(advice=advice(kind)), NOW, shows_money=True)
    assert (str(found.verdict), found.is_proven) == (verdict, False)
