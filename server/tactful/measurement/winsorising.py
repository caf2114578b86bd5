"""Winsorising: the largest values are reduced to the 99.9th percentile of the pooled arms.

One order of 10,000 pairs of shoes would otherwise decide a comparison of ten thousand shoppers.
"""

import math
from typing import Final

from msgspec import Struct

from tactful.measurement.samples import Sample

ONE_IN: Final = 1000
"""At most one unit in so many is reduced. The cap is the 99.9th percentile of all units."""


class Winsorised(Struct, frozen=True):
    """Samples with their largest values reduced."""

    samples: tuple[Sample, ...]
    """The samples, in the order in which they were given."""
    cap: float | None
    """The largest value that is left, in the unit of the values; None: nothing was reduced."""
    units_cut: int
    """How many units had a larger value."""
    amount_cut: float
    """By how much their values were reduced together."""


def percentile_cap(samples: tuple[Sample, ...]) -> float | None:
    """Return the 99.9th percentile of the pooled values; None: no value lies above it.

    The percentile is the ⌈0.999·n⌉-th smallest value of all n units (nearest rank). With fewer than
    1,000 units that is the largest value. It is also None where the percentile is not above 0: fewer
    than one unit in 1,000 has a positive value, and a cap of 0 would leave nothing to compare.
    """
    above = sum(sample.units for sample in samples) // ONE_IN
    positive = sorted(value for sample in samples for value in sample.values if value > 0)
    if not 0 < above < len(positive):
        return None
    cap = positive[-above - 1]
    return cap if cap < positive[-1] else None


def winsorise(samples: tuple[Sample, ...]) -> Winsorised:
    """Reduce the largest values of all samples to the same cap.

    The history is reduced to the cap of its own values. Only the figures of the outcomes are
    reported, because a changed history biases no comparison: it is the same in both arms.

    Args:
        samples: The arms of one comparison.

    Returns:
        The samples, and how much was cut from their outcomes.
    """
    cap = percentile_cap(samples)
    past = percentile_cap(tuple(_history_of(sample) for sample in samples))
    over = (
        []
        if cap is None
        else [value - cap for sample in samples for value in sample.values if value > cap]
    )
    return Winsorised(
        samples=tuple(_capped(sample, cap, past) for sample in samples),
        cap=cap,
        units_cut=len(over),
        amount_cut=math.fsum(over),
    )


def _history_of(sample: Sample) -> Sample:
    """Return the known history of a sample as a sample."""
    return Sample(tuple(past for past in sample.history if past is not None))


def _capped(sample: Sample, cap: float | None, past_cap: float | None) -> Sample:
    values, history = sample.values, sample.history
    if cap is not None:
        values = tuple(min(value, cap) for value in values)
    if past_cap is not None:
        history = tuple(None if past is None else min(past, past_cap) for past in history)
    return Sample(values, history, sample.blank)
