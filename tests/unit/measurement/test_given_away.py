"""Discounts given to shoppers who would have bought anyway."""

import pytest

from tactful.measurement.arm_comparison import ArmComparison, compare_arms
from tactful.measurement.given_away import GivenAway, given_away
from tactful.measurement.samples import Sample


def compared(treated: list[float], held_out: list[float], *, money: bool = False) -> ArmComparison:
    found = compare_arms(Sample(tuple(treated)), Sample(tuple(held_out)), heavy_tailed=money)
    assert found is not None
    return found


def test_the_share_that_buys_without_an_offer_is_given_away() -> None:
    # 400 of 1,000 buy with an offer and save 5.00 each; 300 of 1,000 buy without one.
    saved = compared([500.0] * 400 + [0.0] * 600, [0.0] * 1000, money=True)
    bought = compared([1.0] * 400 + [0.0] * 600, [1.0] * 300 + [0.0] * 700)
    found = given_away(saved, bought)
    assert found is not None
    assert (found.discount, found.likely) == (200_000, 150_000)
    assert found.least < found.likely < found.most <= found.discount


def test_what_was_cut_from_the_largest_discounts_was_given_all_the_same() -> None:
    saved = compared([90_000.0] + [100.0] * 1999, [0.0] * 2000, money=True)
    assert saved.amount_cut > 0
    bought = compared([1.0] * 2000, [1.0] * 1999 + [0.0])
    found = given_away(saved, bought)
    assert found is not None
    assert found.discount == 90_000 + 100 * 1999


def test_no_more_than_the_discounts_is_given_away_and_no_less_than_nothing() -> None:
    saved = compared([100.0] * 10 + [0.0] * 90, [0.0] * 100)
    harmful = compared([1.0] * 10 + [0.0] * 90, [1.0] * 60 + [0.0] * 40)
    assert given_away(saved, harmful) == GivenAway(
        discount=1000, likely=1000, least=1000, most=1000
    )
    alone = compared([1.0] * 50 + [0.0] * 50, [0.0] * 100)
    found = given_away(saved, alone)
    assert found is not None
    assert (found.likely, found.least) == (0, 0)


@pytest.mark.parametrize(("saved", "bought"), [(0.0, 1.0), (100.0, 0.0)])
def test_without_a_discount_or_a_buyer_there_is_nothing_to_divide(
    saved: float, bought: float
) -> None:
    arms = (compared([value] * 10, [0.0] * 10) for value in (saved, bought))
    assert given_away(*arms) is None
