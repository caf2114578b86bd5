"""Whether an offer may be put into a cart, and what its line costs."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful_bridge.cart import CartItem, LinePrice, digits_of, price_of, reason_against
from tactful_bridge.offer_tokens import OfferClaims

CLAIMS = OfferClaims(
    offer="of_1", sku="RUN-42", territory="DE", currency="EUR", unit=10965, max_qty=2,
    iat=1, exp=2, rulebook="r", holder="h",
)  # fmt: skip
ITEM = CartItem(sku="RUN-42", territory="DE", currency="EUR", unit=12900)


def test_an_offer_for_this_item_can_be_put_into_the_cart() -> None:
    assert reason_against(CLAIMS, ITEM, 2, {"of_2"}) is None


@pytest.mark.parametrize(
    ("claims", "item", "quantity", "in_cart", "reason"),
    [
        ({"level": "order"}, {}, 1, (), "offer.level"),
        ({"sku": "RUN-43"}, {}, 1, (), "offer.item"),
        ({}, {"territory": "AT"}, 1, (), "offer.territory"),
        ({}, {"currency": "CHF"}, 1, (), "offer.currency"),
        ({}, {}, 3, (), "offer.quantity"),
        ({}, {}, 0, (), "offer.quantity"),
        ({}, {}, 1, ("of_1",), "offer.in_cart"),
        ({}, {"unit": 10965}, 1, (), "offer.no_saving"),
        ({}, {"unit": 9900}, 1, (), "offer.no_saving"),
    ],
)
def test_an_offer_that_does_not_fit_is_refused_with_its_reason(
    claims: dict[str, str],
    item: dict[str, str],
    quantity: int,
    in_cart: tuple[str, ...],
    reason: str,
) -> None:
    changed = replace(CLAIMS, **claims), replace(ITEM, **item)  # type: ignore[arg-type]
    assert reason_against(*changed, quantity, in_cart) == reason


def test_a_line_costs_the_promise() -> None:
    assert price_of(CLAIMS, ITEM, 2) == LinePrice(10965, uses_offer=True)


def test_a_line_whose_offer_has_ended_costs_the_own_price() -> None:
    assert price_of(None, ITEM, 1) == LinePrice(12900, uses_offer=False)


def test_a_line_with_too_many_units_costs_the_own_price() -> None:
    assert price_of(CLAIMS, ITEM, 3) == LinePrice(12900, uses_offer=False)


@given(own=st.integers(0, 20000), quantity=st.integers(1, 4))
def test_no_line_costs_more_than_the_platform_asks(own: int, quantity: int) -> None:
    price = price_of(CLAIMS, replace(ITEM, unit=own), quantity)
    assert price.unit <= own
    assert price.unit == (CLAIMS.unit if price.uses_offer else own)


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("JPY", 0), ("KWD", 3)])
def test_amounts_have_the_digits_of_their_currency(currency: str, digits: int) -> None:
    assert digits_of(currency) == digits
