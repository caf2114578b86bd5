"""Advice in money: keep, shrink, stop or wait, and what the choice is worth in a month."""

import math
from enum import StrEnum
from typing import Final

from msgspec import Struct

from tactful.measurement.arm_comparison import ArmComparison
from tactful.measurement.conclusions import Conclusion, least_missing
from tactful.measurement.trial_size import (
    PRIOR_LIFT,
    arm_prior,
    trial_size,
    units_worth_waiting_for,
    waiting_cost,
)

MONTH: Final = 30
"""Days of a month, in amounts per month."""

MATTERS_FOR: Final = 12
"""For how many months the choice matters, where the shop says nothing else."""


class AdviceKind(StrEnum):
    """What a shop should do with an offer."""

    KEEP = "keep"
    SHRINK = "shrink"
    STOP = "stop"
    WAIT = "wait"


class MoneyPerMonth(Struct, frozen=True):
    """What offers to every unit are worth in a month, in minor units of the currency of the margin."""

    likely: int
    """At the estimated difference."""
    worst: int
    """At the lower end of the interval that is valid at every look."""
    best: int
    """At its upper end."""


class Advice(Struct, frozen=True):
    """What to do, and why in money."""

    kind: AdviceKind
    money: MoneyPerMonth | None
    """None: there is no comparison, or it cannot be trusted."""
    waiting: int | None
    """What a month of waiting costs, in minor units; None: nothing is known to expect."""
    trial_units: int | None
    """How many units each arm should have before the shop decides; None: it cannot be computed yet."""
    more_units: int | None = None
    """For how many more units of both arms the shop should wait; None: for proof, or not at all."""


NO_ADVICE: Final = Advice(AdviceKind.WAIT, money=None, waiting=None, trial_units=None)
"""The advice where nothing can be said."""

_PROVEN: Final = {
    Conclusion.EARNS: AdviceKind.KEEP,
    Conclusion.COSTS: AdviceKind.STOP,
    Conclusion.NO_DIFFERENCE: AdviceKind.SHRINK,
}
"""What follows from a conclusion alone. An offer that changes nothing still costs its discount."""


def advise(
    margin: ArmComparison | None,
    orders: tuple[int, int],
    conclusion: Conclusion,
    units_per_month: float,
    *,
    months: int = MATTERS_FOR,
) -> Advice:
    """Return what to do with the offers that were compared.

    While nothing is proven, the trial runs until each arm has the size that earns most (Test & Roll).
    From then on more waiting costs more than it can teach, and the likelier choice is advised. Where
    an arm grows too slowly for that size, the trial goes on only as long as more units are expected to
    earn more than they cost. So advice comes at the latest when the choice matters no longer.

    Args:
        margin: The comparison of the margin; None: an arm has fewer than two units.
        orders: The number of units with an order, treated and held out.
        conclusion: What the comparison shows.
        units_per_month: How many units trigger in 30 days, both arms together.
        months: For how many months the choice matters.
    """
    if margin is None or conclusion is Conclusion.CANNOT_BE_TRUSTED:
        return NO_ADVICE
    money = MoneyPerMonth(
        likely=round(margin.difference * units_per_month),
        worst=round(margin.interval.low * units_per_month),
        best=round(margin.interval.high * units_per_month),
    )
    size, waiting, more = None, None, None
    if margin.lift is not None and margin.error > 0:
        prior = arm_prior(margin.held_out)
        size = trial_size(_noise(margin), prior, months * units_per_month)
        share = margin.units[0] / margin.total_units
        cost = waiting_cost(margin.difference, margin.error, PRIOR_LIFT * margin.held_out, share)
        waiting = round(cost * units_per_month)
    kind = _PROVEN.get(conclusion)
    if kind is None:
        kind = AdviceKind.WAIT
        if size is not None and min(orders) > 0:
            more = max(
                least_missing(margin.units, orders),
                _more_units(margin, size, months * units_per_month),
            )
            kind = AdviceKind.WAIT if more else _likelier(margin)
    return Advice(kind, money, waiting, size, more or None)


def _more_units(margin: ArmComparison, size: int, population: float) -> int:
    """Return for how many more units of both arms the shop should wait; 0: it should decide now.

    Args:
        margin: The comparison of the margin, with an error above 0.
        size: How many units each arm should have.
        population: How many units come while the choice matters, the trial included.
    """
    smaller, total = min(margin.units), margin.total_units
    if smaller >= size:
        return 0
    left = max(population - total, 0.0)
    until_size = math.ceil(size * total / smaller) - total
    if until_size <= left:
        return until_size
    share = margin.units[0] / total
    prior = PRIOR_LIFT * margin.held_out
    return units_worth_waiting_for(margin.difference, margin.error, prior, share, total, left)


def _likelier(margin: ArmComparison) -> AdviceKind:
    return AdviceKind.KEEP if margin.difference > 0 else AdviceKind.STOP


def _noise(margin: ArmComparison) -> float:
    """Return the standard deviation of one unit's outcome that gives the error of the difference.

    With n units in each arm the variance of the difference is 2·s²/n. Arms of unequal size count as
    their harmonic mean.
    """
    treated, held_out = margin.units
    return margin.error / math.sqrt(1 / treated + 1 / held_out)
