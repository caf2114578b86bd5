"""The first sentence of a report: what is known, what it is worth, and what to do."""

from tactful.core.values.calendar import DAY, format_rfc3339
from tactful.core.values.money import BP, Money, format_plain
from tactful.measurement.advice import Advice, AdviceKind, MoneyPerMonth
from tactful.measurement.conclusions import Conclusion, Missing
from tactful.measurement.experiment_report import ExperimentReport

_MISMATCH = (
    "These figures cannot be trusted: one group has lost shoppers that the other has kept."
    " Usual causes are a page that fails with offers only, robots, or a session id that is not kept."
)


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
    money = report.advice.money
    if money is None or report.currency is None:
        return "It is too early to say anything: too few shoppers have bought yet." + _more(
            report.missing, now
        )
    amounts = _amounts(money, report.currency)
    match report.conclusion:
        case Conclusion.EARNS:
            return f"The offers earn {amounts}. Keep them."
        case Conclusion.COSTS:
            return f"The offers cost money: they earn {amounts}. Stop them."
        case Conclusion.NO_DIFFERENCE:
            return (
                f"The offers make no difference worth knowing: they earn {amounts}."
                " Shrink them: a smaller discount loses nothing."
            )
        case _:
            return _undecided(report.advice, amounts, report.currency) + _more(report.missing, now)


def _amounts(money: MoneyPerMonth, currency: str) -> str:
    likely, worst, best = (
        format_plain(Money(amount, currency)) for amount in (money.likely, money.worst, money.best)
    )
    return f"most likely {likely} a month, at worst {worst} and at best {best}"


def _undecided(advice: Advice, amounts: str, currency: str) -> str:
    match advice.kind:
        case AdviceKind.KEEP:
            todo = "Keep them: more waiting would cost more than it teaches."
        case AdviceKind.STOP:
            todo = "Stop them: more waiting would cost more than it teaches."
        case _:
            todo = "Wait."
            if advice.waiting is not None:
                cost = format_plain(Money(advice.waiting, currency))
                todo = f"Wait; a month of waiting costs about {cost}."
    return f"It is not proven what the offers change: they earn {amounts}. {todo}"


def _more(missing: Missing | None, now: int) -> str:
    if missing is None:
        return ""
    when = ""
    if missing.days is not None:
        when = f", about {format_rfc3339(now + missing.days * DAY)[:10]}"
    return f" Proof needs about {missing.units:,} more shoppers{when}."
