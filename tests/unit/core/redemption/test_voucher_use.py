"""A voucher is marked in the contact history of its customer while it is accepted, and once it is used."""

import pytest

from support.builders import T0, offer
from tactful.core.offers.offer import OfferState
from tactful.core.redemption.voucher_use import contact_after_use
from tactful.core.rules.rule import NEVER
from tactful.core.session.contact_history import NO_CONTACT


@pytest.mark.parametrize(
    ("state", "until"),
    [
        (OfferState.REDEEMED, NEVER),
        (OfferState.HELD, NEVER),
        (OfferState.ACCEPTED, 0),
        (OfferState.EXPIRED, 0),
        (OfferState.WITHDRAWN, 0),
    ],
)
def test_the_mark_follows_the_state_of_the_offer(state: OfferState, until: int) -> None:
    used = offer(state=state, remedy="m1", accept_until=T0 + 9)
    before = NO_CONTACT if until else NO_CONTACT.with_cooldown("remedy", "m1", NEVER)
    after = contact_after_use(before, used)
    assert after.cooldown_until("remedy", "m1") == until
    assert contact_after_use(after, used) is after


def test_an_offer_without_a_voucher_marks_nothing() -> None:
    assert contact_after_use(NO_CONTACT, offer(state=OfferState.REDEEMED)) is NO_CONTACT
