"""Offers that are redeemed because an order has used their discount code."""

from typing import Any

import pytest
from msgspec import structs

from support.builders import line
from support.builders import order as order_fact
from support.ledger_rows import T0, accepted
from tactful.core.facts.customer_facts import Order, OrderLine
from tactful.core.offers.budget import COUNT
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.redemption.code_use import record_code_use
from tactful.core.redemption.redemption_rows import (
    SHIPPING,
    BudgetRow,
    RedemptionResult,
    RedemptionState,
    SoldLine,
)
from tactful.core.redemption.state_changes import state_after
from tactful.core.values.allocation import Deduction
from tactful.core.values.money import Money

CODED = accepted(pool="spring-15", code="SPRING-1")
LAPSED = structs.replace(CODED, state=OfferState.EXPIRED)


def order(*lines: OrderLine, **fields: Any) -> Order:
    made = order_fact("o1", **fields)
    return structs.replace(made, lines=lines or (line("RUN-42", 1, 10965),), codes=("SPRING-1",))


def known(offer: Offer, reserved: int = 1935, limit: int = 50_000) -> RedemptionState:
    return RedemptionState(
        offers={offer.id: offer},
        orders=frozenset({"o1"}),
        balances={
            ("spring", "total", "EUR"): BudgetRow("spring", "total", "EUR", limit, reserved, 0),
            ("spring", "total", COUNT): BudgetRow("spring", "total", COUNT, None, 1, 0),
        },
    )


def record(state: RedemptionState, used: Order | None = None) -> RedemptionResult:
    (offer,) = state.offers
    return record_code_use(
        state, offer=offer, order=used or order(), redemption="rd_1", now=T0 + 60_000
    )


def sold(offer: Offer, *lines: OrderLine) -> tuple[SoldLine, ...]:
    (use,) = record(known(offer), order(*lines)).uses
    assert use.saved == sum(one.saved for one in use.lines)
    return use.lines


def test_the_offer_is_redeemed_and_its_saving_is_settled() -> None:
    state = known(CODED)
    result = record(state)
    (offer,), (use,) = result.offers, result.uses
    assert (offer.state, use.status, use.saved) == (OfferState.REDEEMED, "redeemed", 1935)
    assert (use.unit, use.qty) == (10965, 1)
    after = state_after(state, result).balances["spring", "total", "EUR"]
    assert (after.reserved, after.settled) == (0, 1935)
    count = state_after(state, result).balances["spring", "total", COUNT]
    assert (count.reserved, count.settled) == (0, 1)


def test_a_use_after_the_end_of_the_hold_settles_beyond_the_limit() -> None:
    state = known(LAPSED, reserved=0, limit=100)
    result = record(state)
    assert [(move.settle, move.is_past) for move in result.moves] == [(1935, True), (1, True)]
    assert result.offers[0].state is OfferState.REDEEMED


@pytest.mark.parametrize(
    "offer",
    [
        structs.replace(CODED, state=OfferState.WITHDRAWN),
        structs.replace(LAPSED, accept_until=None),
        structs.replace(CODED, state=OfferState.SHOWN),
    ],
)
def test_an_offer_that_gives_no_right_is_not_redeemed(offer: Offer) -> None:
    assert not record(known(offer)).offers


def test_the_same_report_and_another_order_change_nothing() -> None:
    state = known(CODED)
    state = state_after(state, record(state))
    assert not record(state).offers
    assert not record(structs.replace(state, orders=frozenset({"o2"}))).offers
    (use,) = state.redemptions
    gone = structs.replace(use, status="cancelled")
    state = structs.replace(state, redemptions=(gone,), offers={"of_1": CODED})
    assert not record(state).offers, "a late report does not undo a cancellation"


def test_an_offer_that_the_ledger_does_not_know_is_not_redeemed() -> None:
    result = record_code_use(
        RedemptionState(), offer="of_9", order=order(), redemption="rd_1", now=T0
    )
    assert not result.offers


def test_what_comes_off_beyond_the_promise_is_not_the_offers() -> None:
    assert sold(CODED, line("RUN-42", 1, 9000)) == (SoldLine("RUN-42", 1, 9000, 1935),)
    assert sold(CODED, line("RUN-42", 1, 12500)) == (SoldLine("RUN-42", 1, 12500, 400),)
    assert sold(CODED, line("RUN-42", 1, 13900)) == (SoldLine("RUN-42", 1, 13900, 0),)


def test_the_offer_covers_the_accepted_units_of_the_first_lines() -> None:
    two = structs.replace(CODED, qty=2, max_qty=2, hold=3870)
    found = sold(two, line("SOCK", 1, 990), line("RUN-42", 1, 10965), line("RUN-42", 3, 10965))
    assert found == (SoldLine("RUN-42", 2, 21930, 3870),)
    assert sold(two, line("RUN-42", 1, 10965)) == (SoldLine("RUN-42", 1, 10965, 1935),)


def test_an_order_without_the_item_has_used_the_code_and_saved_nothing() -> None:
    assert sold(CODED, line("SOCK", 1, 990)) == (SoldLine("RUN-42", 1, 10965, 0),)
    pounds = structs.replace(line("RUN-42", 1), unit=Money(10965, "GBP"))
    assert sold(CODED, pounds) == (SoldLine("RUN-42", 1, 10965, 0),)


def test_a_discount_on_the_order_is_spread_over_its_lines() -> None:
    fixed = structs.replace(CODED, deduction=Deduction("order", 1500), hold=1500)
    lines = (line("RUN-42", 1, 6000), line("SOCK", 3, 1000))
    assert sold(fixed, *lines) == (
        SoldLine("RUN-42", 1, 6000, 1000),
        SoldLine("SOCK", 3, 3000, 500),
    )
    assert sold(fixed, line("SOCK", 1, 10)) == (SoldLine("SOCK", 1, 10, 1500),)
    free = structs.replace(line("SOCK", 1), unit=Money(0, "EUR"))
    assert sold(fixed, free) == (SoldLine("RUN-42", 1, 0, 1500),)


def test_a_percentage_of_the_order_is_computed_from_what_was_paid() -> None:
    tenth = structs.replace(CODED, deduction=Deduction("order", 5000, 1000), hold=5000)
    assert sold(tenth, line("RUN-42", 1, 9000)) == (SoldLine("RUN-42", 1, 9000, 1000),)
    capped = structs.replace(CODED, deduction=Deduction("order", 500, 1000), hold=500)
    assert sold(capped, line("RUN-42", 1, 9000)) == (SoldLine("RUN-42", 1, 9000, 500),)
    whole = structs.replace(CODED, deduction=Deduction("order", 500, 10_000), hold=500)
    assert sold(whole, line("RUN-42", 1, 9000)) == (SoldLine("RUN-42", 1, 9000, 500),)


def test_a_discount_on_the_shipping_counts_as_the_most_that_it_may_be() -> None:
    shipping = structs.replace(CODED, deduction=Deduction("shipping", 690, 10_000), hold=690)
    assert sold(shipping) == (SoldLine(SHIPPING, 690, 0, 690),)
