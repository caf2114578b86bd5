"""The states of a redemption: every act in every state."""

from typing import get_args

import pytest

from support.ledger_rows import T0, accepted
from tactful.core.offers.offer import OfferState
from tactful.core.redemption.error_codes import ERROR_CODES
from tactful.core.redemption.redemption_rows import LIVE, RedemptionRow, Status
from tactful.core.redemption.use_states import (
    REDEMPTION_TABLE,
    STATUS_AFTER,
    NoUse,
    UseAct,
    UseState,
    state_of_offer,
    state_of_order,
)

ACTS: tuple[UseAct, ...] = get_args(UseAct)
STATUSES: tuple[Status, ...] = get_args(Status)
NO_USE: tuple[NoUse, ...] = get_args(NoUse)
STATES: tuple[UseState, ...] = (*NO_USE, *STATUSES)


def use(status: Status) -> RedemptionRow:
    return RedemptionRow(id="rd_1", offer="of_1", order="o1", at=T0, status=status, saved=0)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("state", STATES)
def test_every_act_has_a_verdict_in_every_state(act: UseAct, state: UseState) -> None:
    verdict = REDEMPTION_TABLE[act, state]
    assert verdict in {"decide", "repeat", "ignore"} or verdict in ERROR_CODES
    assert (verdict == "decide") is ((act, state) in STATUS_AFTER)
    assert len(REDEMPTION_TABLE) == len(ACTS) * len(STATES)


def test_only_an_open_offer_is_used_and_only_a_live_or_lapsed_use_changes() -> None:
    changing = {state for act, state in STATUS_AFTER}
    assert changing == {"open", "held", "redeemed", "lapsed"}
    assert {state for act, state in STATUS_AFTER if act in {"redeem", "hold"}} == {"open"}


def test_what_was_given_back_or_refused_stays_so() -> None:
    for state in ("cancelled", "refused"):
        verdicts = {REDEMPTION_TABLE[act, state] for act in ACTS}
        assert "decide" not in verdicts


def test_no_act_makes_a_hold_of_what_is_redeemed() -> None:
    assert {act for (act, _), after in STATUS_AFTER.items() if after == "held"} == {"hold"}
    assert "redeemed" not in {state for (act, state) in STATUS_AFTER if act == "lapse"}


@pytest.mark.parametrize("state", OfferState)
def test_an_unused_offer_stands_by_its_own_state(state: OfferState) -> None:
    found = state_of_offer(accepted(state=state))
    assert (found == "open") is (state is OfferState.ACCEPTED)
    assert (found == "theirs") is (state in {OfferState.HELD, OfferState.REDEEMED})


def test_an_offer_that_the_ledger_does_not_know_is_unknown() -> None:
    assert state_of_offer(None) == "unknown"


def test_an_order_has_the_state_of_its_strongest_use() -> None:
    assert state_of_order([]) == "unknown"
    for status in STATUSES:
        assert state_of_order([use(status)]) == status
    assert state_of_order([use("cancelled"), use("lapsed"), use("redeemed")]) == "redeemed"
    assert state_of_order([use("redeemed"), use("held")]) == "held"
    assert state_of_order([use("lapsed"), use("cancelled")]) == "lapsed"


@pytest.mark.parametrize("status", STATUSES)
def test_a_use_is_live_while_it_is_held_or_redeemed(status: Status) -> None:
    assert use(status).is_live is (status in LIVE)
