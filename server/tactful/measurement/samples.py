"""Outcomes of one arm: a value for each unit, and the unit's history where it is known.

Most units buy nothing and have no history. They are counted and not listed, so that a million of
them cost no memory.
"""

import math
from collections.abc import Iterable

from msgspec import Struct


class Sample(Struct, frozen=True):
    """One metric of one arm.

    Attributes:
        values: The outcomes of the units that have an outcome other than 0 or a history. Money is in
            minor units.
        history: The same metric of the same units before the trigger, in the order of `values`;
            `None` where it is not known. Empty: it is known of no unit.
        blank: How many more units the arm has. Their outcome is 0 and their history is not known.
    """

    values: tuple[float, ...]
    history: tuple[float | None, ...] = ()
    blank: int = 0

    @property
    def units(self) -> int:
        """The number of units of the arm."""
        return len(self.values) + self.blank


class Moments(Struct, frozen=True):
    """Number, mean and variance of the values of an arm."""

    units: int
    mean: float
    variance: float
    """The unbiased sample variance, with `units` − 1 as its divisor."""

    @property
    def mean_variance(self) -> float:
        """The estimated variance of the mean."""
        return self.variance / self.units


def moments(values: Iterable[float], blank: int = 0) -> Moments:
    """Return the moments of values and of `blank` more values, which are 0.

    Sums are exactly rounded (`math.fsum`), so the result does not depend on the order of the values.

    Raises:
        ZeroDivisionError: There are fewer than two values.
    """
    listed = tuple(values)
    units = len(listed) + blank
    mean = math.fsum(listed) / units
    squares = math.fsum((value - mean) ** 2 for value in listed)
    return Moments(units, mean, (squares + blank * mean**2) / (units - 1))
