"""The self-test of reports: shoppers divided by chance, as if offers changed nothing (A/A)."""

import math
from collections.abc import Iterable, Iterator, Sequence
from hashlib import shake_256
from itertools import groupby
from typing import Final

from msgspec import Struct

from tactful.core.values.calendar import DAY
from tactful.measurement.conclusions import LEAST_ORDERS, LEAST_UNITS
from tactful.measurement.experiment_report import Counted, ReportTerms, compared_units
from tactful.measurement.intervals import sequence_factor
from tactful.measurement.sample_ratio import check_ratio
from tactful.measurement.samples import Sample
from tactful.measurement.unit_outcomes import MeasuredOrder, Outcome, Trigger, UnitEvent
from tactful.measurement.winsorising import percentile_cap

DIVISIONS: Final = 1000
"""How often the shoppers are divided."""
MOST_LIFT_ALARMS: Final = 50
"""At most so many divisions may show a difference on some day: 5 %."""
MOST_RATIO_ALARMS: Final = 1
"""At most so many may show a sample ratio mismatch: 0.1 %."""
_LOW_BITS: Final = int.from_bytes(b"\x01" * DIVISIONS, "big")
_LANE: Final = 255
"""How many units a lane of one byte can count."""
_NOTHING: Final = Outcome()


class SelfTest(Struct, frozen=True, kw_only=True):
    """What a report would have said of groups that differ by chance only."""

    units: int
    """Shoppers whose window has ended."""
    buyers: int
    looks: int
    """On how many days there was a report."""
    lift_alarms: int
    """How many of `DIVISIONS` showed a difference of the margin on some day."""
    ratio_alarms: int
    """How many showed a sample ratio mismatch on some day."""

    @property
    def ok(self) -> bool:
        """Whether no more false alarms were found than the methods promise."""
        return self.lift_alarms <= MOST_LIFT_ALARMS and self.ratio_alarms <= MOST_RATIO_ALARMS


class _Unit(Struct, frozen=True):
    """One unit, which has half of the divisions in each arm."""

    day: int
    key: str
    value: int
    """The margin, in minor units, with the largest reduced."""
    has_bought: bool


class _Counts:
    """Units, buyers, sums and squares of the first arm in each division, and of all units."""

    def __init__(self, decide_at: int) -> None:
        self._decide_at = decide_at
        self.units = [0] * DIVISIONS
        self.buyers = [0] * DIVISIONS
        self.sums = [0] * DIVISIONS
        self.squares = [0] * DIVISIONS
        self.all_units = self.all_buyers = self.all_sums = self.all_squares = 0

    def add(self, day: Iterable[_Unit]) -> None:
        """Add the units of one day."""
        lanes = pending = 0
        for unit in day:
            # A byte for each division; its lowest bit says whether the unit is in the first arm.
            drawn = shake_256(unit.key.encode()).digest(DIVISIONS)
            lanes += int.from_bytes(drawn, "big") & _LOW_BITS
            pending += 1
            self.all_units += 1
            if pending == _LANE:
                self._take(lanes)
                lanes = pending = 0
            if unit.has_bought:
                self._add_buyer(unit.value, drawn)
        self._take(lanes)

    def _take(self, lanes: int) -> None:
        counted = lanes.to_bytes(DIVISIONS, "big")
        self.units = [units + more for units, more in zip(self.units, counted, strict=True)]

    def _add_buyer(self, value: int, drawn: bytes) -> None:
        self.all_buyers += 1
        self.all_sums += value
        self.all_squares += value * value
        for place, byte in enumerate(drawn):
            if byte & 1:
                self.buyers[place] += 1
                self.sums[place] += value
                self.squares[place] += value * value

    def differs(self, place: int) -> bool:
        """Return whether the range of the difference leaves out 0 in a division."""
        first, total = self.units[place], self.all_units
        buyers = self.buyers[place]
        if min(first, total - first) < LEAST_UNITS:
            return False
        if min(buyers, self.all_buyers - buyers) < LEAST_ORDERS:
            return False
        arms = (
            (first, self.sums[place], self.squares[place]),
            (
                total - first,
                self.all_sums - self.sums[place],
                self.all_squares - self.squares[place],
            ),
        )
        means = [sums / units for units, sums, _ in arms]
        # The sums are integers, so no digit is lost in the difference.
        noise = [
            (units * squares - sums * sums) / (units * units * (units - 1))
            for units, sums, squares in arms
        ]
        error = math.sqrt(sum(noise))
        return abs(means[0] - means[1]) > sequence_factor(total, self._decide_at) * error


def self_test(
    triggers: Sequence[Trigger],
    orders: Sequence[MeasuredOrder],
    events: Iterable[UnitEvent],
    terms: ReportTerms,
    counted: Counted | None = None,
) -> SelfTest:
    """Divide the recorded shoppers by chance, and count how often a report would see a difference.

    Each division is looked at after every day, as a shop owner would do. The arguments are those of
    `report_experiment`. The earlier purchases of customers are not used.
    """
    units = [*_units(triggers, orders, events, terms, counted)]
    counts = _Counts(terms.decide_at)
    sizes: list[list[int]] = []
    lift_alarms: set[int] = set()
    for _, day in groupby(units, key=lambda one: one.day):
        counts.add(day)
        sizes.append([*counts.units, counts.all_units])
        lift_alarms |= {place for place in range(DIVISIONS) if counts.differs(place)}
    return SelfTest(
        units=len(units),
        buyers=counts.all_buyers,
        looks=len(sizes),
        lift_alarms=len(lift_alarms),
        ratio_alarms=sum(_is_mismatch(sizes, place) for place in range(DIVISIONS)),
    )


def _units(
    triggers: Sequence[Trigger],
    orders: Sequence[MeasuredOrder],
    events: Iterable[UnitEvent],
    terms: ReportTerms,
    counted: Counted | None,
) -> Iterator[_Unit]:
    """Yield the units of a report in order of their triggers, whatever arm they were in."""
    found = compared_units(triggers, orders, events, terms, counted)
    code, outcomes = found.currency or "", found.linked.outcomes
    margins = tuple(one.margin.get(code, 0.0) for one in outcomes.values())
    cap = percentile_cap((Sample(margins, blank=len(found.ripe) - len(margins)),))
    for key in sorted(found.ripe, key=lambda key: (found.ripe[key].at, key)):
        outcome = outcomes.get(key, _NOTHING)
        value = outcome.margin.get(code, 0.0)
        yield _Unit(
            day=found.ripe[key].at // DAY,
            key=key,
            value=round(value if cap is None else min(value, cap)),
            has_bought=outcome.orders > 0,
        )


def _is_mismatch(sizes: Sequence[Sequence[int]], place: int) -> bool:
    looks = [(day[place], day[-1] - day[place]) for day in sizes]
    return not check_ratio(looks, (0.5, 0.5)).ok
