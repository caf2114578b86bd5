"""The size of a trial that earns most, and what waiting costs."""

import math
from statistics import NormalDist
from typing import Final

PRIOR_LIFT: Final = 0.20
"""How far an offer usually moves the margin: two in three offers stay within ± 20 %.

An assumption, and a cautious one. A smaller figure asks for longer trials.
"""

_STEPS: Final = 48
"""How many lengths of a trial are compared, up to the time in which the choice matters."""
_NORMAL = NormalDist()


def trial_size(noise: float, prior: float, population: float) -> int:
    """Return how many units each arm of a trial should have, so that the shop earns most.

    Feit & Berman: Test & Roll: Profit-maximizing A/B tests, Marketing Science 38 (6), 2019, the size for
    normal outcomes and equal priors: n = √(N/4·r + (3/4·r)²) − 3/4·r with r = (s/sigma)². A larger trial
    would show the worse arm to more shoppers than the better choice wins back.

    Args:
        noise: s, the standard deviation of the outcome of one unit.
        prior: sigma, the standard deviation of the mean of an arm before anything is known.
        population: N, how many units come while the choice matters, the trial included.

    Returns:
        The number of units of each arm, rounded up.
    """
    ratio = (noise / prior) ** 2
    shrunk = 3 / 4 * ratio
    return math.ceil(math.sqrt(population / 4 * ratio + shrunk**2) - shrunk)


def arm_prior(base: float, prior_lift: float = PRIOR_LIFT) -> float:
    """Return sigma of `trial_size`: two independent arms then differ by `prior_lift` of the base.

    Args:
        base: The mean outcome of a unit without offers.
        prior_lift: The standard deviation of the lift before anything is known.
    """
    return base * prior_lift / math.sqrt(2)


def waiting_cost(difference: float, error: float, prior: float, treated_share: float) -> float:
    """Return what one more unit costs while both arms go on, against the choice that is better.

    The true difference is normal: the estimate, shrunk towards 0 by the prior. If it is positive, each
    held-out unit loses it. If it is negative, each treated unit does.

    Args:
        difference: The estimated difference per unit.
        error: Its standard error.
        prior: The standard deviation of the difference before anything is known, above 0.
        treated_share: The share of units that are treated, from 0 to 1.

    Returns:
        The expected cost per unit, in the unit of the difference; at least 0.
    """
    weight = prior**2 / (prior**2 + error**2)
    centre, spread = weight * difference, math.sqrt(weight) * error
    gain = _expected_positive(centre, spread)
    # E max(−d, 0) = E max(d, 0) − E d
    return (1 - treated_share) * gain + treated_share * max(gain - centre, 0.0)


def units_worth_waiting_for(
    difference: float,
    error: float,
    prior: float,
    treated_share: float,
    units: int,
    population: float,
) -> int:
    """Return for how many more units a trial should go on, so that the shop earns most; 0: not at all.

    The profit of Test & Roll, from the estimate that a trial of any split has reached: so many more
    units are divided as before, and all later ones get the choice that is likelier then.

    Args:
        difference: The estimated difference per unit.
        error: Its standard error, above 0.
        prior: The standard deviation of the difference before anything is known, above 0.
        treated_share: The share of units that are treated, from 0 to 1.
        units: How many units the trial has, both arms together.
        population: How many more come while the choice matters.
    """

    def variance(all_units: float) -> float:
        return 1 / (1 / prior**2 + all_units / (units * error**2))

    centre = variance(units) / error**2 * difference
    now = population * max(centre, 0.0)
    best, found = now, 0
    for step in range(1, _STEPS + 1):
        more = population * step / _STEPS
        spread = math.sqrt(max(variance(units) - variance(units + more), 0.0))
        later = (population - more) * _expected_positive(centre, spread)
        earned = more * treated_share * centre + later
        if earned > best:
            best, found = earned, math.ceil(more)
    return found


def _expected_positive(centre: float, spread: float) -> float:
    """Return the mean of the positive part of a normal variable."""
    if spread == 0:
        return max(centre, 0.0)
    z = centre / spread
    return centre * _NORMAL.cdf(z) + spread * _NORMAL.pdf(z)
