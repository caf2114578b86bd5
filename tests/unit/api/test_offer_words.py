"""Offers in plain words."""

from typing import Any, get_args

import msgspec
import pytest

from support.ledger_rows import offer
from tactful.api.offer_words import KINDS, offer_in_words
from tactful.core.offers.offer import InputKind, OfferState


def words(**changes: Any) -> str:
    return offer_in_words(msgspec.to_builtins(offer(**changes)))


def test_every_kind_of_input_has_words() -> None:
    assert set(KINDS) == set(get_args(InputKind))


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ((), ""),
        (("price",), " It was computed from the price in the shop."),
        (
            ("price", "item", "time"),
            " It was computed from the price in the shop, what the item is and the date and time.",
        ),
    ],
)
def test_an_offer_says_its_price_its_inputs_and_its_state(
    inputs: tuple[InputKind, ...], said: str
) -> None:
    assert words(inputs=inputs, state=OfferState.WITHDRAWN) == (
        "At 2026-03-10T12:00:00Z RUN-42 was offered to you for 109.65 EUR instead of 129.00 EUR."
        f"{said} The offer is now withdrawn."
    )


def test_an_offer_that_was_held_out_says_so() -> None:
    assert words(state=OfferState.HELD_OUT) == (
        "At 2026-03-10T12:00:00Z the shop could have offered RUN-42 for 109.65 EUR instead of"
        " 129.00 EUR. No offer was shown to you, so that the shop can measure what its offers"
        " change."
    )


def test_an_offer_that_a_rule_on_trial_would_have_made_says_so() -> None:
    assert words(state=OfferState.SHADOW) == (
        "At 2026-03-10T12:00:00Z the shop tried a rule that would have offered RUN-42 for 109.65 EUR"
        " instead of 129.00 EUR. No offer was shown to you."
    )
