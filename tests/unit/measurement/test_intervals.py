"""Intervals for one look, and for every look."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.measurement.intervals import (
    Interval,
    around,
    fixed_factor,
    sequence_factor,
    tuning,
)


def test_an_interval_contains_its_ends() -> None:
    interval = around(2.0, 3.0)
    assert interval == Interval(-1.0, 5.0)
    assert [interval.contains(value) for value in (-1.1, -1.0, 5.0, 5.1)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("interval", "inside"),
    [
        (Interval(-0.02, 0.02), True),
        (Interval(-0.021, 0.01), False),
        (Interval(-0.01, 0.021), False),
    ],
)
def test_an_interval_lies_inside_a_bound_with_both_ends(interval: Interval, inside: bool) -> None:
    assert interval.inside(0.02) is inside


def test_an_interval_for_one_look_has_the_quantile_of_the_normal_distribution() -> None:
    # scipy.stats.norm.ppf(0.975), ppf(0.995)
    assert fixed_factor() == pytest.approx(1.959963984540054, rel=1e-12)
    assert fixed_factor(0.01) == pytest.approx(2.5758293035489004, rel=1e-12)


@given(st.integers(2, 10**7), st.integers(100, 10**6), st.sampled_from([0.01, 0.05, 0.1]))
def test_the_half_width_is_where_the_mixture_of_likelihoods_reaches_its_bound(
    units: int, decide_at: int, alpha: float
) -> None:
    # The boundary is the sum S of t values of variance 1 at which the integral of exp(λ·S − λ²·t/2)
    # over λ, normal with variance rho², is 1 / alpha (Robbins). In units of the peak's width the integrand is a normal density.
    rho2 = tuning(decide_at, alpha)
    total = sequence_factor(units, decide_at, alpha) * math.sqrt(units)
    precision = units + 1 / rho2
    peak, width = total / precision, 1 / math.sqrt(precision)
    steps = [step / 16 for step in range(-160, 161)]
    logs = [
        total * one - one * one * precision / 2 for one in (peak + width * step for step in steps)
    ]
    highest = max(logs)
    area = math.fsum(math.exp(one - highest) for one in logs) * width / 16
    log_integral = highest + math.log(area) - math.log(2 * math.pi * rho2) / 2
    assert log_integral == pytest.approx(-math.log(alpha), rel=1e-9)


@pytest.mark.parametrize("decide_at", [500, 10_000, 1_000_000])
def test_the_sequence_is_narrowest_about_where_the_shop_expects_to_decide(decide_at: int) -> None:
    other = {
        factor: sequence_factor(decide_at, round(decide_at * factor))
        for factor in (0.25, 0.5, 2, 4)
    }
    assert sequence_factor(decide_at, decide_at) < min(other.values())


def test_validity_at_every_look_costs_about_half_of_the_width() -> None:
    assert sequence_factor(10_000, 10_000) / fixed_factor() == pytest.approx(1.55, abs=0.005)


@given(st.integers(1, 10**6), st.integers(100, 10**6))
def test_more_units_make_the_interval_narrower(units: int, decide_at: int) -> None:
    now, later = (sequence_factor(n, decide_at) / math.sqrt(n) for n in (units, units + 1))
    assert later < now
