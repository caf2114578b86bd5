"""Variance reduction by history (CUPED): the past of a unit explains part of its outcome.

Deng, Xu, Kohavi & Walker: Improving the sensitivity of online controlled experiments by utilizing
pre-experiment data, WSDM 2013, section 3. History cannot depend on the arm, so subtracting its share
removes noise and no effect.
"""

import math
from collections.abc import Iterator

from msgspec import Struct

from tactful.measurement.samples import Moments, Sample, moments


class Adjusted(Struct, frozen=True):
    """Moments of the arms after the adjustment by history."""

    arms: tuple[Moments, ...]
    """In the order of the samples."""
    theta: float
    """By how much the outcome changes per unit of history; 0: there is no history that varies."""
    reduction: float
    """The share of the variance that the history explains, from 0 to 1."""


def adjust(samples: tuple[Sample, ...]) -> Adjusted | None:
    """Adjust the outcomes of the arms by their history; None: an arm has fewer than two units.

    The adjusted outcome is y − θ·(x − x̄). x̄ is the mean of the known history of all arms. A unit
    without history gets x̄, so its outcome stays as it is. θ is pooled: the sum of the cross products
    within the arms, divided by the sum of the squares of the history within the arms. This is the
    coefficient of x in a least-squares regression of y on the arm and x.

    Args:
        samples: The arms of one comparison.

    Returns:
        The moments of each arm, θ, and the variance that was removed.
    """
    if any(sample.units < 2 for sample in samples):
        return None
    arms = tuple(moments(sample.values, sample.blank) for sample in samples)
    known = [past for sample in samples for past in sample.history if past is not None]
    if not known:
        return Adjusted(arms, theta=0.0, reduction=0.0)
    centre = math.fsum(known) / len(known)
    products, squares = 0.0, 0.0
    for sample, arm in zip(samples, arms, strict=True):
        pasts = tuple(_centred(sample, centre))
        # The blank units have the centred history 0, so they are part of the mean only.
        mean = math.fsum(pasts) / arm.units
        pairs = zip(sample.values, pasts, strict=True)
        products += math.fsum((value - arm.mean) * (past - mean) for value, past in pairs)
        products += sample.blank * arm.mean * mean
        squares += math.fsum((past - mean) ** 2 for past in pasts) + sample.blank * mean**2
    if squares == 0:
        return Adjusted(arms, theta=0.0, reduction=0.0)
    theta = products / squares
    adjusted = tuple(_adjusted(sample, centre, theta) for sample in samples)
    before, after = _within(arms), _within(adjusted)
    return Adjusted(adjusted, theta, 1 - after / before if before else 0.0)


def _centred(sample: Sample, centre: float) -> Iterator[float]:
    """Yield the history of the listed units, less the centre; 0 where it is not known."""
    if not sample.history:
        yield from (0.0 for _ in sample.values)
    for past in sample.history:
        yield 0.0 if past is None else past - centre


def _adjusted(sample: Sample, centre: float, theta: float) -> Moments:
    pasts = _centred(sample, centre)
    values = (value - theta * past for value, past in zip(sample.values, pasts, strict=True))
    return moments(values, sample.blank)


def _within(arms: tuple[Moments, ...]) -> float:
    """Return the sum of squares within the arms."""
    return math.fsum(arm.variance * (arm.units - 1) for arm in arms)
