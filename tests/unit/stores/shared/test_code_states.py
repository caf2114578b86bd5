"""The state of a discount code in each state of its offer."""

import pytest

from support.builders import offer
from tactful.core.offers.offer import OfferState
from tactful.runtime.ports.code_store import CodeState
from tactful.stores.shared.code_states import code_state, draws_on_pool


@pytest.mark.parametrize(
    ("state", "accepted", "expected"),
    [
        (OfferState.PUSHED, False, "reserved"),
        (OfferState.SHOWN, False, "reserved"),
        (OfferState.ACCEPTED, True, "handed_out"),
        (OfferState.HELD, True, "handed_out"),
        (OfferState.EXPIRED, True, "handed_out"),
        (OfferState.WITHDRAWN, True, "handed_out"),
        (OfferState.REDEEMED, True, "used"),
    ],
)
def test_a_code_follows_its_offer(state: OfferState, accepted: bool, expected: CodeState) -> None:
    made = offer(state=state, pool="p", code="A", accept_until=9 if accepted else None)
    assert code_state(made) == expected


def test_an_offer_that_gave_its_code_back_has_none() -> None:
    assert code_state(offer(state=OfferState.DECLINED, pool="p")) is None


def test_offers_that_are_not_shown_and_those_without_a_pool_have_no_code() -> None:
    assert draws_on_pool(offer(pool="p"))
    assert not draws_on_pool(offer(pool="p", state=OfferState.HELD_OUT))
    assert not draws_on_pool(offer())
