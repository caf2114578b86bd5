"""The first sentence of a report: what is known, what it is worth, and what to do."""

from typing import Final

from tactful.core.values.calendar import DAY, format_rfc3339
from tactful.core.values.counts import counted
from tactful.core.values.money import BP, Money, format_plain
from tactful.measurement.advice import Advice, AdviceKind, MoneyPerMonth
from tactful.measurement.conclusions import LEAST_UNITS, Conclusion, Missing
from tactful.measurement.experiment_report import ExperimentReport
from tactful.measurement.variant_report import VariantReport, VariantsReport

_MISMATCH = (
    "These figures cannot be trusted: one group has lost shoppers that the other has kept."
    " Usual causes are a page that fails with offers only, robots, or a session id that is not kept."
)
NO_COSTS: Final = (
    "Nothing can be said about the margin: no item that was bought has a known cost and tax rate."
    " Report the costs of items, and prices with their tax rate."
)
"""The sentence where nothing bought has a known margin."""


def report_sentence(report: ExperimentReport, now: int) -> str:
    """Return what a shop owner should know first.

    Args:
        report: The report.
        now: Its instant, milliseconds since the Unix epoch, UTC.
    """
    units = report.treated + report.held_out + report.immature
    if units == 0:
        return "Nothing can be said: no shopper with consent was due an offer in this time."
    if report.treated_bp == BP:
        return (
            "Nothing can be known, because every shopper gets the offers."
            " Hold out 10 % of the shoppers, so that their purchases show what offers change."
        )
    if report.treated_bp == 0:
        return "Nothing can be known, because no shopper gets the offers."
    if report.conclusion is Conclusion.CANNOT_BE_TRUSTED:
        return _MISMATCH
    if lacks_costs(report):
        return NO_COSTS
    money = report.advice.money
    if money is None or report.currency is None:
        return "It is too early to say anything: too few shoppers have bought yet." + _more(
            report.missing, now
        )
    if min(report.treated, report.held_out) < LEAST_UNITS:
        return (
            f"It is too early to say anything. Wait until each group has {LEAST_UNITS} shoppers."
            + _more(report.missing, now)
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
            return f"The offers earn {_amounts(money, currency)}. Keep them."
        case Conclusion.COSTS:
            return f"The offers cost money: {changes}. Stop them."
        case Conclusion.NO_DIFFERENCE:
            return (
                f"The offers make no difference worth knowing: {changes}."
                " Shrink them: a smaller discount loses nothing."
            )
        case _:
            return _undecided(report.advice, changes, currency) + _more(
                report.missing, now, waits=report.advice.kind is AdviceKind.WAIT
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
    return " ".join(_pair(one, now) for one in report.against_first) or (
        "It is too early to compare: the shoppers of one rule only were due an offer."
    )


def _pair(pair: VariantReport, now: int) -> str:
    rule, other, report = f"'{pair.rule}'", f"'{pair.against}'", pair.report
    if lacks_costs(report):
        return NO_COSTS
    money = report.advice.money
    if money is None or report.currency is None:
        return (
            f"It is too early to compare {rule} with {other}: too few shoppers have bought yet."
            + _more(report.missing, now)
        )
    likely, worst, best = (
        format_plain(Money(amount, report.currency))
        for amount in (money.likely, money.worst, money.best)
    )
    amounts = f"most likely {likely} a month more, at worst {worst} and at best {best}"
    match report.conclusion:
        case Conclusion.EARNS:
            return f"{rule} earns more than {other}: {amounts}. Keep {rule}."
        case Conclusion.COSTS:
            return f"{rule} earns less than {other}: {amounts}. Keep {other}."
        case Conclusion.NO_DIFFERENCE:
            return (
                f"{rule} and {other} make no difference worth knowing: {rule} earns {amounts}."
                " Keep the one that gives less."
            )
        case _:
            better = rule if money.likely > 0 else other
            todo = (
                _wait(report.advice, report.currency)
                if report.advice.kind is AdviceKind.WAIT
                else f"Keep {better}: more waiting would cost more than it teaches."
            )
            return (
                f"It is not proven which of {rule} and {other} earns more: {rule} earns {amounts}."
                f" {todo}{_more(report.missing, now)}"
            )


def _amounts(money: MoneyPerMonth, currency: str) -> str:
    likely, worst, best = (
        format_plain(Money(amount, currency)) for amount in (money.likely, money.worst, money.best)
    )
    return f"most likely {likely} a month, at worst {worst} and at best {best}"


def _changes(money: MoneyPerMonth, currency: str) -> str:
    likely, worst, best = (
        change_in_words(amount, currency) for amount in (money.likely, money.worst, money.best)
    )
    return f"most likely {likely} a month, at worst {worst} and at best {best}"


def change_in_words(amount: int, currency: str) -> str:
    """Return an amount in minor units as a gain or a loss: "a loss of 12.50 EUR"."""
    kind = "loss" if amount < 0 else "gain"
    return f"a {kind} of {format_plain(Money(abs(amount), currency))}"


def _undecided(advice: Advice, changes: str, currency: str) -> str:
    match advice.kind:
        case AdviceKind.KEEP:
            todo = "Keep them: more waiting would cost more than it teaches."
        case AdviceKind.STOP:
            todo = "Stop them: more waiting would cost more than it teaches."
        case _:
            todo = _wait(advice, currency)
    return f"It is not proven what the offers change: {changes}. {todo}"


def _wait(advice: Advice, currency: str) -> str:
    if advice.waiting is None:
        return "Wait."
    cost = format_plain(Money(advice.waiting, currency))
    return f"Wait; a month of waiting costs about {cost}."


def _more(missing: Missing | None, now: int, *, waits: bool = True) -> str:
    if missing is None:
        return ""
    when = ""
    if missing.days is not None:
        when = f", about {format_rfc3339(now + missing.days * DAY)[:10]}"
    needs = "needs" if waits else "would need"
    return f" Proof {needs} about {counted(missing.units, 'more shopper')}{when}."
