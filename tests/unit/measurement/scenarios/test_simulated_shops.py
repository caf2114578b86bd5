"""The statistics find the effect of simulated shops; the short form of bench/bench_measurement.py."""

from collections import Counter

import pytest

from support.simulated_reports import first_advice, mismatch, watched
from support.simulated_shops import MISMATCHED, POWER_SHOPS, SHOPS, days_of, expected

pytestmark = pytest.mark.thorough

SEEDS = range(40)


@pytest.mark.parametrize("name", SHOPS)
def test_the_interval_contains_the_truth_at_every_look(name: str) -> None:
    shops = [watched(SHOPS[name], seed) for seed in SEEDS]
    assert all(one.looks > 5 for one in shops)
    # Of 40 shops 2 miss at 95 %; 6 or more would happen in 1.4 % of such runs.
    assert sum(not one.covered for one in shops) <= 5
    assert sum(not one.lift_covered for one in shops) <= 5
    assert not any(one.alarm for one in shops)
    assert all(one.narrower for one in shops)


def test_an_interval_for_a_single_look_misses_too_often_when_it_is_looked_at_every_day() -> None:
    names = ("no effect", "+5 %", "returns")
    shops = [watched(SHOPS[name], seed) for name in names for seed in SEEDS]
    # Of 120 shops 6 miss at 95 %; 13 or more would happen in 0.6 % of such runs.
    assert sum(not one.covered_fixed for one in shops) >= 13


def test_history_removes_variance() -> None:
    shops = [watched(SHOPS["history"], seed) for seed in range(10)]
    assert min(one.reduction for one in shops) > 0
    assert watched(SHOPS["no effect"], 0).reduction == 0


def test_a_shop_that_loses_units_of_one_arm_is_found() -> None:
    assert all(mismatch(MISMATCHED, seed) for seed in SEEDS)


@pytest.mark.parametrize("name", POWER_SHOPS)
def test_the_first_advice_is_right_within_eight_weeks(name: str) -> None:
    shop, right = POWER_SHOPS[name]
    assert abs(expected(shop, 0, None) / expected(shop, 1, None) - 1) == pytest.approx(0.2)
    found = Counter(str(first_advice(shop, seed)[0]) for seed in SEEDS)
    assert found[right] >= 36
    wrong = {"keep", "stop", "shrink"} - {right}
    assert sum(found[kind] for kind in wrong) <= 4


@pytest.mark.parametrize("cap", [None, 9000.0])
def test_the_stated_truth_is_the_mean_of_a_large_shop(cap: float | None) -> None:
    shop = SHOPS["returns"]
    values: list[float] = []
    units = 0
    for seed in range(20):
        *_, (treated, _) = days_of(shop, seed)
        values += treated.values
        units += treated.units
    mean = sum(min(value, cap or value) for value in values) / units
    assert mean == pytest.approx(expected(shop, 0, cap), rel=0.05)
