"""The conclusion of a report, and what is still missing."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.measurement.arm_comparison import ArmComparison
from tactful.measurement.conclusions import Conclusion, Missing, conclude, missing, soonest
from tactful.measurement.intervals import around, fixed_factor, sequence_factor

ENOUGH = (30, 30)


def margin(
    difference: float,
    error: float,
    *,
    held_out: float = 500.0,
    units: tuple[int, int] = (5000, 5000),
    has_lift: bool = True,
) -> ArmComparison:
    """A comparison with these figures, in which the error of the lift is that of the difference."""
    factor = sequence_factor(sum(units), 10_000)
    lift, lift_error = difference / held_out, error / held_out
    return ArmComparison(
        units=units,
        treated=held_out + difference,
        held_out=held_out,
        difference=difference,
        error=error,
        interval=around(difference, factor * error),
        fixed_interval=around(difference, fixed_factor() * error),
        lift=lift if has_lift else None,
        lift_error=lift_error if has_lift else None,
        lift_interval=around(lift, factor * lift_error) if has_lift else None,
        cap=None,
        units_cut=0,
        amount_cut=0.0,
        reduction=0.0,
    )


@pytest.mark.parametrize(
    ("found", "conclusion"),
    [
        (margin(100, 10), Conclusion.EARNS),
        (margin(-100, 10), Conclusion.COSTS),
        (margin(1, 2), Conclusion.NO_DIFFERENCE),
        (margin(6, 1), Conclusion.NO_DIFFERENCE),
        (margin(10, 40), Conclusion.TOO_EARLY),
        (margin(40, 20), Conclusion.TOO_EARLY),
        (margin(100, 10, units=(99, 5000)), Conclusion.TOO_EARLY),
        (margin(100, 10, has_lift=False), Conclusion.EARNS),
        (margin(10, 40, has_lift=False), Conclusion.TOO_EARLY),
        (None, Conclusion.TOO_EARLY),
    ],
    ids=[
        "clear of 0 above",
        "clear of 0 below",
        "within 2 %",
        "above 0, but within 2 %",
        "both 20 % are possible",
        "only one 20 % is possible",
        "too few units",
        "without a lift",
        "without a lift, too wide",
        "nothing to compare",
    ],
)
def test_the_conclusion_follows_from_the_interval(
    found: ArmComparison | None, conclusion: Conclusion
) -> None:
    assert conclude(found, ENOUGH, trusted=True) is conclusion


def test_fewer_than_30_orders_in_an_arm_are_too_early() -> None:
    assert conclude(margin(100, 10), (30, 29), trusted=True) is Conclusion.TOO_EARLY


def test_arms_that_cannot_be_trusted_show_nothing() -> None:
    assert conclude(margin(100, 10), ENOUGH, trusted=False) is Conclusion.CANNOT_BE_TRUSTED


def test_a_shop_chooses_what_is_worth_knowing() -> None:
    found = margin(6, 1)
    assert conclude(found, ENOUGH, trusted=True, smallest_effect=0.01) is Conclusion.EARNS


def grown(found: ArmComparison, units: int) -> ArmComparison:
    """The same comparison, as it is with so many units at the same variance."""
    error = found.error * math.sqrt(found.total_units / units)
    return margin(found.difference, error, units=(units // 2, units - units // 2))


@given(st.integers(-200, 200).filter(bool), st.integers(20, 400), st.sampled_from([0.02, 0.05]))
def test_with_the_missing_units_there_is_a_conclusion_and_with_one_less_there_is_none(
    difference: int, error: int, smallest: float
) -> None:
    found = margin(difference, error)
    needed = missing(found, (300, 300), 100.0, smallest_effect=smallest)
    assert needed is not None

    def at(units: int) -> Conclusion:
        return conclude(grown(found, units), ENOUGH, trusted=True, smallest_effect=smallest)

    assert at(10_000 + needed.units) is not Conclusion.TOO_EARLY
    if needed.units:
        assert at(10_000 + needed.units - 1) is Conclusion.TOO_EARLY


@pytest.mark.parametrize(
    ("units", "orders", "needed"),
    [
        ((50, 400), (300, 300), 450),
        ((5000, 5000), (300, 10), 20_000),
        ((5000, 5000), (300, 300), 0),
    ],
)
def test_the_smaller_arm_needs_100_units_and_30_orders(
    units: tuple[int, int], orders: tuple[int, int], needed: int
) -> None:
    found = missing(margin(100, 1, units=units), orders, 100.0)
    assert found == Missing(needed, -(-needed // 100))


@pytest.mark.parametrize("rate", [0.0, 0.001])
def test_a_conclusion_more_than_ten_years_away_has_no_date(rate: float) -> None:
    found = missing(margin(100, 100), ENOUGH, rate)
    assert found is not None
    assert found.units > 0
    assert found.days is None


@pytest.mark.parametrize(
    ("found", "orders"),
    [
        (None, ENOUGH),
        (margin(100, 10), (30, 0)),
        (margin(0, 10, has_lift=False), ENOUGH),
        (margin(1e-9, 10, has_lift=False), ENOUGH),
    ],
    ids=["no arms", "no order", "no difference and no lift", "hardly a difference and no lift"],
)
def test_without_a_rate_or_a_difference_no_number_can_be_given(
    found: ArmComparison | None, orders: tuple[int, int]
) -> None:
    assert missing(found, orders, 10.0) is None


def test_every_conclusion_has_its_public_name() -> None:
    names: list[Any] = [str(one) for one in Conclusion]
    assert names == ["earns", "costs", "no_difference", "too_early", "cannot_be_trusted"]


@pytest.mark.parametrize(
    ("proof", "more_units", "found"),
    [
        (Missing(500, 50), None, Missing(500, 50)),
        (Missing(500, 50), 900, Missing(500, 50)),
        (Missing(10**9, None), 900, Missing(900, 90)),
        (None, 900, Missing(900, 90)),
        (None, 4_000, Missing(4_000, None)),
        (None, None, None),
    ],
)
def test_a_decision_without_proof_may_come_sooner(
    proof: Missing | None, more_units: int | None, found: Missing | None
) -> None:
    assert soonest(proof, more_units, 10.0) == found
