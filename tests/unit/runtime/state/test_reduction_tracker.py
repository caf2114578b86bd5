"""Viewers and offers of a product, counted by the hour, and the reductions that became general."""

import asyncio
from collections.abc import Sequence

from support import ledger_rows
from support.builders import T0, item, session
from tactful.core.compliance.prior_price import WINDOW
from tactful.core.compliance.reduction_history import VIEWERS
from tactful.core.facts.fact_versions import FactOutcome
from tactful.core.offers.offer import OfferState, OfferStep
from tactful.core.session.session import ViewedItem
from tactful.core.stages.offer_builder import GENERAL
from tactful.core.values.calendar import DAY, HOUR
from tactful.runtime.facts.fact_cache import FactCache
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Commit, FactRow
from tactful.runtime.state.reduction_tracker import ReductionTracker, offer_tallies
from tactful.runtime.telemetry import Telemetry
from tactful.runtime.timers import TestClock
from tactful.stores.memory.ledger import MemoryLedger

ONE, BOTH = ("RUN-42",), ("RUN-42", "RUN-43")
WHERE = item().product_id, "DE"


def opened(at: int = T0) -> ReductionTracker:
    ledger = MemoryLedger()
    return ReductionTracker(
        ledger=ledger, clock=TestClock(at), fact_cache=FactCache(ledger), telemetry=Telemetry()
    )


def viewers(tracker: ReductionTracker) -> int:
    return tracker.view.counts.get(WHERE, {}).get(VIEWERS, 0)


def views(*skus: str) -> tuple[ViewedItem, ...]:
    return tuple(ViewedItem(sku, 1, T0, T0) for sku in skus)


async def test_a_shopper_counts_at_the_first_view_and_not_again() -> None:
    tracker = opened()
    tracker.record_view(session(), item(variants=ONE), T0)
    tracker.record_view(session(viewed_items=views("RUN-42")), item(variants=ONE), T0)
    assert viewers(tracker) == 1
    tracker.record_view(session("s2", viewed_items=views("BOOT-42")), item(variants=ONE), T0)
    assert viewers(tracker) == 2


async def test_another_variant_of_a_viewed_product_does_not_count() -> None:
    tracker = opened()
    tracker.record_first_view(
        session(viewed_items=views("BOOT-42", "RUN-43")), item(variants=BOTH), T0
    )
    assert viewers(tracker) == 0
    tracker.record_first_view(session(viewed_items=views("BOOT-42")), item(variants=BOTH), T0)
    assert viewers(tracker) == 1


async def test_a_shopper_without_a_territory_is_not_counted() -> None:
    tracker = opened()
    tracker.record_view(session(territory=None), item(variants=ONE), T0)
    assert tracker.view.counts == {}


async def test_a_view_counts_for_a_day() -> None:
    tracker = opened()
    for at in (T0, T0 + HOUR, T0 + DAY):
        tracker.record_first_view(session(), item(variants=ONE), at)
    assert viewers(tracker) == 3
    late = opened(T0 + DAY)
    for at in (T0, T0 + HOUR, T0 + DAY):
        late.record_first_view(session(), item(variants=ONE), at)
    assert viewers(late) == 2


class Full(MemoryLedger):
    """A ledger that records no facts while it is full."""

    full = True

    async def record_facts(
        self,
        rows: Sequence[FactRow],
        *,
        can_wait: bool = False,  # noqa: ARG002
    ) -> list[FactOutcome]:
        """Refuse them, or record them."""
        if self.full:
            raise LedgerError("no room")
        return await super().record_facts(rows)


async def test_an_offer_is_counted_though_its_public_price_could_not_be_recorded() -> None:
    ledger, telemetry = Full(), Telemetry()
    tracker = ReductionTracker(
        ledger=ledger, clock=TestClock(T0), fact_cache=FactCache(ledger), telemetry=telemetry
    )
    general = ledger_rows.offer(notes=(GENERAL,))
    expired = ledger_rows.offer("of_2", state=OfferState.EXPIRED)
    await tracker.record_pushed([general, expired])
    assert tracker.view.first_applied_at("r1", "RUN-42", "DE", T0 + 1) == T0
    assert b"general_offers_total 1.0" in telemetry.exposition()
    assert tracker._general == {}
    ledger.full = False
    await tracker.record_pushed([general])
    assert [*tracker._general] == [("RUN-42", "DE", "r1", 10965)]


class Counting(MemoryLedger):
    """A ledger whose writes of facts take a turn of the event loop, and are counted."""

    writes = 0

    async def record_facts(
        self,
        rows: Sequence[FactRow],
        *,
        can_wait: bool = False,  # noqa: ARG002
    ) -> list[FactOutcome]:
        """Record them after other tasks have run."""
        self.writes += 1
        await asyncio.sleep(0)
        return await super().record_facts(rows)


async def test_offers_made_while_a_public_price_is_written_write_none_of_their_own() -> None:
    ledger = Counting()
    tracker = ReductionTracker(
        ledger=ledger, clock=TestClock(T0), fact_cache=FactCache(ledger), telemetry=Telemetry()
    )
    offers = [ledger_rows.offer(f"of_{at}", issued_at=T0 + at, notes=(GENERAL,)) for at in range(5)]
    await asyncio.gather(*[tracker.record_pushed([one]) for one in offers])
    assert ledger.writes == 1
    assert [price.since for price in tracker._general.values()] == [T0]


async def test_a_public_price_that_could_not_be_extended_is_extended_by_the_next_offer() -> None:
    ledger = Full()
    tracker = ReductionTracker(
        ledger=ledger, clock=TestClock(T0), fact_cache=FactCache(ledger), telemetry=Telemetry()
    )
    for at, full in ((T0, False), (T0 + HOUR, True), (T0 + HOUR + 1, False)):
        ledger.full = full
        await tracker.record_pushed([ledger_rows.offer(issued_at=at, notes=(GENERAL,))])
        (known,) = tracker._general.values()
        assert (known.since, known.until) == (T0, (T0 if full else at) + DAY)


async def test_a_public_price_is_extended_once_an_hour() -> None:
    ledger = MemoryLedger()
    tracker = ReductionTracker(
        ledger=ledger, clock=TestClock(T0), fact_cache=FactCache(ledger), telemetry=Telemetry()
    )
    for at in (T0, T0 + HOUR - 1, T0 + HOUR):
        await tracker.record_pushed([ledger_rows.offer(notes=(GENERAL,), issued_at=at)])
    (price,) = tracker._general.values()
    assert (price.since, price.until) == (T0, T0 + HOUR + DAY)


async def test_a_reduction_goes_on_over_a_restart_until_it_was_not_offered_for_a_window() -> None:
    ledger, clock = MemoryLedger(), TestClock(T0 + DAY)
    pushed = ledger_rows.offer(issued_at=T0)
    await ledger.commit(
        Commit(offers=(pushed,), steps=(OfferStep(pushed.id, T0, 1, OfferState.PUSHED),))
    )
    tracker = ReductionTracker(
        ledger=ledger, clock=clock, fact_cache=FactCache(ledger), telemetry=Telemetry()
    )
    await tracker.start()
    now = T0 + WINDOW
    assert tracker.view.first_applied_at("r1", "RUN-42", "DE", now) == T0
    clock._now = now + 1
    tracker.forget_old()
    assert tracker.view.first_applied_at("r1", "RUN-42", "DE", now) == now


async def test_a_territory_without_a_price_is_not_counted() -> None:
    tracker = opened()
    for number in range(100):
        known = session(territory=f"DE-{number:03}")
        tracker.record_view(known, item(variants=ONE), T0)
    assert tracker.view.counts == {}


async def test_counts_go_on_over_a_restart_and_are_pruned_when_they_do_not_count() -> None:
    ledger, clock = MemoryLedger(), TestClock(T0)

    def begin() -> ReductionTracker:
        return ReductionTracker(
            ledger=ledger, clock=clock, fact_cache=FactCache(ledger), telemetry=Telemetry()
        )

    tracker = begin()
    pushed = ledger_rows.offer(product=WHERE[0], issued_at=T0)
    tracker.record_view(session(), item(variants=ONE), T0)
    tracker.count_decided([pushed])
    await ledger.commit(Commit(offers=(pushed,), tallies=offer_tallies([pushed])))
    tracker.flush()
    again = begin()
    await again.start()
    assert again.view.counts == tracker.view.counts == {WHERE: {VIEWERS: 1, "r1": 1}}
    await again.prune()
    assert len(await ledger.tally_sums(0)) == 2
    clock._now = T0 + DAY + HOUR
    await again.prune()
    assert await ledger.tally_sums(0) == []


async def test_a_decision_that_is_refused_leaves_no_count() -> None:
    tracker = opened()
    pushed = ledger_rows.offer(product=WHERE[0], issued_at=T0)
    for times in (1, -1):
        tracker.record_view(session(), item(variants=ONE), T0, times)
        tracker.count_decided([pushed], times)
    assert {*tracker.view.counts[WHERE].values()} == {0}
    tracker.flush()
