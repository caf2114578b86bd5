"""The conclusion of a report: what the margin shows, or how much is still missing."""

import math
from enum import StrEnum
from typing import Final

from msgspec import Struct

from tactful.measurement.arm_comparison import DECIDE_AT, ArmComparison
from tactful.measurement.intervals import sequence_factor

LEAST_UNITS: Final = 100
"""Fewer units in an arm say nothing: the interval is not yet valid."""

LEAST_ORDERS: Final = 30
"""Fewer orders in an arm say nothing: a mean of so few outcomes is far from normal."""

TOO_WIDE: Final = 0.20
"""While a lift of −20 % and one of +20 % are both possible, nothing is concluded."""

SMALLEST_EFFECT: Final = 0.02
"""The lift that is worth knowing, where the shop says nothing else."""

MOST_UNITS: Final = 10**12
"""No shop waits for more units than that."""

LONGEST_FORECAST: Final = 365
"""No date is given that lies more than so many days ahead: the choice matters for a year."""


class Conclusion(StrEnum):
    """What a comparison of the margin shows."""

    EARNS = "earns"
    COSTS = "costs"
    NO_DIFFERENCE = "no_difference"
    TOO_EARLY = "too_early"
    CANNOT_BE_TRUSTED = "cannot_be_trusted"


class Missing(Struct, frozen=True):
    """What a conclusion, or a decision without one, still needs."""

    units: int
    """How many more units of both arms."""
    days: int | None
    """In how many days they have come, at today's rate; None: in more than a year, or never."""


def conclude(
    margin: ArmComparison | None,
    orders: tuple[int, int],
    *,
    trusted: bool,
    smallest_effect: float = SMALLEST_EFFECT,
) -> Conclusion:
    """Return what the comparison of the margin shows.

    Args:
        margin: The comparison; None: an arm has fewer than two units.
        orders: The number of units with an order, treated and held out.
        trusted: Whether there is no sample ratio mismatch.
        smallest_effect: A lift whose whole interval lies within ± this share is not worth knowing.
    """
    if not trusted:
        return Conclusion.CANNOT_BE_TRUSTED
    if margin is None or min(margin.units) < LEAST_UNITS or min(orders) < LEAST_ORDERS:
        return Conclusion.TOO_EARLY
    lift = margin.lift_interval
    if lift and lift.inside(smallest_effect):
        return Conclusion.NO_DIFFERENCE
    if lift and lift.contains(-TOO_WIDE) and lift.contains(TOO_WIDE):
        return Conclusion.TOO_EARLY
    if margin.interval.low > 0:
        return Conclusion.EARNS
    return Conclusion.COSTS if margin.interval.high < 0 else Conclusion.TOO_EARLY


def missing(
    margin: ArmComparison | None,
    orders: tuple[int, int],
    units_per_day: float,
    *,
    smallest_effect: float = SMALLEST_EFFECT,
    decide_at: int = DECIDE_AT,
) -> Missing | None:
    """Return how many more units a conclusion needs; None: no number can be given yet.

    The difference, its variance, the split and the rate of orders are taken as they are today. With
    so many units the interval is clear of 0, or lies inside ± `smallest_effect`.

    Args:
        margin: The comparison of the margin; None: an arm has fewer than two units.
        orders: The number of units with an order, treated and held out.
        units_per_day: How many units trigger in a day, both arms together.
        smallest_effect: The lift that is worth knowing.
        decide_at: At how many units of both arms the shop expects to decide.
    """
    if margin is None or min(orders) == 0:
        return None
    precise = _units_for(margin, smallest_effect, decide_at)
    if precise is None:
        return None
    units = max(least_missing(margin.units, orders), precise - margin.total_units)
    return _coming(units, units_per_day)


def least_missing(units: tuple[int, int], orders: tuple[int, int]) -> int:
    """Return how many more units of both arms there must be before anything is concluded.

    Args:
        units: The number of units, treated and held out.
        orders: The number of units with an order, of which each arm has some.
    """
    growth = max(LEAST_UNITS / min(units), LEAST_ORDERS / min(orders), 1)
    return math.ceil(sum(units) * growth) - sum(units)


def soonest(proof: Missing | None, more_units: int | None, units_per_day: float) -> Missing | None:
    """Return what is missing until a proof, or until a decision without one if that comes before.

    Args:
        proof: What a proof needs; None: it is not known.
        more_units: How many more units the decision needs; None: there is none to wait for.
        units_per_day: How many units trigger in a day, both arms together.
    """
    if more_units is None or (proof is not None and proof.units <= more_units):
        return proof
    return _coming(more_units, units_per_day)


def _coming(units: int, units_per_day: float) -> Missing:
    """Return so many units as what is missing, and when they have come."""
    days = math.ceil(units / units_per_day) if units_per_day > 0 else LONGEST_FORECAST + 1
    return Missing(units, days if days <= LONGEST_FORECAST else None)


def _units_for(margin: ArmComparison, smallest_effect: float, decide_at: int) -> int | None:
    """Return at how many units the half-width is small enough for one of the two answers.

    None: at more than `MOST_UNITS`, so that the arms are the same for all that is known.
    """
    noise = margin.error * math.sqrt(margin.total_units)
    target = abs(margin.difference)
    if margin.lift is not None:
        target = max(target, smallest_effect * margin.held_out - target)
    low, high = 0, margin.total_units
    while high <= MOST_UNITS and not _reaches(high, noise, target, decide_at):
        low, high = high, 2 * high
    if high > MOST_UNITS:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if _reaches(middle, noise, target, decide_at):
            high = middle
        else:
            low = middle
    return high


def _reaches(units: int, noise: float, target: float, decide_at: int) -> bool:
    """Return whether the half-width at a number of units is below the target."""
    return noise / math.sqrt(units) * sequence_factor(units, decide_at) < target
