"""Purchases after hold-outs: counted within their window, and once."""

from typing import Any

from msgspec import structs

from support.builders import when
from support.ledger_rows import T0, offer
from tactful.core.customer.aliasing import CustomerErasure
from tactful.core.facts.fact_types import Order, OrderLine
from tactful.core.offers.offer import OfferState, OfferStep
from tactful.core.redemption.redemption_rows import RedemptionOutcome, RedemptionRow
from tactful.core.values.calendar import DAY
from tactful.core.values.money import Money
from tactful.runtime.facts.fact_cache import FactCache
from tactful.runtime.ports.ledger_rows import Commit
from tactful.runtime.state.conversion_tracker import PURCHASE_WINDOW, ConversionTracker
from tactful.runtime.timers import TestClock
from tactful.stores.memory.ledger import MemoryLedger


def order(session: str, placed_at: int) -> Order:
    lines = (OrderLine("RUN-42", 1, Money(12900, "EUR")),)
    return Order(
        order="o1",
        session=session,
        territory="DE",
        placed_at=when(placed_at),
        status="placed",
        lines=lines,
    )


def held_out(tracker: ConversionTracker, name: str, at: int, **fields: Any) -> None:
    one = offer(name, state=OfferState.HELD_OUT, product="RUN-42", issued_at=at, **fields)
    tracker.record_step([one], [OfferStep(one.id, at, 1, OfferState.HELD_OUT)])


async def test_a_purchase_counts_within_its_window_and_not_after_an_erasure() -> None:
    ledger, clock = MemoryLedger(), TestClock(T0)
    tracker = ConversionTracker(ledger=ledger, clock=clock, fact_cache=FactCache(ledger))
    held_out(tracker, "of_1", T0, session="se_1", customer="c1")
    held_out(tracker, "of_2", T0, session="se_2")
    held_out(tracker, "of_3", T0 + DAY, session="se_2")
    tracker.erase_customer(CustomerErasure(customer="c1", alias="sh_1"))
    clock._now = T0 + PURCHASE_WINDOW
    held_out(tracker, "of_4", T0 + PURCHASE_WINDOW, session="se_4")
    assert [*tracker._held_out] == [("session", "se_2"), ("session", "se_4")]
    await tracker.record_order(order("se_2", T0 + 2 * DAY))
    assert tracker.view.tally_of("", "RUN-42", "DE").bought == 1


async def test_a_hold_out_from_before_the_log_was_read_counts_once() -> None:
    ledger = MemoryLedger()
    tracker = ConversionTracker(ledger=ledger, clock=TestClock(T0), fact_cache=FactCache(ledger))
    one = offer(state=OfferState.HELD_OUT, product="RUN-42")
    steps = (OfferStep(one.id, T0, 1, OfferState.HELD_OUT),)
    await ledger.commit(Commit(offers=(one,), steps=steps))
    tracker.record_step([one], steps)
    for _ in range(2):
        await tracker.start()
    await tracker.record_order(order("se_1", T0 + 1))
    tally = tracker.view.tally_of("", "RUN-42", "DE")
    assert (tally.tried, tally.bought) == (1, 1)
    assert (await ledger.outcomes())[0].bought == 1


async def test_shown_and_redeemed_offers_are_counted_by_rule() -> None:
    ledger = MemoryLedger()
    tracker = ConversionTracker(ledger=ledger, clock=TestClock(T0), fact_cache=FactCache(ledger))
    one = offer(state=OfferState.SHOWN)
    tracker.record_step([one], [OfferStep(one.id, T0, 1, OfferState.SHOWN)])
    use = RedemptionRow(id="rd", offer=one.id, order="o1", at=T0, status="redeemed", saved=0)
    held = structs.replace(use, until=T0 + 9)
    confirmed = structs.replace(held, confirmed_at=T0)
    for row, status, state, bought in (
        (use, "redeemed", OfferState.REDEEMED, 1),
        (use, "cancelled", OfferState.ACCEPTED, 0),
        (held, "held", OfferState.HELD, 0),
        (held, "lapsed", OfferState.ACCEPTED, 0),
        (held, "cancelled", OfferState.ACCEPTED, 0),
        (confirmed, "redeemed", OfferState.REDEEMED, 1),
        (confirmed, "cancelled", OfferState.ACCEPTED, 0),
    ):
        step = OfferStep(one.id, T0, 2, state)
        outcome = RedemptionOutcome(
            status=200, body=b"", offers=(one,), steps=(step,),
            redemptions=(structs.replace(row, status=status),),
        )  # fmt: skip
        tracker.record_redemption(outcome)
        tally = tracker.view.tally_of("r1", "aero", "DE")
        assert (tally.tried, tally.bought) == (1, bought)


async def test_a_cancelled_order_is_taken_off_again() -> None:
    ledger = MemoryLedger()
    tracker = ConversionTracker(ledger=ledger, clock=TestClock(T0), fact_cache=FactCache(ledger))
    held_out(tracker, "of_1", T0, session="se_1")
    placed = order("se_1", T0 + 1)
    for fact, bought in (
        (placed, 1),
        (placed, 1),
        (structs.replace(placed, status="cancelled"), 0),
    ):
        await tracker.record_order(fact)
        assert tracker.view.tally_of("", "RUN-42", "DE").bought == bought


async def test_an_ended_session_is_no_longer_waited_for() -> None:
    ledger = MemoryLedger()
    tracker = ConversionTracker(ledger=ledger, clock=TestClock(T0), fact_cache=FactCache(ledger))
    held_out(tracker, "of_1", T0, session="se_1")
    tracker.forget_session("se_1")
    await tracker.record_order(order("se_1", T0 + 1))
    assert tracker.view.tally_of("", "RUN-42", "DE").bought == 0
