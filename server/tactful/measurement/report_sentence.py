"""The first sentence of a report: what is known, what it is worth, and what to do."""

from collections.abc import Mapping
from typing import Final

from tactful.core.values.calendar import DAY, format_rfc3339
from tactful.core.values.counts import counted
from tactful.core.values.money import BP, Money, format_plain
from tactful.measurement.advice import AdviceKind, MoneyPerMonth
from tactful.measurement.conclusions import LEAST_UNITS, Conclusion, Missing
from tactful.measurement.experiment_report import ExperimentReport
from tactful.measurement.variant_report import VariantReport, VariantsReport

_MISMATCH = (
    "These figures cannot be trusted: one group has lost shoppers that the other has kept."
    " Usual causes are a page that fails with offers only, robots, or a session id that is not kept."
    " Find the cause before you decide about the offers."
)
NO_COSTS: Final = (
    "Nothing can be said about the margin: no item that was bought has a known cost and tax rate."
    " Report the costs of items, and prices with their tax rate."
)
"""The sentence where nothing bought has a known margin."""
WAITING_COSTS_MORE: Final = "To wait for proof would cost more than it can save."
"""Why the shop should decide before anything is proven."""
EQUAL_GROUPS: Final = "Make both groups equally large: the smaller one decides how long it takes."
"""What brings an answer sooner where one group is small, as with 10 % of the shoppers held out."""
_OFFERS_TODO: Final = {
    AdviceKind.KEEP: "Keep the offers: a gain is likelier.",
    AdviceKind.STOP: "Stop the offers: a loss is likelier.",
}


def report_sentence(report: ExperimentReport, now: int) -> str:
    """Return what a shop owner should know first.

    Args:
        report: The report.
        now: Its instant, milliseconds since the Unix epoch, UTC.
    """
    units = report.treated + report.held_out + report.immature
    if units == 0:
        return (
            "Nothing can be said: no shopper with consent was due an offer in this time."
            " Ask about a longer time, or wait."
        )
    if report.treated_bp == BP:
        return (
            "Nothing can be known, because every shopper gets the offers."
            " Hold out 10 % of the shoppers, so that their purchases show what offers change."
        )
    if report.treated_bp == 0:
        return (
            "Nothing can be known, because no shopper gets the offers."
            " Hold out 10 % of the shoppers instead of all."
        )
    if report.conclusion is Conclusion.CANNOT_BE_TRUSTED:
        return _MISMATCH
    if lacks_costs(report):
        return NO_COSTS
    money = report.advice.money
    if money is None or report.currency is None:
        return "It is too early to say anything: too few shoppers have bought yet. " + _until(
            report.missing, now
        )
    if min(report.treated, report.held_out) < LEAST_UNITS:
        return (
            f"It is too early to say anything: each group needs {LEAST_UNITS} shoppers. "
            + _until(report.missing, now)
        )
    return _decided(report, money, report.currency, now) + _other_currencies(report)


def lacks_costs(report: ExperimentReport) -> bool:
    """Return whether something was bought, and no line of it has a known cost and tax rate."""
    margins = [one.arms for one in report.metrics if one.metric == "margin"]
    has_none = all(arms.treated == arms.held_out == arms.error == 0 for arms in margins)
    return bool(report.metrics) and report.unknown_cost > 0 and has_none


def _other_currencies(report: ExperimentReport) -> str:
    """Return that the amounts are those of one currency, where shoppers paid in several."""
    others = [
        str(one.currency)
        for one in report.metrics
        if one.metric == "margin" and one.currency != report.currency
    ]
    if not others:
        return ""
    left_out = " and ".join(others)
    return f" These amounts are of purchases in {report.currency} only, without {left_out}."


def _decided(report: ExperimentReport, money: MoneyPerMonth, currency: str, now: int) -> str:
    changes = _changes(money, currency)
    match report.conclusion:
        case Conclusion.EARNS:
            return f"It is proven that the offers earn money: {changes}. Keep them."
        case Conclusion.COSTS:
            return f"It is proven that the offers cost money: {changes}. Stop them."
        case Conclusion.NO_DIFFERENCE:
            return (
                f"It is proven that the offers change almost nothing: {changes}."
                " Give smaller discounts."
            )
        case _:
            return (
                f"It is not proven whether the offers earn or cost money: {changes}."
                f" {_unproven(report, _OFFERS_TODO, now)}"
            )


def variants_sentence(report: VariantsReport, now: int) -> str:
    """Return which rule of an experiment earns more, and what to do.

    Args:
        report: The report.
        now: Its instant, milliseconds since the Unix epoch, UTC.
    """
    if not report.edition:
        return (
            "Nothing can be said: no shopper with consent was due an offer of this experiment in this"
            " time."
        )
    if report.ratio is not None and not report.ratio.ok:
        return _MISMATCH
    return " ".join(
        _pair(one, now) + _other_currencies(one.report) for one in report.against_first
    ) or ("It is too early to compare: the shoppers of one rule only were due an offer.")


def _pair(pair: VariantReport, now: int) -> str:
    rule, other, report = f"'{pair.rule}'", f"'{pair.against}'", pair.report
    if lacks_costs(report):
        return NO_COSTS
    money = report.advice.money
    if money is None or report.currency is None:
        return (
            f"It is too early to compare {rule} with {other}: too few shoppers have bought yet. "
            + _until(report.missing, now)
        )
    changes = _changes(money, report.currency)
    match report.conclusion:
        case Conclusion.EARNS:
            return f"It is proven that {rule} earns more than {other}: {changes}. Keep {rule}."
        case Conclusion.COSTS:
            return f"It is proven that {rule} earns less than {other}: {changes}. Keep {other}."
        case Conclusion.NO_DIFFERENCE:
            return (
                f"It is proven that {rule} and {other} earn almost the same: with {rule} {changes}."
                " Keep the one with the smaller discount."
            )
        case _:
            todo = {
                AdviceKind.KEEP: f"Keep {rule}: it is likelier to earn more.",
                AdviceKind.STOP: f"Keep {other}: it is likelier to earn more.",
            }
            return (
                f"It is not proven which of {rule} and {other} earns more: with {rule} {changes}."
                f" {_unproven(report, todo, now)}"
            )


def _changes(money: MoneyPerMonth, currency: str) -> str:
    likely, worst, best = (
        change_in_words(amount, currency) for amount in (money.likely, money.worst, money.best)
    )
    return f"most likely {likely} a month, at worst {worst} and at best {best}"


def change_in_words(amount: int, currency: str) -> str:
    """Return an amount in minor units as a gain or a loss: "a loss of 12.50 EUR"."""
    kind = "loss" if amount < 0 else "gain"
    return f"a {kind} of {format_plain(Money(abs(amount), currency))}"


def _unproven(report: ExperimentReport, todo: Mapping[AdviceKind, str], now: int) -> str:
    """Return what to do while nothing is proven.

    Args:
        report: The report.
        todo: What to do where the likelier choice is better than to wait.
        now: The instant of the report.
    """
    choice = todo.get(report.advice.kind)
    return _wait(report, now) if choice is None else f"{choice} {WAITING_COSTS_MORE}"


def _wait(report: ExperimentReport, now: int) -> str:
    """Return how long to wait, and what a month of it costs."""
    found = [_until(report.missing, now)]
    if report.advice.waiting is not None and report.currency is not None:
        cost = format_plain(Money(report.advice.waiting, report.currency))
        found.append(waiting_costs(cost))
    return " ".join(found)


def waiting_costs(amount: str) -> str:
    """Return what a month of waiting costs, and why."""
    return f"A month of waiting costs about {amount}, because some shoppers are in the worse group."


def _until(missing: Missing | None, now: int) -> str:
    if missing is None:
        return "Wait."
    day = None if missing.days is None else format_rfc3339(now + missing.days * DAY)[:10]
    return until_answered(missing.units, day)


def until_answered(units: int, day: str | None) -> str:
    """Return how long to wait for an answer, and for how many shoppers.

    Args:
        units: How many more shoppers are needed.
        day: The day on which they are expected, such as `2026-06-08`; None: it is too far away.
    """
    if day is None:
        return (
            f"An answer needs about {counted(units, 'more shopper')}, who take more than a year to come."
            f" {EQUAL_GROUPS} A larger discount makes a larger difference, which shows sooner."
        )
    return (
        f"Wait until about {day}. By then about {counted(units, 'more shopper')} have been counted,"
        " which should be enough to decide."
    )
