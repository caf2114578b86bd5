"""Outcomes of one arm, and their moments."""

from random import Random  # noqa: TID251 - seeded, so that a failure can be repeated
from statistics import fmean, variance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.measurement.samples import Moments, Sample, moments

amounts = st.integers(-(10**9), 10**9).map(float)


def test_an_arm_counts_the_units_that_are_not_listed() -> None:
    assert Sample((100.0, 250.0), blank=8).units == 10


@given(st.lists(amounts, min_size=2, max_size=40), st.integers(0, 30))
def test_moments_equal_those_of_the_standard_library(values: list[float], blank: int) -> None:
    found = moments(values, blank)
    whole = [*values, *[0.0] * blank]
    assert found.units == len(whole)
    assert found.mean == pytest.approx(fmean(whole), rel=1e-12, abs=1e-12)
    assert found.variance == pytest.approx(variance(whole), rel=1e-12, abs=1e-9)


@given(st.lists(amounts, min_size=2, max_size=40), st.integers(0, 30), st.randoms())
def test_the_order_of_the_values_changes_no_bit(
    values: list[float], blank: int, order: Random
) -> None:
    mixed = list(values)
    order.shuffle(mixed)
    assert moments(mixed, blank) == moments(values, blank)


def test_the_variance_of_the_mean_is_the_variance_by_the_number_of_units() -> None:
    assert Moments(units=50, mean=3.0, variance=200.0).mean_variance == 4.0


def test_fewer_than_two_values_have_no_variance() -> None:
    with pytest.raises(ZeroDivisionError):
        moments([5.0])
