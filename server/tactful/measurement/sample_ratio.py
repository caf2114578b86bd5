"""Sample ratio mismatch: arms whose sizes cannot come from the configured shares.

A mismatch means that units are lost or counted twice in one arm. No difference between such arms can
be trusted.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

ALARM_BELOW: Final = 0.001
"""The alarm is raised at a posterior odds of 1,000 to 1 for a mismatch, which is p < 0.001."""

CONCENTRATION: Final = 500
"""How closely the prior of a mismatch lies around the configured shares, in units.

With 500, a split of 55:45 instead of 50:50 is found most surely at about 5,000 units.
"""


class SampleRatio(Struct, frozen=True):
    """Whether the sizes of the arms can come from their shares."""

    p: float
    """The always-valid p-value: the smallest of all looks so far, from 0 to 1."""

    @property
    def ok(self) -> bool:
        """Whether there is no alarm."""
        return self.p >= ALARM_BELOW


def daily_looks(units: Mapping[tuple[int, int], int], arms: int) -> list[list[int]]:
    """Return the numbers of units of each arm after each day on which units came.

    Args:
        units: (day of the trigger, number of the arm from 0) → units.
        arms: How many arms there are.
    """
    days: dict[int, list[int]] = {}
    for (day, arm), number in units.items():
        days.setdefault(day, [0] * arms)[arm] += number
    looks, so_far = [], [0] * arms
    for day in sorted(days):
        so_far = [before + more for before, more in zip(so_far, days[day], strict=True)]
        looks.append(so_far)
    return looks


def check_ratio(looks: Sequence[Sequence[int]], shares: Sequence[float]) -> SampleRatio:
    """Test the sizes of the arms at every look.

    Lindon & Malek: Anytime-valid inference for multinomial count data, 2020 (arXiv 2011.03567),
    section 3. The Bayes factor of a Dirichlet prior around the shares against the shares themselves is a
    martingale without a mismatch. The probability that it ever reaches 1,000 is at most 0.001
    (Ville's inequality), so looking every day raises no more false alarms.

    Args:
        looks: The numbers of units of each arm after each day, growing. Only the last one is needed
            for a single look.
        shares: The configured share of each arm; each is above 0, and their sum is 1.

    Returns:
        The smallest reciprocal Bayes factor of all looks, at most 1.
    """
    highest = max((_log_bayes_factor(counts, shares) for counts in looks), default=0.0)
    return SampleRatio(p=math.exp(-max(highest, 0.0)))


def _log_bayes_factor(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Return ln of the probability of the counts under the prior, less that under the shares."""
    terms = [math.lgamma(CONCENTRATION) - math.lgamma(CONCENTRATION + sum(counts))]
    for count, share in zip(counts, shares, strict=True):
        prior = CONCENTRATION * share
        terms += (math.lgamma(prior + count), -math.lgamma(prior), -count * math.log(share))
    return math.fsum(terms)
