"""Simulated shops with a known effect, which the figures of `tactful.measurement` must find."""

import math
from collections.abc import Iterator
from random import Random  # noqa: TID251 - seeded, so that a shop can be repeated
from statistics import NormalDist

from msgspec import Struct

from tactful.measurement.samples import Sample

NORMAL = NormalDist()


class Segment(Struct, frozen=True, kw_only=True):
    """Shoppers of one kind. Pairs are (treated, held out)."""

    weight: float = 1.0
    """Their share of all shoppers."""
    conversion: tuple[float, float] = (0.06, 0.06)
    """The probability of an order whose margin is known, in the currency that is looked at."""
    factor: tuple[float, float] = (1.0, 1.0)
    """By how much the margin of an order is multiplied."""
    median: float = 2000.0
    """The median margin of an order, in minor units."""
    spread: float = 0.8
    """The standard deviation of its logarithm."""
    returned: float = 0.0
    """The share of orders that come back in the window and cost `RETURN_COST`."""
    history: float | None = None
    """The probability of an order before the trigger; None: nothing is known about them."""
    likeness: float = 0.0
    """The correlation of the logarithms of the margin before and after the trigger."""


RETURN_COST = 450.0


class Shop(Struct, frozen=True, kw_only=True):
    """What is known of a shop; one simulated run of it is `days_of`."""

    segments: tuple[Segment, ...]
    share: float = 0.5
    """The configured share of the treated arm."""
    real_share: float | None = None
    """The share that the treated arm really gets, where that differs."""
    units_per_day: int = 200
    days: int = 28
    decide_at: int = 5000


def expected(shop: Shop, arm: int, cap: float | None) -> float:
    """The true mean outcome of an arm, 0 for treated, with larger outcomes reduced to a cap.

    The mean of min(Y, c) of a log-normal Y is known in closed form.
    """
    return math.fsum(
        kind.weight
        * kind.conversion[arm]
        * (
            (1 - kind.returned) * _capped_mean(kind.median * kind.factor[arm], kind.spread, cap)
            - kind.returned * RETURN_COST
        )
        for kind in shop.segments
    )


def _capped_mean(median: float, spread: float, cap: float | None) -> float:
    whole = median * math.exp(spread**2 / 2)
    if cap is None:
        return whole
    z = math.log(cap / median) / spread
    return whole * NORMAL.cdf(z - spread) + cap * (1 - NORMAL.cdf(z))


class ArmSoFar:
    """One arm, growing from day to day."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self.history: list[float | None] = []
        self.blank = 0
        self.orders = 0

    @property
    def units(self) -> int:
        return len(self.values) + self.blank

    def sample(self, *, with_history: bool = True) -> Sample:
        """The arm as the analysis takes it."""
        if with_history:
            return Sample(tuple(self.values), tuple(self.history), self.blank)
        bought = tuple(value for value in self.values if value)
        return Sample(bought, (), self.units - len(bought))


def days_of(shop: Shop, seed: int) -> Iterator[tuple[ArmSoFar, ArmSoFar]]:
    """The two arms after each day. They are the same objects on every day."""
    draw = Random(seed)
    arms = ArmSoFar(), ArmSoFar()
    share = shop.share if shop.real_share is None else shop.real_share
    edges, total = [], 0.0
    for kind in shop.segments:
        total += kind.weight
        edges.append(total)
    for _ in range(shop.days):
        for _ in range(shop.units_per_day):
            which = draw.random() >= share
            place = draw.random()
            kind = next(
                (one for one, edge in zip(shop.segments, edges, strict=True) if place < edge),
                shop.segments[-1],
            )
            _arrives(draw, arms[which], kind, int(which))
        yield arms


def _arrives(draw: Random, arm: ArmSoFar, kind: Segment, which: int) -> None:
    past: float | None = None
    taste = 0.0
    if kind.history is not None:
        past = 0.0
        if draw.random() < kind.history:
            taste = draw.gauss(0, 1)
            past = kind.median * math.exp(kind.spread * taste)
    if draw.random() >= kind.conversion[which]:
        if past is None:
            arm.blank += 1
        else:
            arm.values.append(0.0)
            arm.history.append(past)
        return
    arm.orders += 1
    arm.history.append(past)
    if kind.returned and draw.random() < kind.returned:
        arm.values.append(-RETURN_COST)
        return
    own = draw.gauss(0, 1)
    z = kind.likeness * taste + math.sqrt(1 - kind.likeness**2) * own if past else own
    arm.values.append(kind.median * kind.factor[which] * math.exp(kind.spread * z))


ONE_KIND = (Segment(),)
REGULARS = (
    Segment(weight=0.1, conversion=(0.30, 0.28), history=0.8, likeness=0.8, factor=(1.0, 1.0)),
    Segment(weight=0.2, conversion=(0.09, 0.08), history=0.15, likeness=0.8),
    Segment(weight=0.7, conversion=(0.035, 0.03)),
)
"""Frequent and rare customers, and guests of whom nothing is known."""

SHOPS: dict[str, Shop] = {
    "no effect": Shop(segments=ONE_KIND),
    "+5 %": Shop(segments=(Segment(conversion=(0.07, 0.06), factor=(0.9, 1.0)),)),
    "-5 %": Shop(segments=(Segment(factor=(0.95, 1.0)),)),
    "heterogeneous": Shop(
        segments=(
            Segment(weight=0.3, conversion=(0.12, 0.08), factor=(0.85, 1.0)),
            Segment(weight=0.7, conversion=(0.05, 0.055), factor=(0.9, 1.0), median=1500.0),
        )
    ),
    "heavy tails": Shop(segments=(Segment(spread=1.5),)),
    # A tenth of the held-out shoppers come to see the offer all the same, and buy like the treated.
    "crossed": Shop(
        segments=(
            Segment(weight=0.9, conversion=(0.08, 0.06), factor=(0.9, 1.0)),
            Segment(weight=0.1, conversion=(0.08, 0.08), factor=(0.9, 0.9)),
        )
    ),
    "returns": Shop(segments=(Segment(returned=0.25, factor=(0.95, 1.0)),)),
    # Two in five orders have no known cost, or another currency: they are left out of both arms.
    "unknown costs": Shop(segments=(Segment(conversion=(0.042, 0.036)),)),
    "10 % held out": Shop(segments=ONE_KIND, share=0.9, units_per_day=400),
    "history": Shop(segments=REGULARS),
}
"""Name → shop, for the coverage of the intervals."""

MISMATCHED = Shop(segments=ONE_KIND, real_share=0.55, units_per_day=250, days=20)
"""A shop that loses units of one arm: 55:45 instead of 50:50, 5,000 units in all."""


def _monthly(kind: Segment) -> Shop:
    """100,000 sessions a month, of which 10 % trigger. Eight weeks hold seven weeks of outcomes."""
    return Shop(segments=(kind,), units_per_day=333, days=49, decide_at=10_000)


POWER_SHOPS: dict[str, tuple[Shop, str]] = {
    "+20 %": (
        _monthly(Segment(conversion=(0.08, 0.06), factor=(0.9, 1.0))),
        "keep",
    ),
    "-20 %": (_monthly(Segment(factor=(0.8, 1.0))), "stop"),
}
"""Name → a shop with a true effect on the margin, and the right advice."""
MONTHLY_UNITS = 10_000.0
