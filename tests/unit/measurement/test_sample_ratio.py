"""Sample ratio mismatch."""

import math
from random import Random  # noqa: TID251 - seeded, so that a failure can be repeated
from typing import Any

import pytest

from support.vectors import vectors
from tactful.measurement.sample_ratio import CONCENTRATION, check_ratio, daily_looks


@pytest.mark.parametrize("case", vectors("measurement.json")["ratios"])
def test_the_bayes_factor_equals_that_of_scipy(case: dict[str, Any]) -> None:
    assert check_ratio([case["counts"]], case["shares"]).p == pytest.approx(case["p"], rel=1e-9)


def test_the_bayes_factor_is_a_martingale_when_the_shares_are_right() -> None:
    # Over every order in which 12 units can fall, weighted by its probability, the mean is 1.
    def factor(count: int) -> float:
        prior = CONCENTRATION * 0.3, CONCENTRATION * 0.7
        up = math.prod((prior[0] + n) / (CONCENTRATION + n) for n in range(count))
        down = math.prod((prior[1] + n) / (CONCENTRATION + count + n) for n in range(12 - count))
        return up * down / (0.3**count * 0.7 ** (12 - count))

    mean = math.fsum(
        math.comb(12, count) * 0.3**count * 0.7 ** (12 - count) * factor(count)
        for count in range(13)
    )
    assert mean == pytest.approx(1)
    found = check_ratio([[12, 0]], [0.3, 0.7])
    assert found.p == pytest.approx(1 / factor(12))


def test_an_alarm_of_an_earlier_day_stays() -> None:
    days = [[100, 100], [1100, 800], [2000, 1990]]
    assert check_ratio(days[-1:], [0.5, 0.5]).ok
    assert not check_ratio(days, [0.5, 0.5]).ok


def test_without_a_unit_there_is_no_alarm() -> None:
    assert check_ratio([], [0.5, 0.5]).p == 1.0


def test_a_split_of_55_to_45_is_found_at_5000_units() -> None:
    draw = Random(11)
    found = 0
    for _ in range(200):
        counts = [0, 0]
        for _ in range(5000):
            counts[draw.random() >= 0.55] += 1
        found += not check_ratio([counts], [0.5, 0.5]).ok
    assert found >= 196


def test_the_looks_of_several_arms_grow_day_by_day() -> None:
    assert daily_looks({(3, 0): 2, (1, 2): 1, (1, 1): 1}, 3) == [[0, 1, 1], [2, 1, 1]]
    assert daily_looks({}, 2) == []
