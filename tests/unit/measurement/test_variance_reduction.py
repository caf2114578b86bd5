"""Variance reduction by history (CUPED)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.vectors import vectors
from tactful.measurement.samples import Sample, moments
from tactful.measurement.variance_reduction import Adjusted, adjust


def adjusted(*samples: Sample) -> Adjusted:
    found = adjust(samples)
    assert found is not None
    return found


def of(case: dict[str, Any], arm: str) -> Sample:
    return Sample(tuple(case[arm]["values"]), tuple(case[arm]["history"]))


@pytest.mark.parametrize("case", vectors("measurement.json")["comparisons"])
def test_the_adjustment_equals_least_squares_of_statsmodels(case: dict[str, Any]) -> None:
    found = adjusted(of(case, "treated"), of(case, "held_out"))
    treated, held_out = found.arms
    expected = case["adjusted"]
    assert found.theta == pytest.approx(expected["theta"], rel=1e-9)
    assert treated.mean - held_out.mean == pytest.approx(expected["difference"], rel=1e-9)
    error = (treated.mean_variance + held_out.mean_variance) ** 0.5
    assert error == pytest.approx(expected["error"], rel=1e-9)
    assert found.reduction == pytest.approx(expected["reduction"], rel=1e-9)


@pytest.mark.parametrize("case", vectors("measurement.json")["comparisons"])
def test_units_that_are_counted_and_not_listed_change_nothing(case: dict[str, Any]) -> None:
    def compact(sample: Sample) -> Sample:
        pairs = list(zip(sample.values, sample.history, strict=True))
        listed = [pair for pair in pairs if pair != (0, None)]
        values, history = zip(*listed, strict=True)
        return Sample(values, history, len(pairs) - len(listed))

    samples = of(case, "treated"), of(case, "held_out")
    whole, short = adjusted(*samples), adjusted(*(compact(sample) for sample in samples))
    assert short.theta == pytest.approx(whole.theta, rel=1e-12)
    assert short.reduction == pytest.approx(whole.reduction, rel=1e-12)
    for one, other in zip(short.arms, whole.arms, strict=True):
        assert one.mean == pytest.approx(other.mean, rel=1e-12)
        assert one.variance == pytest.approx(other.variance, rel=1e-12)


@pytest.mark.parametrize(
    "history", [(), (None, None, None), (7.0, 7.0, 7.0)], ids=["none", "unknown", "constant"]
)
def test_without_history_that_varies_the_outcomes_stay_as_they_are(
    history: tuple[float | None, ...],
) -> None:
    sample = Sample((100.0, 300.0, 800.0), history)
    found = adjusted(sample, sample)
    assert found == Adjusted((moments(sample.values),) * 2, theta=0.0, reduction=0.0)


def test_history_that_explains_everything_leaves_no_variance() -> None:
    treated = Sample((110.0, 210.0, 310.0), (100.0, 200.0, 300.0))
    held_out = Sample((100.0, 200.0, 300.0), (100.0, 200.0, 300.0))
    found = adjusted(treated, held_out)
    assert found.theta == pytest.approx(1)
    assert found.reduction == pytest.approx(1)
    assert found.arms[0].mean - found.arms[1].mean == pytest.approx(10)


def test_outcomes_without_variance_have_nothing_to_explain() -> None:
    sample = Sample((50.0, 50.0), (1.0, 2.0))
    assert adjusted(sample, sample).reduction == 0.0


@pytest.mark.parametrize("small", [Sample(()), Sample((5.0,)), Sample((), blank=1)])
def test_an_arm_of_fewer_than_two_units_has_no_moments(small: Sample) -> None:
    assert adjust((Sample((1.0, 2.0)), small)) is None


@given(
    st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 9999)), min_size=2, max_size=30),
    st.integers(-500, 500),
    st.integers(0, 20),
)
def test_a_constant_effect_is_found_whatever_the_history(
    pairs: list[tuple[int, int]], effect: int, blank: int
) -> None:
    values = tuple(float(value) for value, _ in pairs) + (0.0,) * blank
    history = (*(float(past) for _, past in pairs), *(None,) * blank)
    treated = Sample(tuple(value + effect for value in values), history)
    arms = adjusted(treated, Sample(values, history)).arms
    assert arms[0].mean - arms[1].mean == pytest.approx(effect, abs=1e-6)
    assert arms[0].variance == pytest.approx(arms[1].variance, rel=1e-6, abs=1e-3)
