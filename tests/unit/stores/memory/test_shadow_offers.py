"""Offers of rules in shadow mode, found and summed in memory."""

from support.ledger_rows import T0, offer
from tactful.core.offers.offer import OfferState
from tactful.runtime.ports.ledger_rows import ShadowRow
from tactful.stores.memory.shadow_offers import made_in_shadow, sum_shadow_offers


def test_the_newest_offers_of_a_window_come_first() -> None:
    made = [offer(f"of_{n}", state=OfferState.SHADOW, issued_at=T0 + n) for n in range(4)]
    found = made_in_shadow([offer("of_x"), *made], T0 + 1, T0 + 3)
    assert [one.id for one in found] == ["of_2", "of_1"]


def test_a_shopper_counts_once_in_several_sessions() -> None:
    two = [offer(name, session=name, customer="c1") for name in ("of_1", "of_2")]
    one = two[0]
    assert sum_shadow_offers(two) == [
        ShadowRow("r1", "EUR", 2, 1, 1, 2 * one.public, 2 * one.saved, one.issued_at, one.issued_at)
    ]
