"""The price ledger, the offers and `why` agree, over random histories of an item."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise, zip_longest
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.builders import T0, but, context, cost, price, product, rule, session, stock
from tactful.core.compliance.prior_price import WINDOW
from tactful.core.context import Context
from tactful.core.decide import decide
from tactful.core.decision import PushOffer
from tactful.core.explain import explain
from tactful.core.facts.fact_types import AnyFact
from tactful.core.facts.item import Item
from tactful.core.facts.price_history import PublicPrice
from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.core.rules.policy import Policy
from tactful.core.stages.offer_builder import CLAIM_ENDED, GENERAL
from tactful.core.values.calendar import DAY, HOUR, MINUTE
from tactful.core.values.money import percent_off
from tactful.runtime.facts.fact_cache import FactCache
from tactful.runtime.ports.ledger_rows import Commit
from tactful.runtime.services.ingest import fact_row
from tactful.runtime.state.reduction_tracker import ReductionTracker, offer_tallies
from tactful.runtime.telemetry import Telemetry
from tactful.runtime.timers import TestClock
from tactful.stores.memory.ledger import MemoryLedger

SKU: Final = "RUN-42"
RULES: Final = {
    name: rule(name, percent=percent, max_qty=1) for name, percent in (("A", 15), ("B", 20))
}
VISITS: Final = st.tuples(
    st.sampled_from([HOUR, 6 * HOUR, DAY, 5 * DAY, 20 * DAY, 29 * DAY, 31 * DAY]),
    st.sampled_from(["A", "B"]),
    st.integers(1, 12),
    st.sampled_from([None, None, None, 11900, 12900, 13900]),
    st.booleans(),
)
"""(pause before, rule, shoppers of one instant, new public price, whether the server restarts)."""


class History:
    """A shop with one item, its price ledger and its reductions."""

    def __init__(self) -> None:
        self.ledger, self.clock = MemoryLedger(), TestClock(T0)
        self.offers: list[Offer] = []
        self.restart()

    def restart(self) -> None:
        """Begin with what the ledger holds."""
        self.facts = FactCache(self.ledger)
        self.tracker = ReductionTracker(
            ledger=self.ledger, clock=self.clock, fact_cache=self.facts, telemetry=Telemetry()
        )

    @property
    def now(self) -> int:
        return self.clock.now()

    async def item(self) -> Item:
        return await self.facts.read_item(SKU)

    async def turn(self, by: str, number: int) -> Context:
        """Return the context of one shopper, who has viewed the item for a minute."""
        known = session(
            f"s{self.now}-{number}", running_since=self.now - MINUTE, last_input=self.now - MINUTE
        )
        return context(
            RULES[by], now=self.now, session=known, items=[await self.item()],
            reductions=self.tracker.view, policy=Policy(stock_minimum=0),
        )  # fmt: skip

    async def visit(self, by: str, shoppers: int) -> None:
        """Let shoppers be offered the item in the same instant."""
        for number in range(shoppers):
            self.tracker.record_first_view(session(f"v{number}"), await self.item(), self.now)
        for number in range(shoppers):
            turn = await self.turn(by, number)
            (verdict,) = explain(turn, SKU)
            decision = decide(turn)
            (offer,) = (one.offer for one in decision.effects if isinstance(one, PushOffer))
            assert verdict.outcome == "pushed"
            assert verdict.notes == offer.notes
            await self.check(offer)
            self.tracker.count_decided(decision.offers)
            step = OfferStep(offer.id, self.now, offer.seq, OfferState.PUSHED)
            await self.ledger.commit(
                Commit(offers=(offer,), steps=(step,), tallies=offer_tallies([offer]))
            )
            await self.tracker.record_pushed(decision.offers)
            self.offers.append(offer)
            if GENERAL in offer.notes:
                in_force = [one for one in await self.prices() if one.since <= self.now][-1]
                assert (in_force.amount, in_force.offered) == (offer.unit, True)
            (again,) = explain(but(turn, session=decision.session), SKU)
            assert (again.outcome, again.notes) == ("standing", offer.notes)
        self.tracker.flush()

    async def prices(self) -> Sequence[PublicPrice]:
        return (await self.item()).history["DE"]

    async def check(self, offer: Offer) -> None:
        """Check an offer's claim against the price ledger and the offers made so far."""
        reduced = [*dict.fromkeys(one.issued_at for one in self.offers), offer.issued_at]
        begun = reduced[-1]
        for earlier, later in reversed([*pairwise(reduced)]):
            if later - earlier > WINDOW:
                break
            begun = earlier
        ended = offer.issued_at - begun > Policy().max_claim
        assert (CLAIM_ENDED in offer.notes) is ended
        if ended:
            assert (offer.was, offer.percent) == (None, None)
        if offer.was is None:
            assert offer.percent is None
            return
        assert offer.percent == (percent_off(offer.was, offer.unit) or None)
        ledger = [one for one in await self.prices() if one.since < self.now]
        for entry, after in zip_longest(ledger, ledger[1:]):
            running = after is None and entry.offered and entry.amount == offer.unit
            if (after is None or after.since > self.now - WINDOW) and not running:
                assert offer.was <= entry.amount


async def _run(visits: Sequence[tuple[int, str, int, int | None, bool]]) -> History:
    shop = History()
    told: list[AnyFact] = [product(), price(since=T0 - 90 * DAY), cost(), stock(available=500)]
    await shop.ledger.record_facts([fact_row(one, T0) for one in told])
    await shop.tracker.start()
    for pause, by, shoppers, amount, restarts in visits:
        shop.clock._now += pause
        if amount is not None:
            changed = price(amount=amount, since=shop.now - HOUR, version=shop.now)
            await shop.ledger.record_facts([fact_row(changed, shop.now)])
            shop.facts.invalidate_item(SKU)
        if restarts:
            shop.restart()
            await shop.tracker.start()
        await shop.visit(by, shoppers)
    return shop


@settings(max_examples=40, deadline=None)
@given(st.lists(VISITS, min_size=1, max_size=8))
def test_the_price_ledger_the_offers_and_why_never_contradict_each_other(
    visits: list[tuple[int, str, int, int | None, bool]],
) -> None:
    asyncio.run(_run(visits))


async def test_an_offer_to_everybody_for_34_days_claims_no_reduction_in_the_end() -> None:
    shop = await _run([(23 * HOUR, "A", 11, None, False)] * 36)
    first, last = shop.offers[0], shop.offers[-1]
    assert (first.was, first.percent) == (12900, 15)
    assert (last.unit, last.was, last.percent) == (10965, None, None)
    assert set(last.notes) == {GENERAL, CLAIM_ENDED}
    amounts = {one.amount for one in await shop.prices() if T0 + DAY < one.since < shop.now}
    assert amounts <= {10965}


@pytest.mark.parametrize("restarts", [False, True])
async def test_two_rules_in_turn_are_no_pause_at_the_regular_price(restarts: bool) -> None:
    """Each rule pauses for more than 30 days, and the item never does."""
    shop = await _run([(20 * DAY, by, 1, None, restarts) for by in "ABABAB"])
    claims = [offer.was for offer in shop.offers]
    assert claims == [12900, 12900, None, None, None, None]


async def test_a_general_offer_that_has_ended_is_the_prior_price_of_the_next() -> None:
    shop = await _run([(DAY, "A", 11, None, False), (5 * DAY, "A", 1, None, False)])
    assert [shop.offers[0].was, shop.offers[-1].was] == [12900, None]
    deeper = await _run([(DAY, "A", 11, None, False), (5 * DAY, "B", 1, None, False)])
    assert (deeper.offers[-1].unit, deeper.offers[-1].was) == (10320, 10965)


async def test_after_a_pause_of_30_days_a_reduction_claims_the_regular_price_again() -> None:
    shop = await _run([(DAY, "A", 11, None, False)] * 34 + [(32 * DAY, "A", 1, None, False)])
    assert (shop.offers[-1].was, shop.offers[-1].notes) == (12900, ())
