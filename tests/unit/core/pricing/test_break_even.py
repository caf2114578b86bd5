"""How many more buyers an offer needs."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.core.pricing.break_even import buyers_needed, margin_of
from tactful.core.pricing.quote import PriceBasis


@pytest.mark.parametrize(
    ("price", "unit", "margin", "buyers"),
    [
        (PriceBasis(10000, "EUR", cost=7000), 8500, 3000, 20),
        (PriceBasis(11900, "EUR", 1900, cost=7000), 10115, 3000, 20),
        (PriceBasis(10000, "EUR", cost=5000), 8500, 5000, 15),
        (PriceBasis(10000, "EUR", cost=7000), 7001, 3000, 30000),
        (PriceBasis(10000, "EUR", cost=7000), 7000, 3000, None),
        (PriceBasis(10000, "EUR", cost=7000), 6000, 3000, None),
        (PriceBasis(10000, "EUR", cost=12000), 9000, -2000, None),
    ],
)
def test_a_discount_needs_so_many_buyers_at_this_margin(
    price: PriceBasis, unit: int, margin: int, buyers: int | None
) -> None:
    assert (margin_of(price), buyers_needed(price, unit)) == (margin, buyers)


@given(st.integers(2, 50_000), st.integers(0, 50_000), st.sampled_from([0, 700, 1900]), st.data())
def test_so_many_buyers_earn_as_much_and_one_tenth_less_does_not(
    amount: int, cost: int, rate: int, data: st.DataObject
) -> None:
    unit = data.draw(st.integers(1, amount - 1))
    price = PriceBasis(amount, "EUR", rate, cost=cost)
    tax = Fraction(10_000 + rate, 10_000)
    earned, left = amount / tax - cost, unit / tax - cost
    buyers = buyers_needed(price, unit)
    if buyers is None:
        assert earned <= 0 or left <= 0
    else:
        assert buyers * left >= 10 * earned > (buyers - 1) * left
