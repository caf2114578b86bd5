"""The page of results: do the offers earn, how sure is that, and what should be done."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.console.access import ConsoleAccess, ConsoleRequest
from tactful.console.charts import Bar, Range, bar_chart, range_chart
from tactful.console.languages import say
from tactful.console.local_formats import format_amount, format_number, format_share
from tactful.console.permissions import may
from tactful.console.rendering import PageError
from tactful.console.response_views import responses_view
from tactful.console.rule_views import RuleCounts, counts_of
from tactful.core.values.calendar import DAY, MINUTE
from tactful.core.values.phrases import Phrase, phrase
from tactful.measurement.advice import AdviceKind
from tactful.measurement.conclusions import LEAST_UNITS, Conclusion
from tactful.measurement.experiment_report import ExperimentReport, MetricResult
from tactful.measurement.report_sentence import lacks_costs, report_sentence
from tactful.runtime.services.report_service import ReportQuestion
from tactful.runtime.services.response_counts import read_response_counts
from tactful.runtime.shop import Shop

PAGE: Final = "/console/results"
PERIODS: Final = {"30": 30, "90": 90, "180": 180}
"""Choice of the form → days."""
FRESH_MS: Final = 5 * MINUTE
"""Milliseconds for which a result is shown again instead of being read anew."""
MAX_KEPT: Final = 32
"""Results that are kept."""
OF_MONEY: Final = frozenset({"margin"})
"""The metrics that only roles with the act `margins` see."""
VERDICTS: Final[Mapping[Conclusion, Phrase]] = {
    Conclusion.EARNS: phrase("Yes, the offers earn."),
    Conclusion.COSTS: phrase("No, the offers cost money."),
    Conclusion.NO_DIFFERENCE: phrase("No, they make no difference worth knowing."),
    Conclusion.TOO_EARLY: phrase("That is not known yet."),
    Conclusion.CANNOT_BE_TRUSTED: phrase("These figures cannot say."),
}
"""Conclusion → the answer to the question whether the offers earn."""
LIKELIER: Final[Mapping[AdviceKind, Phrase]] = {
    AdviceKind.KEEP: phrase("Probably yes. It is not proven."),
    AdviceKind.STOP: phrase("Probably not. It is not proven."),
}
"""Advice without proof → the same."""
METRICS: Final[Mapping[str, Phrase]] = {
    "margin": phrase("Margin of a shopper"),
    "conversion": phrase("Bought something"),
    "revenue": phrase("Revenue of a shopper"),
    "item_bought": phrase("Bought the offered product"),
    "discount": phrase("Discount given to a shopper"),
    "return_rate": phrase("Sent something back"),
    "complaint_rate": phrase("Complained"),
    "dismissal_rate": phrase("Dismissed an offer"),
    "repeat_purchase": phrase("Bought again"),
    "full_price_share": phrase("Revenue without an offer"),
}
"""Metric → its words."""


class MoneyView(Struct, frozen=True):
    """What the offers are worth in a month, in minor units."""

    worst: int
    likely: int
    best: int
    currency: str
    chart: Any
    """The chart as HTML."""


class MetricView(Struct, frozen=True):
    """A metric of both groups, written in the reader's language."""

    name: Phrase
    treated: str
    held_out: str
    low: str
    high: str
    chart: Any


class ResultView(Struct, frozen=True):
    """What is known about the effect of all offers, or of those of one rule."""

    rule: str
    """Empty: all rules together."""
    verdict: Phrase
    is_proven: bool
    sentence: str
    """The first sentence of the report; it has amounts."""
    treated: int
    held_out: int
    money: MoneyView | None
    metrics: tuple[MetricView, ...]
    health: tuple[Phrase, ...]
    """What limits how far the figures can be trusted."""


class Results:
    """Reads results, one at a time, and keeps them for a short time."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._turn = asyncio.Lock()
        self._known: dict[tuple[str | None, int], tuple[int, Any]] = {}

    async def all_rules(self, days: int) -> ExperimentReport:
        """Return the report of all rules together over the last days."""
        found: ExperimentReport = await self._read(None, days)
        return found

    async def by_rule(self, days: int) -> Mapping[str, ExperimentReport]:
        """Return rule → its report over the last days."""
        found: Mapping[str, ExperimentReport] = await self._read("*", days)
        return found

    async def _read(self, what: str | None, days: int) -> Any:
        async with self._turn:
            now = self._shop.clock.now()
            at, known = self._known.get((what, days), (0, None))
            if known is not None and now - at < FRESH_MS:
                return known
            question = ReportQuestion(since=now + 1 - days * DAY, until=now + 1)
            reports = self._shop.reports
            read = reports.report(question) if what is None else reports.by_rule(question)
            known = await read
            self._known[what, days] = now, known
            if len(self._known) > MAX_KEPT:
                self._known.pop(next(iter(self._known)))
            return known


def result_routes(access: ConsoleAccess) -> Sequence[BaseRoute]:
    """Return the route of the page."""
    shop = access.shop
    results = Results(shop)

    async def page(page_request: ConsoleRequest) -> Response:
        query = page_request.http_request.query_params
        choice, rule = query.get("days", "30"), query.get("rule", "")
        rules = shop.state.active_rulebook.current.rules
        if choice not in PERIODS:
            raise PageError(422, phrase("The time is missing. Choose how many days count."))
        by_rule = await results.by_rule(PERIODS[choice])
        if rule and rule not in rules and rule not in by_rule:
            problem = phrase(
                "The active rulebook has no rule {rule}. Open the rules again.", rule=rule
            )
            raise PageError(404, problem)
        shows_money = may(page_request.login.role, "margins")
        whole = by_rule.get(rule) if rule else await results.all_rules(PERIODS[choice])
        now = shop.clock.now()
        counts = counts_of(await shop.ledger.rule_steps(), rules)
        return access.render(
            page_request,
            "results.html",
            rule=rule,
            days=choice,
            periods=PERIODS,
            shows_money=shows_money,
            result=result_view(rule, whole, now, shows_money=shows_money) if whole else None,
            others=[
                result_view(name, found, now, shows_money=shows_money)
                for name, found in by_rule.items()
                if not rule
            ],
            funnel=funnel_of(sum_counts(counts, rule)),
            responses=responses_view(
                await read_response_counts(shop.ledger, now - PERIODS[choice] * DAY, now + 1)
            ),
        )

    return [Route(PAGE, access.page_endpoint(page, "see"), methods=["GET"])]


def result_view(rule: str, report: ExperimentReport, now: int, *, shows_money: bool) -> ResultView:
    """Return a report as the page shows it.

    Args:
        rule: The rule; empty: all rules together.
        report: Its report.
        now: Milliseconds since the Unix epoch, UTC.
        shows_money: Whether the reader may see margins.
    """
    proven = {Conclusion.EARNS, Conclusion.COSTS, Conclusion.NO_DIFFERENCE}
    return ResultView(
        rule=rule,
        verdict=_verdict(report),
        is_proven=report.conclusion in proven,
        sentence=report_sentence(report, now) if shows_money else "",
        treated=report.treated,
        held_out=report.held_out,
        money=_money(report) if shows_money else None,
        metrics=tuple(
            _metric(one) for one in report.metrics if shows_money or one.metric not in OF_MONEY
        ),
        health=tuple(_health(report)),
    )


def _verdict(report: ExperimentReport) -> Phrase:
    """Return whether the offers earn, which may be likely without being proven."""
    if report.conclusion is Conclusion.TOO_EARLY:
        return LIKELIER.get(report.advice.kind, VERDICTS[report.conclusion])
    return VERDICTS[report.conclusion]


def _money(report: ExperimentReport) -> MoneyView | None:
    money, currency = report.advice.money, report.currency
    # With fewer shoppers the range is not valid, so its amounts would mislead.
    if min(report.treated, report.held_out) < LEAST_UNITS or lacks_costs(report):
        return None
    if money is None or currency is None:
        return None
    worst, likely, best = (
        format_amount(amount, currency) for amount in (money.worst, money.likely, money.best)
    )
    chart = range_chart(
        [Range(money.worst, money.likely, money.best)],
        say("What the offers are worth in a month"),
        say(
            "At worst {worst}, most likely {likely}, at best {best}.",
            worst=worst, likely=likely, best=best,
        ),
    )  # fmt: skip
    return MoneyView(money.worst, money.likely, money.best, currency, chart)


def _metric(one: MetricResult) -> MetricView:
    arms = one.arms

    def text(value: float) -> str:
        return format_amount(round(value), one.currency) if one.currency else format_share(value)

    low, high = text(arms.interval.low), text(arms.interval.high)
    name = METRICS[one.metric]
    chart = range_chart(
        [Range(arms.interval.low, arms.difference, arms.interval.high)],
        say(name.key),
        say("Difference from {low} to {high}.", low=low, high=high),
    )
    return MetricView(name, text(arms.treated), text(arms.held_out), low, high, chart)


def _health(report: ExperimentReport) -> list[Phrase]:
    found = []
    if report.ratio is not None and not report.ratio.ok:
        found.append(
            phrase("One group has lost shoppers that the other has kept: no figure can be trusted.")
        )
    if report.unknown_cost:
        found.append(
            phrase(
                "{n} order lines are left out, because their cost is unknown.",
                n=report.unknown_cost,
            )
        )
    if report.unlinked:
        found.append(phrase("{n} orders name neither a customer nor a session.", n=report.unlinked))
    if report.immature:
        found.append(
            phrase("{n} shoppers are left out: their seven days have not ended.", n=report.immature)
        )
    return found


def sum_counts(counts: Mapping[str, RuleCounts], rule: str) -> RuleCounts:
    """Return what became of the offers of one rule, or of all for an empty id."""
    chosen = [one for name, one in counts.items() if rule in {"", name}]
    return RuleCounts(
        sum(one.offered for one in chosen),
        sum(one.shown for one in chosen),
        sum(one.accepted for one in chosen),
        sum(one.redeemed for one in chosen),
        sum(one.dismissed for one in chosen),
    )


def funnel_of(counts: RuleCounts) -> Any:
    """Return the chart of offers from the first to the last step, as HTML."""
    bars = [
        Bar(say(label.key), value, format_number(value))
        for label, value in (
            (phrase("offered"), counts.offered),
            (phrase("shown"), counts.shown),
            (phrase("accepted"), counts.accepted),
            (phrase("bought"), counts.redeemed),
        )
    ]
    title = say("What became of the offers")
    return bar_chart(bars, title, ", ".join(f"{bar.label}: {bar.text}" for bar in bars))
