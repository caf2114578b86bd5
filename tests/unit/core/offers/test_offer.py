"""The lifecycle table, and what an offer says about itself."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.builders import offer
from tactful.core.offers.offer import (
    ADVERTISED,
    RESERVING,
    STANDING,
    TRANSITIONS,
    Offer,
    OfferEvent,
    OfferState,
    next_state,
)
from tactful.core.values.allocation import Deduction, Level

EVENTS: tuple[OfferEvent, ...] = get_args(OfferEvent)
ENDS = frozenset(OfferState) - RESERVING - {OfferState.REDEEMED, OfferState.EXPIRED}


@pytest.mark.parametrize("state", OfferState)
@pytest.mark.parametrize("event", EVENTS)
def test_a_transition_is_in_the_table_or_an_error(state: OfferState, event: OfferEvent) -> None:
    if (state, event) in TRANSITIONS:
        assert next_state(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(LookupError):
            next_state(state, event)


@pytest.mark.parametrize("state", sorted(ENDS))
def test_a_final_state_has_no_transition(state: OfferState) -> None:
    assert not [event for event in EVENTS if (state, event) in TRANSITIONS]


@given(st.lists(st.sampled_from(EVENTS), max_size=12))
def test_no_path_shows_again_what_ended_or_promises_what_was_never_pushed(
    events: list[OfferEvent],
) -> None:
    state, path = OfferState.PUSHED, [OfferState.PUSHED]
    for event in events:
        if (state, event) in TRANSITIONS:
            state = next_state(state, event)
            path.append(state)
    assert OfferState.HELD_OUT not in path
    promised = path.index(OfferState.ACCEPTED) if OfferState.ACCEPTED in path else len(path)
    assert not ADVERTISED & set(path[promised:])
    used = {OfferState.HELD, OfferState.REDEEMED}
    never_promised = OfferState.EXPIRED in path and OfferState.ACCEPTED not in path
    assert never_promised or all(
        OfferState.ACCEPTED in path[:n] for n, one in enumerate(path) if one in used
    )


def test_an_expired_offer_can_only_be_confirmed() -> None:
    assert [event for event in EVENTS if (OfferState.EXPIRED, event) in TRANSITIONS] == ["confirm"]


def test_pushed_and_shown_offers_are_advertised_and_accepted_ones_stand() -> None:
    assert {state for state in OfferState if offer(state=state).advertised} == ADVERTISED
    assert {state for state in OfferState if offer(state=state).standing} == STANDING
    assert {OfferState.ACCEPTED} == STANDING - ADVERTISED


def test_an_offer_reserves_the_most_allowed_until_it_is_accepted_and_then_what_was_accepted() -> (
    None
):
    units = {state: offer(state=state, max_qty=5, qty=2).reserved_units for state in OfferState}
    assert {state: count for state, count in units.items() if count} == {
        OfferState.PUSHED: 5,
        OfferState.SHOWN: 5,
        OfferState.ACCEPTED: 2,
        OfferState.HELD: 2,
    }
    assert {state for state in OfferState if offer(state=state).reserving} == RESERVING


NAMED = frozenset({"R1"})


@pytest.mark.parametrize(
    ("rule", "level", "names", "up", "beside"),
    [
        ("R1", "item", (), offer(), True),
        ("R1", "order", (), offer(), False),
        ("R1", "order", NAMED, offer(deduction=Deduction("order", 1), stacks_with=("R1",)), False),
        ("R2", "item", NAMED, offer(stacks_with=("R2",)), True),
        ("R2", "item", NAMED, offer(), False),
        ("R2", "item", (), offer(stacks_with=("R2",)), False),
        ("R2", "shipping", NAMED, offer(remedy="m1", stacks_with=("R2",)), True),
    ],
)
def test_offers_may_stand_beside_each_other_if_their_rules_say_so(
    rule: str, level: Level, names: frozenset[str], up: Offer, beside: bool
) -> None:
    assert up.may_stand_beside(rule, level, names) is beside


def test_a_voucher_comes_off_the_order_what_it_takes_off_the_item() -> None:
    assert offer(remedy="m1").order_deduction == Deduction("order", 1935)
    named = Deduction("shipping", 690)
    assert offer(remedy="m1", deduction=named).order_deduction == named
    assert (
        offer().order_deduction,
        offer().level,
        offer().saved,
        offer().price_after_discount,
    ) == (None, "item", 1935, 10965)


def test_a_voucher_stored_without_a_level_comes_off_the_order() -> None:
    body = msgspec.json.decode(msgspec.json.encode(offer(remedy="m1", state=OfferState.ACCEPTED)))
    for name in ("deduction", "stacks_with", "withdrawn"):
        body.pop(name, None)
    kept = msgspec.json.decode(msgspec.json.encode(body | {"order_level": True}), type=Offer)
    assert (kept.order_deduction, kept.level) == (Deduction("order", 1935), "order")


def test_a_voucher_and_a_discount_on_the_shipping_reduce_no_public_price() -> None:
    shipping = Deduction("shipping", 490)
    assert offer().reduces_price
    assert not offer(remedy="m1").reduces_price
    assert not offer(deduction=shipping).reduces_price
