"""Intervals around an estimate: for a single look, and valid at every look."""

import math
from statistics import NormalDist
from typing import Final

from msgspec import Struct

ALPHA: Final = 0.05
"""How often an interval may miss: one in twenty, so intervals are at 95 %."""


class Interval(Struct, frozen=True):
    """The range that an estimate leaves open, in the unit of the estimate."""

    low: float
    high: float

    def contains(self, value: float) -> bool:
        """Return whether a value lies in the interval, its ends included."""
        return self.low <= value <= self.high

    def inside(self, bound: float) -> bool:
        """Return whether the whole interval lies between −bound and +bound."""
        return -bound <= self.low and self.high <= bound


def fixed_factor(alpha: float = ALPHA) -> float:
    """Return the half-width in standard errors of an interval for one look: 1.96 for 95 %.

    The normal quantile stands for Student's. From 100 units an arm on, the two differ by less than
    1 %.
    """
    return NormalDist().inv_cdf(1 - alpha / 2)


def tuning(decide_at: int, alpha: float = ALPHA) -> float:
    """Return rho², with which the confidence sequence is narrowest at a number of units.

    Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas: Time-uniform central limit theory and asymptotic
    confidence sequences, 2021 (arXiv 2103.06476), the appendix on tuning: the best
    rho² is about (−2·ln(alpha) + ln(1 − 2·ln(alpha))) / t for the t at which the shop expects to decide.

    Args:
        decide_at: The number of units of both arms at which the shop expects to decide.
        alpha: How often the sequence may miss.
    """
    return (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / decide_at


def sequence_factor(units: int, decide_at: int, alpha: float = ALPHA) -> float:
    """Return the half-width in standard errors of an interval that is valid at every look.

    Theorem 2.2 of the paper named at `tuning`: with g = t·rho² the half-width is the standard
    deviation times the square root of 2(g + 1)/(t·g) · ln(√(g + 1)/alpha). The standard error is the
    standard deviation by √t, so the factor is that root times √t. The interval is asymptotic: it needs arms of 100 units or more.

    Args:
        units: t, the number of units of both arms, at least 1.
        decide_at: The number of units at which the shop expects to decide. It is chosen beforehand.
        alpha: How often the whole sequence of intervals may miss.
    """
    grown = units * tuning(decide_at, alpha)
    # The logarithm of the quotient is written as a sum, which loses no digits where g is small.
    return math.sqrt(2 * (grown + 1) / grown * (math.log1p(grown) / 2 - math.log(alpha)))


def around(estimate: float, half_width: float) -> Interval:
    """Return the interval of a half-width around an estimate."""
    return Interval(estimate - half_width, estimate + half_width)
