"""Comparison of two arms in one metric."""

import math
from random import Random  # noqa: TID251 - seeded, so that a failure can be repeated
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.vectors import vectors
from tactful.measurement.arm_comparison import (
    ArmComparison,
    compare_arms,
    lift_interval_of,
    lift_of,
)
from tactful.measurement.intervals import sequence_factor
from tactful.measurement.samples import Moments, Sample

CASES = vectors("measurement.json")["comparisons"]


def compared(treated: Sample, held_out: Sample, **terms: Any) -> ArmComparison:
    found = compare_arms(treated, held_out, **terms)
    assert found is not None
    return found


def outcomes(case: dict[str, Any], arm: str) -> Sample:
    return Sample(tuple(case[arm]["values"]))


@pytest.mark.parametrize(
    ("heavy_tailed", "case"),
    [(heavy, case) for case in CASES for heavy in (False, True)],
)
def test_figures_equal_those_of_statsmodels(heavy_tailed: bool, case: dict[str, Any]) -> None:
    found = compared(
        outcomes(case, "treated"), outcomes(case, "held_out"), heavy_tailed=heavy_tailed
    )
    expected = case["winsorised" if heavy_tailed else "plain"]
    for name in ("treated", "held_out", "difference", "error", "lift"):
        assert getattr(found, name) == pytest.approx(expected[name], rel=1e-9), name
    assert found.lift_error == pytest.approx(expected["lift_error"], rel=1e-9)
    assert found.fixed_interval.low == pytest.approx(expected["low"], rel=1e-9)
    assert found.fixed_interval.high == pytest.approx(expected["high"], rel=1e-9)


def test_history_makes_the_interval_narrower_and_the_report_says_by_how_much() -> None:
    case = CASES[0]
    treated, held_out = (
        Sample(tuple(case[arm]["values"]), tuple(case[arm]["history"]))
        for arm in ("treated", "held_out")
    )
    plain = compared(outcomes(case, "treated"), outcomes(case, "held_out"))
    found = compared(treated, held_out)
    assert found.difference == pytest.approx(case["adjusted"]["difference"], rel=1e-9)
    assert found.reduction == pytest.approx(case["adjusted"]["reduction"], rel=1e-9)
    assert found.error < plain.error
    assert plain.reduction == 0


def test_the_interval_for_every_look_is_the_error_times_the_factor_of_all_units() -> None:
    case = CASES[1]
    found = compared(outcomes(case, "treated"), outcomes(case, "held_out"), decide_at=4000)
    factor = sequence_factor(2900, 4000)
    assert found.total_units == 2900
    assert found.interval.high - found.difference == pytest.approx(factor * found.error)
    assert found.interval.low < found.fixed_interval.low < found.fixed_interval.high
    assert found.fixed_interval.high < found.interval.high


def test_the_order_of_the_units_changes_no_bit() -> None:
    case = CASES[1]
    order = Random(7)
    sample = Sample(tuple(case["treated"]["values"]), tuple(case["treated"]["history"]))
    mixed = list(zip(sample.values, sample.history, strict=True))
    order.shuffle(mixed)
    values, history = zip(*mixed, strict=True)
    other = outcomes(case, "held_out")
    first = compared(sample, other, heavy_tailed=True)
    assert compared(Sample(values, history), other, heavy_tailed=True) == first


@pytest.mark.parametrize(
    "held_out",
    [
        Sample((-500.0, -300.0), blank=200),
        Sample((900.0,), blank=200),
        Sample((), blank=200),
    ],
    ids=["a loss", "too few orders", "no order"],
)
def test_a_mean_that_may_be_nothing_has_no_lift(held_out: Sample) -> None:
    found = compared(Sample((900.0, 800.0, 700.0), blank=200), held_out)
    assert (found.lift, found.lift_error, found.lift_interval) == (None, None, None)
    assert found.difference > 0


def test_an_arm_of_one_unit_is_not_compared() -> None:
    assert compare_arms(Sample((100.0, 200.0)), Sample((100.0,))) is None


def test_the_lift_has_the_error_of_the_delta_method() -> None:
    lift, error = lift_of(Moments(400, 60.0, 1600.0), Moments(100, 50.0, 900.0))
    assert lift == pytest.approx(0.2)
    assert error == pytest.approx(math.sqrt(4 / 50**2 + 60**2 * 9 / 50**4))


means = st.floats(-1000, 1000)
variances = st.floats(0.1, 10_000)


@given(means, variances, st.floats(1, 1000), variances, st.floats(1, 5))
def test_an_end_of_the_lift_interval_is_where_the_contrast_of_the_means_touches_0(
    treated: float, spread: float, base: float, noise: float, factor: float
) -> None:
    arm, other = Moments(100, treated, spread), Moments(100, base, noise)
    found = lift_interval_of(arm, other, factor)
    clear = base - factor * math.sqrt(other.mean_variance)
    assert (found is None) == (base**2 - factor**2 * other.mean_variance <= 0)
    if found is None or clear < 1e-3 * base:
        return
    for lift in (found.low, found.high):
        contrast = treated - (1 + lift) * base
        half_width = factor * math.sqrt(arm.mean_variance + (1 + lift) ** 2 * other.mean_variance)
        assert abs(contrast) == pytest.approx(half_width, rel=1e-6, abs=1e-6)


def test_with_many_orders_the_lift_interval_is_that_of_the_delta_method() -> None:
    arm, other = Moments(400_000, 60.0, 1600.0), Moments(400_000, 50.0, 900.0)
    lift, error = lift_of(arm, other)
    found = lift_interval_of(arm, other, 3.0)
    assert lift is not None
    assert error is not None
    assert found is not None
    assert found.low == pytest.approx(lift - 3 * error, rel=1e-4)
    assert found.high == pytest.approx(lift + 3 * error, rel=1e-4)


@pytest.mark.parametrize(
    "held_out", [Moments(100, 2.0, 100.0), Moments(100, -50.0, 1.0)], ids=["may be 0", "a loss"]
)
def test_a_held_out_mean_that_is_not_clear_of_0_leaves_any_lift_possible(held_out: Moments) -> None:
    assert lift_interval_of(Moments(100, 5.0, 1.0), held_out, 3.0) is None
