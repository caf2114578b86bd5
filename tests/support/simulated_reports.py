"""What the analysis says of simulated shops, look by look."""

from msgspec import Struct

from support.simulated_shops import MONTHLY_UNITS, Shop, days_of, expected
from tactful.measurement.advice import AdviceKind, advise
from tactful.measurement.arm_comparison import ArmComparison, compare_arms
from tactful.measurement.conclusions import LEAST_ORDERS, LEAST_UNITS, conclude
from tactful.measurement.sample_ratio import check_ratio


class Watched(Struct, frozen=True):
    """One simulated shop, looked at every day."""

    looks: int
    """On how many days there was an interval."""
    covered: bool
    """Whether the interval of the difference contained the truth at every look."""
    covered_fixed: bool
    """The same of the interval for a single look, which does not promise it."""
    lift_covered: bool
    """Whether the interval of the lift did, wherever there was one."""
    alarm: bool
    """Whether a sample ratio mismatch was reported."""
    reduction: float
    """The share of the variance that history removed, at the last look."""
    narrower: bool
    """Whether the last interval is at most as wide as it is without history."""
    units_cut: int
    """How many units were winsorised, at the last look."""


def watched(shop: Shop, seed: int) -> Watched:
    """Look at a shop after every day."""
    looks, covered, fixed, lifts = 0, True, True, True
    counts: list[tuple[int, int]] = []
    last: ArmComparison | None = None
    arms = None
    for arms in days_of(shop, seed):
        counts.append((arms[0].units, arms[1].units))
        if min(counts[-1]) < LEAST_UNITS or min(arm.orders for arm in arms) < LEAST_ORDERS:
            continue
        last = compare_arms(
            arms[0].sample(), arms[1].sample(), heavy_tailed=True, decide_at=shop.decide_at
        )
        assert last is not None
        looks += 1
        means = [expected(shop, arm, last.cap) for arm in (0, 1)]
        truth = means[0] - means[1]
        covered &= last.interval.contains(truth)
        fixed &= last.fixed_interval.contains(truth)
        if last.lift_interval is not None:
            lifts &= last.lift_interval.contains(truth / means[1])
    plain = last
    if last is not None and arms is not None and last.reduction:
        plain = compare_arms(
            *(arm.sample(with_history=False) for arm in arms),
            heavy_tailed=True,
            decide_at=shop.decide_at,
        )
    return Watched(
        looks=looks,
        covered=covered,
        covered_fixed=fixed,
        lift_covered=lifts,
        alarm=not check_ratio(counts, (shop.share, 1 - shop.share)).ok,
        reduction=last.reduction if last else 0.0,
        narrower=last is None or (plain is not None and last.error <= plain.error),
        units_cut=last.units_cut if last else 0,
    )


def mismatch(shop: Shop, seed: int) -> bool:
    """Whether a sample ratio mismatch is reported at the last of all daily looks, or before."""
    counts = [(arms[0].units, arms[1].units) for arms in days_of(shop, seed)]
    return not check_ratio(counts, (shop.share, 1 - shop.share)).ok


def first_advice(shop: Shop, seed: int) -> tuple[AdviceKind, int]:
    """The first advice that is not to wait, and its day; on no day: to wait."""
    counts: list[tuple[int, int]] = []
    for day, arms in enumerate(days_of(shop, seed), 1):
        counts.append((arms[0].units, arms[1].units))
        margin = compare_arms(
            arms[0].sample(), arms[1].sample(), heavy_tailed=True, decide_at=shop.decide_at
        )
        orders = arms[0].orders, arms[1].orders
        trusted = check_ratio(counts, (shop.share, 1 - shop.share)).ok
        conclusion = conclude(margin, orders, trusted=trusted)
        kind = advise(margin, orders, conclusion, MONTHLY_UNITS).kind
        if kind is not AdviceKind.WAIT:
            return kind, day
    return AdviceKind.WAIT, shop.days
