"""The size of a trial that earns most, and what waiting costs."""

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.measurement.trial_size import (
    arm_prior,
    trial_size,
    units_worth_waiting_for,
    waiting_cost,
)


def profit(units: float, noise: float, prior: float, population: float) -> float:
    """What the shop may expect beyond the prior mean, if it tests so many units in each arm.

    The difference of the posterior means has the variance 2·sigma⁴/(sigma² + s²/n). Choosing the larger wins
    the mean of its positive part, for all units after the trial.
    """
    spread = math.sqrt(2 * prior**4 / (prior**2 + noise**2 / units))
    return (population - 2 * units) * spread / math.sqrt(2 * math.pi)


@given(
    st.integers(100, 100_000),
    st.integers(1, 5_000),
    st.integers(1_000, 10_000_000),
)
def test_no_other_size_earns_more(noise: int, prior: int, population: int) -> None:
    units = trial_size(noise, prior, population)
    exact = max(units - 1, 1), units, units + 1
    earned = [profit(one, noise, prior, population) for one in exact]
    assert max(earned) == pytest.approx(max(earned[0], earned[1]), rel=1e-9)
    for other in (units * 0.5, units * 1.5):
        assert profit(other, noise, prior, population) <= max(earned) * (1 + 1e-9)


def test_the_size_is_that_of_the_paper() -> None:
    # Feit & Berman 2019, section 5.1: conversion of 68 %, sigma = 0.03, N = 100,000 gives 2,284 per arm.
    assert trial_size(math.sqrt(0.68 * 0.32), 0.03, 100_000) == 2284


def test_two_arms_of_the_prior_differ_by_the_lift() -> None:
    assert math.sqrt(2) * arm_prior(500.0, 0.2) == pytest.approx(100.0)


@given(
    st.integers(-300, 300),
    st.integers(1, 500),
    st.integers(1, 300),
    st.sampled_from([0.1, 0.5, 0.9]),
)
def test_waiting_costs_what_the_worse_arm_is_expected_to_lose(
    difference: int, error: int, prior: int, share: float
) -> None:
    weight = prior**2 / (prior**2 + error**2)
    posterior = NormalDist(weight * difference, math.sqrt(weight) * error)
    steps = [posterior.mean + posterior.stdev * (step + 0.5) / 200 for step in range(-1600, 1600)]
    lost = math.fsum(
        posterior.pdf(one) * ((1 - share) * one if one > 0 else -share * one) for one in steps
    )
    expected = lost * posterior.stdev / 200
    found = waiting_cost(difference, error, prior, share)
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-9 * posterior.stdev)


def test_a_known_difference_costs_what_the_other_arm_loses() -> None:
    assert waiting_cost(40.0, 0.0, 100.0, 0.75) == pytest.approx(10.0)
    assert waiting_cost(-40.0, 0.0, 100.0, 0.75) == pytest.approx(30.0)


@given(
    st.integers(-300, 300),
    st.integers(1, 3_000),
    st.sampled_from([0.1, 0.5, 0.9]),
    st.integers(100, 10_000),
    st.integers(1, 1_000_000),
)
def test_a_trial_goes_on_only_within_the_time_in_which_the_choice_matters(
    difference: int, error: int, share: float, units: int, population: int
) -> None:
    more = units_worth_waiting_for(difference, error, 100.0, share, units, population)
    assert 0 <= more <= population


def test_a_clear_estimate_is_worth_no_waiting_and_an_unclear_one_is() -> None:
    assert units_worth_waiting_for(300.0, 10.0, 100.0, 0.5, 1_000, 12_000) == 0
    assert units_worth_waiting_for(5.0, 100.0, 100.0, 0.5, 1_000, 12_000) > 0
    assert units_worth_waiting_for(5.0, 100.0, 100.0, 0.5, 1_000, 0) == 0


def test_a_likely_loss_is_worth_less_waiting_where_more_shoppers_are_treated() -> None:
    few, many = (
        units_worth_waiting_for(-60.0, 100.0, 100.0, share, 1_000, 12_000) for share in (0.1, 0.9)
    )
    assert many < few
