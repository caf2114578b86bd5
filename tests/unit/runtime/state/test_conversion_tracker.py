"""What the log of offers keeps, and lets go; what a failing ledger does to it."""

from support.builders import when
from support.ledger_rows import T0, offer
from tactful.core.facts.fact_types import Order, OrderLine
from tactful.core.offers.offer import OfferState, OfferStep
from tactful.core.session.session import Session
from tactful.core.stages.offer_builder import GENERAL
from tactful.core.values.calendar import DAY
from tactful.core.values.money import Money
from tactful.runtime.facts.fact_cache import FactCache
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Commit, FactRow
from tactful.runtime.state.conversion_tracker import PURCHASE_WINDOW, ConversionTracker
from tactful.runtime.state.reduction_tracker import ReductionTracker
from tactful.runtime.telemetry import Telemetry
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


def held_out(book: ConversionTracker, name: str, at: int, **fields: object) -> None:
    one = offer(name, state=OfferState.HELD_OUT, product="RUN-42", issued_at=at, **fields)
    book.record_step([one], [OfferStep(one.id, at, 1, OfferState.HELD_OUT)])


async def test_whoever_was_waited_for_too_long_is_let_go():
    ledger, clock = MemoryLedger(), TestClock(T0)
    book = ConversionTracker(ledger=ledger, clock=clock, fact_cache=FactCache(ledger))
    held_out(book, "of_1", T0, session="se_1", customer="c1")
    held_out(book, "of_2", T0, session="se_2")
    held_out(book, "of_3", T0 + DAY, session="se_2")
    book.forget_customer("c1")
    clock._now = T0 + PURCHASE_WINDOW
    held_out(book, "of_4", T0 + PURCHASE_WINDOW, session="se_4")
    assert [*book._held_out] == [("session", "se_2"), ("session", "se_4")]
    await book.record_order(order("se_2", T0 + 2 * DAY))
    assert book.view.tally_of("", "RUN-42", "DE").bought == 1


class Full(MemoryLedger):
    """A ledger that keeps no facts."""

    async def record_facts(self, rows: list[FactRow]) -> list[bool]:  # noqa: ARG002 - refused
        raise LedgerError("no room")


async def test_an_offer_goes_out_though_the_price_ledger_could_not_be_written():
    clock, telemetry = TestClock(T0), Telemetry()
    ledger = Full()
    book = ReductionTracker(
        ledger=ledger, clock=clock, fact_cache=FactCache(ledger), telemetry=telemetry
    )
    await book.record_pushed([offer(notes=(GENERAL,)), offer("of_2", state=OfferState.EXPIRED)])
    assert book.view.first_applied_at("r1", "RUN-42", "DE", T0 + 1) == T0
    assert b"general_offers_total 1.0" in telemetry.exposition()
    ledger.record_facts = MemoryLedger().record_facts  # type: ignore[method-assign]
    await book.record_pushed([offer(notes=(GENERAL,))])
    assert [*book._general] == [("RUN-42", "DE", "r1", 10965)]


async def test_a_shopper_without_a_territory_views_nothing_that_is_counted():
    ledger = MemoryLedger()
    world = FactCache(ledger)
    book = ReductionTracker(
        ledger=ledger, clock=TestClock(T0), fact_cache=world, telemetry=Telemetry()
    )
    nowhere = Session(id="s", shopper="a", created_at=T0)
    book.record_view(nowhere, await world.read_item("RUN-42"))
    assert book.view.counts == {}


async def test_what_was_kept_up_before_the_log_was_read_counts_once():
    ledger = MemoryLedger()
    book = ConversionTracker(ledger=ledger, clock=TestClock(T0), fact_cache=FactCache(ledger))
    one = offer(state=OfferState.HELD_OUT, product="RUN-42")
    steps = (OfferStep(one.id, T0, 1, OfferState.HELD_OUT),)
    await ledger.commit(Commit(offers=(one,), steps=steps))
    book.record_step([one], steps)
    for _ in range(2):
        await book.start()
    await book.record_order(order("se_1", T0 + 1))
    tally = book.view.tally_of("", "RUN-42", "DE")
    assert (tally.tried, tally.bought) == (1, 1)
    assert (await ledger.outcomes())[0].bought == 1
