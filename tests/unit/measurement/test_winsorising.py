"""Winsorising at the 99.9th percentile of the pooled arms."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.vectors import vectors
from tactful.measurement.samples import Sample
from tactful.measurement.winsorising import percentile_cap, winsorise


@pytest.mark.parametrize("case", vectors("measurement.json")["comparisons"])
def test_the_cap_and_the_amount_cut_equal_those_of_numpy(
    case: dict[str, Any],
) -> None:
    samples = tuple(Sample(tuple(case[arm]["values"])) for arm in ("treated", "held_out"))
    cut = winsorise(samples)
    largest = max(value for sample in samples for value in sample.values)
    assert (cut.cap or largest) == case["winsorised"]["cap"]
    assert cut.amount_cut == case["winsorised"]["amount_cut"]


def test_one_unit_in_a_thousand_is_reduced_to_the_largest_value_that_is_left() -> None:
    treated = Sample((500.0, 90_000.0, 700.0), blank=997)
    held_out = Sample((600.0, 800.0), blank=998)
    cut = winsorise((treated, held_out))
    assert cut.samples[0].values == (500.0, 700.0, 700.0)
    assert cut.samples[1].values == (600.0, 700.0)
    assert (cut.cap, cut.units_cut, cut.amount_cut) == (700.0, 2, 89_400.0)


def test_below_a_thousand_units_nothing_is_reduced() -> None:
    samples = (Sample((500.0, 90_000.0), blank=400), Sample((600.0,), blank=500))
    cut = winsorise(samples)
    assert cut.samples == samples
    assert (cut.cap, cut.units_cut, cut.amount_cut) == (None, 0, 0.0)


def test_where_fewer_than_one_unit_in_a_thousand_buys_nothing_is_reduced_to_nothing() -> None:
    samples = (Sample((500.0,), blank=1999), Sample((600.0,), blank=1999))
    assert winsorise(samples).cap is None


def test_equal_largest_values_are_not_cut() -> None:
    assert percentile_cap((Sample((700.0,) * 20, blank=1980),)) is None


def test_losses_are_left_as_they_are() -> None:
    sample = Sample((-90_000.0, 500.0, 600.0, 700.0), blank=1996)
    assert winsorise((sample,)).samples[0].values == (-90_000.0, 500.0, 500.0, 500.0)


def test_the_history_is_reduced_to_the_cap_of_its_own_values() -> None:
    values = tuple(float(one) for one in range(1, 1001))
    history = (*(float(one) for one in range(2, 1000)), 50_000.0, None)
    cut = winsorise((Sample(values, history), Sample((), (), 0)))
    assert cut.samples[0].history[-2:] == (50_000.0, None)
    longer = Sample((*values, 5.0), (*history, 3.0))
    assert winsorise((longer,)).samples[0].history[-3:] == (999.0, None, 3.0)


@given(st.lists(st.integers(-1000, 10**6).map(float), max_size=60), st.integers(0, 6000))
def test_at_most_one_unit_in_a_thousand_lies_above_the_cap(values: list[float], blank: int) -> None:
    sample = Sample(tuple(values), blank=blank)
    cut = winsorise((sample,))
    over = [value for value in values if cut.cap is not None and value > cut.cap]
    assert cut.units_cut == len(over) <= sample.units // 1000
    assert cut.samples[0].units == sample.units
    removed = sum(values) - sum(cut.samples[0].values)
    assert removed == pytest.approx(cut.amount_cut)
