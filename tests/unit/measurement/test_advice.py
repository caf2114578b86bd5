"""Advice in money."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.measurement.advice import NO_ADVICE, AdviceKind, MoneyPerMonth, advise
from tactful.measurement.arm_comparison import ArmComparison
from tactful.measurement.conclusions import Conclusion, missing
from unit.measurement.test_conclusions import margin

MANY = (400, 400)


@pytest.mark.parametrize(
    ("conclusion", "kind"),
    [
        (Conclusion.EARNS, AdviceKind.KEEP),
        (Conclusion.COSTS, AdviceKind.STOP),
        (Conclusion.NO_DIFFERENCE, AdviceKind.SHRINK),
    ],
)
def test_a_proven_conclusion_is_the_advice(conclusion: Conclusion, kind: AdviceKind) -> None:
    found = advise(margin(10, 40), MANY, conclusion, 3000.0)
    assert found.kind is kind


def test_money_is_the_difference_of_every_unit_of_a_month() -> None:
    found = margin(10.25, 40)
    money = advise(found, MANY, Conclusion.TOO_EARLY, 3000.0).money
    assert money == MoneyPerMonth(
        30750, round(3000 * found.interval.low), round(3000 * found.interval.high)
    )


@pytest.mark.parametrize(
    ("difference", "kind"), [(30, AdviceKind.KEEP), (-30, AdviceKind.STOP), (0, AdviceKind.STOP)]
)
def test_a_trial_of_its_full_size_advises_the_likelier_choice(
    difference: float, kind: AdviceKind
) -> None:
    found = advise(margin(difference, 20), MANY, Conclusion.TOO_EARLY, 3000.0)
    assert found.trial_units is not None
    assert found.trial_units < 5000
    assert found.kind is kind


@pytest.mark.parametrize(
    ("found", "orders"),
    [
        (margin(30, 20, units=(200, 200)), MANY),
        (margin(30, 0.01, units=(99, 99)), MANY),
        (margin(30, 20), (400, 29)),
        (margin(30, 20, has_lift=False), MANY),
    ],
    ids=["a trial that is too small", "too few units", "too few orders", "no lift"],
)
def test_before_that_the_advice_is_to_wait(found: ArmComparison, orders: tuple[int, int]) -> None:
    assert advise(found, orders, Conclusion.TOO_EARLY, 3000.0).kind is AdviceKind.WAIT


def test_a_choice_that_matters_longer_deserves_a_larger_trial() -> None:
    short, long = (
        advise(margin(30, 20), MANY, Conclusion.TOO_EARLY, 3000.0, months=months)
        for months in (3, 24)
    )
    assert short.trial_units is not None
    assert long.trial_units is not None
    assert short.trial_units < long.trial_units


def test_waiting_costs_money_as_long_as_one_arm_may_be_better() -> None:
    near = advise(margin(30, 20), MANY, Conclusion.TOO_EARLY, 3000.0)
    far = advise(margin(100, 20), MANY, Conclusion.EARNS, 3000.0)
    assert near.waiting is not None
    assert far.waiting is not None
    assert 0 < near.waiting < far.waiting


@pytest.mark.parametrize(
    "found", [margin(30, 20, has_lift=False), margin(30, 0.0)], ids=["no lift", "no error"]
)
def test_without_a_lift_and_its_error_no_size_is_computed(found: ArmComparison) -> None:
    advice = advise(found, MANY, Conclusion.EARNS, 3000.0)
    assert (advice.waiting, advice.trial_units) == (None, None)
    assert advice.money is not None


@pytest.mark.parametrize(
    ("found", "conclusion"),
    [(None, Conclusion.TOO_EARLY), (margin(30, 20), Conclusion.CANNOT_BE_TRUSTED)],
)
def test_what_cannot_be_compared_or_trusted_gives_no_figure(
    found: ArmComparison | None, conclusion: Conclusion
) -> None:
    assert advise(found, MANY, conclusion, 3000.0) == NO_ADVICE


def looked_at_each_month(
    difference: float, noise: float, per_month: float, share: float, *, months: int = 14
) -> list[AdviceKind]:
    """The advice after each month of a shop in which nothing is ever proven."""
    found = []
    for month in range(1, months):
        total = per_month * month
        units = round(total * share), round(total * (1 - share))
        error = noise * math.sqrt(1 / units[0] + 1 / units[1])
        orders = units[0] // 10, units[1] // 10
        one = margin(difference, error, units=units)
        found.append(advise(one, orders, Conclusion.TOO_EARLY, per_month).kind)
    return found


@given(
    st.floats(-150, 150),
    st.floats(100, 20_000),
    st.integers(30, 10_000).map(lambda hundreds: 100 * hundreds),
    st.sampled_from([0.1, 0.5, 0.9, 0.99]),
)
def test_advice_comes_within_the_time_in_which_the_choice_matters(
    difference: float, noise: float, per_month: int, share: float
) -> None:
    kinds = looked_at_each_month(difference, noise, per_month, share)
    decided = [kind is not AdviceKind.WAIT for kind in kinds]
    assert decided[11], "after twelve months"
    likelier = AdviceKind.KEEP if difference > 0 else AdviceKind.STOP
    assert {kind for kind in kinds if kind is not AdviceKind.WAIT} == {likelier}


def test_where_proof_takes_decades_the_likelier_choice_is_advised_within_months() -> None:
    """A loss of 10 % in a shop with 200 shoppers a month, of whom one in ten is held out."""
    kinds = looked_at_each_month(-50, 3_000, 2_000, 0.9)
    assert kinds[0] is AdviceKind.WAIT
    assert AdviceKind.STOP in kinds[:12]
    small = margin(-50, 3_000 * math.sqrt(1 / 1_800 + 1 / 200), units=(1_800, 200))
    decades = missing(small, (180, 30), 2_000 / 30)
    assert decades is not None
    assert decades.days is None
    waits = advise(small, (180, 30), Conclusion.TOO_EARLY, 2_000.0)
    assert waits.more_units is not None
    assert waits.more_units < 24_000


@pytest.mark.parametrize("units", [(2_000, 2_000), (3_600, 400)])
def test_a_trial_waits_for_the_size_that_earns_most_where_it_is_reached_in_time(
    units: tuple[int, int],
) -> None:
    error = 1_500 * math.sqrt(1 / units[0] + 1 / units[1])
    found = advise(margin(20, error, units=units), MANY, Conclusion.TOO_EARLY, 20_000.0)
    assert found.kind is AdviceKind.WAIT
    assert found.trial_units is not None
    assert found.more_units is not None
    reached = min(units) * (1 + found.more_units / sum(units))
    assert reached == pytest.approx(found.trial_units, abs=1)
