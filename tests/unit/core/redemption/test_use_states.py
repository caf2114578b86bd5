"""The states of an (offer, order) pair."""

from typing import get_args

import pytest

from support.ledger_rows import T0, accepted
from tactful.core.offers.offer import OfferState
from tactful.core.redemption.error_codes import ERROR_CODES
from tactful.core.redemption.redemption_rows import RedemptionRow, Status
from tactful.core.redemption.use_states import REDEMPTION_TABLE, UseState, use_state


def use(status: Status) -> RedemptionRow:
    return RedemptionRow(id="rd_1", offer="of_1", order="o1", at=T0, status=status, saved=0)


def test_every_verdict_of_the_table_decides_repeats_or_refuses_with_a_known_code() -> None:
    for verdict in REDEMPTION_TABLE.values():
        assert verdict in {"decide", "repeat"} or verdict in ERROR_CODES


def test_a_redemption_has_a_verdict_in_every_state() -> None:
    assert {state for action, state in REDEMPTION_TABLE if action == "redeem"} == set(
        get_args(UseState)
    )


@pytest.mark.parametrize("state", OfferState)
def test_an_unused_offer_stands_by_its_own_state(state: OfferState) -> None:
    found = use_state(accepted(state=state), None)
    assert (found == "open") is (state is OfferState.ACCEPTED)
    assert ("redeem", found) in REDEMPTION_TABLE


@pytest.mark.parametrize(
    ("status", "state"),
    [("redeemed", "mine"), ("cancelled", "cancelled"), ("refused", "refused")],
)
def test_a_use_decides_whatever_state_the_offer_is_in(status: Status, state: UseState) -> None:
    for offer in (accepted(), accepted(state=OfferState.EXPIRED), None):
        assert use_state(offer, use(status)) == state


def test_an_offer_that_the_ledger_does_not_know_is_unknown() -> None:
    assert use_state(None, None) == "unknown"
