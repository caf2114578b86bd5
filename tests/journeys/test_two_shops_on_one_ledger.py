"""Two processes on one ledger: nothing is promised on facts, sessions or stock that are not current.

`TACTFUL_TRIES` sets how many promises, acceptances and redemptions the longest test tries; a
release tries 100,000. Processes with different values of `TACTFUL_TRIES_SEED` can share the tries:

    for seed in 1 2; do TACTFUL_TRIES=50000 TACTFUL_TRIES_SEED=$seed nice -n 10 \
        .venv/bin/python -m pytest -q --basetemp=/dev/shm/tries-$seed \
        tests/journeys/test_two_shops_on_one_ledger.py -k acknowledged_before & done; wait
"""

import asyncio
import os
import random  # noqa: TID251 - seeded
from collections import Counter
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from msgspec.structs import replace

from journeys.fixture import order, price, stock
from support.bare_shop import NOON
from support.ledger_audit import audit_file, files_with
from support.reachable_text import paths_to_text
from support.shared_ledger import (
    RULES,
    Browsing,
    LedgerWithoutChecks,
    connect,
    item_facts,
    report,
    shop_on,
    two_shops,
)
from tactful.core.facts import fact_codec
from tactful.core.facts.fact_codec import FactRejection
from tactful.core.offers.discount_codes import FreeCode
from tactful.core.offers.offer import OfferState
from tactful.core.session.signals import ItemViewed, OfferAccepted, TimerFired
from tactful.runtime.ports.rulebook_store import OffersStop
from tactful.runtime.security.identity import VerifiedIdentity
from tactful.runtime.services.ingest import fact_row
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import LiveSession

TRIES = int(os.environ.get("TACTFUL_TRIES", "240"))
SEED = os.environ.get("TACTFUL_TRIES_SEED", "0")
SKUS = [f"S{number}" for number in range(8)]
PROMISES = 8
"""Sessions that try for each item at once, beside one that accepts and one that redeems."""
PLENTY = 1_000_000
RECALLED = 0.3
"""The share of the rounds in which the item is recalled instead of sold out."""
T = TypeVar("T")
PER_ROUND = (PROMISES + 2) * len(SKUS)


async def warm(shop: Shop, *skus: str) -> None:
    """Have the items in memory, so that nothing is read again."""
    await shop.state.changes.catch_up()
    await shop.state.fact_cache.load(skus, [])


def recall(sku: str, status: str, version: int) -> dict[str, Any]:
    """A recall of one item."""
    return {"type": "recall", "recall": sku, "skus": [sku], "status": status, "version": version}


async def after_a_while(draw: random.Random, work: Awaitable[T]) -> T:
    """Await something after some other work of the event loop."""
    for _ in range(draw.randrange(6)):
        await asyncio.sleep(0)
    return await work


class Tries:
    """Promises, acceptances and redemptions that began after a fact was acknowledged elsewhere."""

    def __init__(self, told: Shop, asked: Shop) -> None:
        self.told = told
        self.asked = asked
        self.browsing = Browsing(asked)
        self.made: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()

    async def round(self, sku: str, number: int) -> None:
        """Sell an item, have it sold out or recalled at the other shop, and try to sell it again."""
        draw = random.Random(f"{SEED} {sku} {number}")
        is_recalled = draw.random() < RECALLED
        back = [stock(sku, "DE", PLENTY, version=2 * number), recall(sku, "lifted", 2 * number)]
        await report(self.told, *back)
        await warm(self.asked, sku)
        pushed = self.browsing.session(sku)
        accepted = self.browsing.session(sku)
        await asyncio.gather(self.browsing.check(pushed), self.browsing.check(accepted))
        (offer,), (kept,) = pushed.state.offers, accepted.state.offers
        assert await self.browsing.accept(accepted, kept)
        (kept,) = accepted.state.offers
        sold_out = stock(sku, "DE", 0, version=2 * number + 1)
        recalled = recall(sku, "active", 2 * number + 1)
        await report(self.told, recalled if is_recalled else sold_out)
        # All of them begin now, after the acknowledgement, with the older facts in memory.
        asked = self.browsing
        confirmed, status, offered = await asyncio.gather(
            after_a_while(draw, asked.accept(pushed, offer)),
            after_a_while(draw, asked.redeem(kept, f"order-{sku}-{number}")),
            asyncio.gather(*(after_a_while(draw, asked.was_offered(sku)) for _ in range(PROMISES))),
        )
        self.note("acceptance", wrong=confirmed)
        self.note("redemption", wrong=status == 200)
        for made in offered:
            self.note("promise", wrong=made)
        asked.leave(sku)

    def note(self, kind: str, *, wrong: bool) -> None:
        """Count a try."""
        self.made[kind] += 1
        self.wrong[kind] += wrong

    async def run(self, tries: int) -> None:
        """Try until there were that many."""
        await report(self.told, *[fact for sku in SKUS for fact in item_facts(sku)])
        for number in range(1, tries // PER_ROUND + 1):
            await asyncio.gather(*(self.round(sku, number) for sku in SKUS))


async def test_nothing_is_promised_on_a_fact_that_another_process_acknowledged_before(
    tmp_path: Path,
) -> None:
    async with two_shops(tmp_path) as (told, asked):
        tries = Tries(told, asked)
        await tries.run(TRIES)
        assert tries.made.total() >= TRIES - PER_ROUND
        assert tries.wrong.total() == 0, tries.wrong
        assert await asked.reconcile() == []
        refused = asked.state.telemetry.exposition().decode()
        assert 'tactful_commits_refused_total{reason="facts.newer"}' in refused
    assert audit_file(tmp_path / "tactful.db") == []


async def test_without_read_sets_the_same_tries_promise_what_is_sold_out(tmp_path: Path) -> None:
    async with two_shops(tmp_path, LedgerWithoutChecks) as (told, asked):
        tries = Tries(told, asked)
        await tries.run(10 * PER_ROUND)
        assert tries.wrong["promise"] > 0
        assert tries.wrong["acceptance"] > 0
        assert tries.wrong["redemption"] > 0


async def test_a_price_that_another_process_lowered_is_not_undercut_wrongly(
    tmp_path: Path,
) -> None:
    async with two_shops(tmp_path) as (told, asked):
        await report(told, *item_facts("S0"))
        await warm(asked, "S0")
        await report(told, price("S0", "DE", 11900, 9900, version=900))
        offer = await Browsing(asked).offered("S0")
        assert offer is not None
        assert offer.unit == 11900 * 85 // 100


async def test_an_acceptance_is_checked_against_a_fact_that_is_still_being_propagated(
    tmp_path: Path,
) -> None:
    async with two_shops(tmp_path) as (shop, _):
        await report(shop, *item_facts("S0"))
        browsing = Browsing(shop)
        live = browsing.session("S0")
        await browsing.check(live)
        (offer,) = live.state.offers
        # Memory knows the fact as soon as the write returns; the session learns of it later.
        sold_out = fact_codec.decode(msgspec.json.encode(stock("S0", "DE", 0, version=9)))
        assert not isinstance(sold_out, FactRejection)
        await shop.ledger.record_facts([fact_row(sold_out, NOON)])
        assert not await browsing.accept(live, offer)


async def test_stock_is_never_promised_twice_by_two_processes(tmp_path: Path) -> None:
    async with two_shops(tmp_path) as shops:
        await report(shops[0], *item_facts("S0", available=3))
        for shop in shops:
            await warm(shop, "S0")
        sides = [Browsing(shop) for shop in shops]
        live = [(side, side.session("S0")) for side in sides for _ in range(6)]
        await asyncio.gather(*(side.check(one) for side, one in live))
        standing = await shops[0].ledger.standing_offers()
        assert sum(offer.max_qty for offer in standing) == 3
        assert await shops[1].reconcile() == []


async def test_a_discount_code_is_never_given_twice_by_two_processes(tmp_path: Path) -> None:
    async with two_shops(tmp_path) as shops:
        await report(shops[0], *item_facts("S0", available=PLENTY))
        rules = RULES.replace("expires: 15m", "expires: 15m\n      codes: spring")
        (tmp_path / "rules" / "rules.yaml").write_text(rules, "utf-8")
        await shops[0].rulebooks.reload()
        await shops[0].codes.add("spring", [FreeCode(f"C{number}") for number in range(7)])
        for shop in shops:
            await warm(shop, "S0")
            await shop.settled()
            assert shop.state.codes.count("spring") == 7
        sides = [Browsing(shop) for shop in shops]
        live = [(side, side.session("S0")) for side in sides for _ in range(6)]
        await asyncio.gather(*(side.check(one) for side, one in live))
        standing = await shops[0].ledger.standing_offers()
        assert sorted(str(one.code) for one in standing) == [f"C{number}" for number in range(7)]
        assert await shops[1].reconcile() == []


async def push_to_both(shops: tuple[Shop, Shop], each: int) -> list[Browsing]:
    """Have sessions of both shops hold offers on one item."""
    for shop in shops:
        await warm(shop, "S0")
    sides = [Browsing(shop) for shop in shops]
    for _ in range(each):
        for side in sides:
            assert await side.was_offered("S0")
    return sides


@pytest.mark.parametrize("left", range(7))
async def test_stock_that_falls_below_what_two_processes_promise_ends_the_youngest_offers(
    tmp_path: Path, left: int
) -> None:
    async with two_shops(tmp_path) as shops:
        await report(shops[0], *item_facts("S0", available=6))
        await push_to_both(shops, 3)
        before = await shops[0].ledger.standing_offers()
        assert len(before) == 6
        await report(shops[0], stock("S0", "DE", left, version=900))
        await shops[1].state.changes.catch_up()
        for shop in shops:
            await shop.settled()
            await shop.ledger.flush()
        # Offers of one instant are in order of their ids, on both sides.
        standing = await shops[0].ledger.standing_offers()
        assert standing == before[:left]
        assert await shops[1].reconcile() == []


@pytest.mark.parametrize("seed", range(3))
async def test_no_more_than_the_stock_stands_whoever_reports_it_and_whoever_promises(
    tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    async with two_shops(tmp_path) as shops:
        await report(shops[0], *item_facts("S0", available=4))
        sides = [Browsing(shop) for shop in shops]
        for number in range(15):
            available = draw.randrange(9)
            await report(draw.choice(shops), stock("S0", "DE", available, version=900 + number))
            for shop in shops:
                await warm(shop, "S0")
                await shop.settled()
                await shop.ledger.flush()
            standing = await shops[0].ledger.standing_offers()
            assert sum(offer.max_qty for offer in standing) <= available
            live = [(side, side.session("S0")) for side in sides for _ in range(draw.randrange(4))]
            await asyncio.gather(*(side.check(one) for side, one in live))
            standing = await shops[0].ledger.standing_offers()
            assert sum(offer.max_qty for offer in standing) <= available
            assert await shops[1].reconcile() == []
    assert audit_file(tmp_path / "tactful.db") == []


async def test_a_session_that_moves_takes_its_promised_units_along(tmp_path: Path) -> None:
    async with two_shops(tmp_path) as (first, second):
        await report(first, *item_facts("S0"))
        await second.state.changes.catch_up()
        connection, _ = await connect(first)
        live = connection.live
        assert live is not None
        await engage(first, live, "S0")
        assert first.state.stock_commitments.totals == {("S0", "DE"): 1}
        await first.ledger.flush()
        await connect(second, live.resume_secret)
        await first.state.changes.catch_up()
        assert first.state.stock_commitments.totals == {}
        assert second.state.stock_commitments.totals == {("S0", "DE"): 1}


async def test_the_cap_of_a_customer_counts_the_pushes_of_both_processes(tmp_path: Path) -> None:
    async with two_shops(tmp_path) as shops:
        await report(shops[0], *[fact for sku in SKUS for fact in item_facts(sku, 100)])
        for shop in shops:
            await warm(shop, *SKUS)
            await shop.state.fact_cache.load([], ["c1"])
        sides = [Browsing(shop) for shop in shops]
        live = [
            (side, side.session(sku, customer="c1"))
            for side, skus in zip(sides, (SKUS[:4], SKUS[4:]), strict=True)
            for sku in skus
        ]
        for side, one in live:
            one.state = replace(one.state, consent="personal")
            side.shop.state.registry.index_interests(one)
        await asyncio.gather(*(side.check(one) for side, one in live))
        assert len(await shops[0].ledger.standing_offers()) == 4


async def test_a_rule_that_was_paused_elsewhere_makes_no_offer(tmp_path: Path) -> None:
    async with two_shops(tmp_path) as (told, asked):
        await report(told, *item_facts("S0"))
        await warm(asked, "S0")
        assert await told.rulebooks.pause("R1", paused=True)
        assert await Browsing(asked).offered("S0") is None
        assert asked.state.active_rulebook.current.paused == {"R1"}


async def test_a_stop_elsewhere_withdraws_what_stands_here_and_lets_nothing_be_promised(
    tmp_path: Path,
) -> None:
    async with two_shops(tmp_path) as (told, asked):
        await report(told, *item_facts("S0"), *item_facts("S1"))
        await warm(asked, "S0", "S1")
        here = Browsing(asked)
        offer = await here.offered("S0")
        assert offer is not None
        assert await told.rulebooks.stop_offers(OffersStop(NOON, "Ada", "a wrong price"))
        assert await Browsing(asked).offered("S1") is None
        assert asked.state.active_rulebook.stop is not None
        await asked.settled()
        await asked.ledger.flush()
        ended = await asked.ledger.offer(offer.id)
        assert ended is not None
        assert ended.state is OfferState.WITHDRAWN
        assert await told.rulebooks.start_offers()
        await asked.state.changes.catch_up()
        assert await Browsing(asked).offered("S1") is not None


async def test_rules_that_were_activated_elsewhere_make_the_next_offer(tmp_path: Path) -> None:
    async with two_shops(tmp_path) as (told, asked):
        await report(told, *item_facts("S0"))
        await warm(asked, "S0")
        rules = tmp_path / "rules" / "rules.yaml"
        rules.write_text(RULES.replace("15%", "20%"), "utf-8")
        assert (await told.rulebooks.reload()).outcome == "active"
        offer = await Browsing(asked).offered("S0")
        assert offer is not None
        assert offer.unit == 12900 * 80 // 100
        version = told.state.active_rulebook.current.version
        assert asked.state.active_rulebook.current.version == version


async def test_a_redemption_elsewhere_reaches_the_session_and_the_balances(tmp_path: Path) -> None:
    async with two_shops(tmp_path) as (sold, redeemed):
        await report(sold, *item_facts("S0"))
        await warm(redeemed, "S0")
        browsing = Browsing(sold)
        live = browsing.session("S0")
        await browsing.check(live)
        (offer,) = live.state.offers
        assert await browsing.accept(live, offer)
        (kept,) = live.state.offers
        assert await Browsing(redeemed).redeem(kept, "o1") == 200
        await sold.state.changes.catch_up()
        await sold.settled()
        assert live.state.offers == ()
        assert sold.state.stock_commitments.totals == {}
        assert sold.state.balances.rows() == await sold.ledger.balances()


async def engage(shop: Shop, live: LiveSession, sku: str) -> None:
    """Let a connected session look at an item for a minute, then check its rules."""
    live.state = replace(
        live.state, focus=sku, running_since=NOON - 60_000, last_input=NOON - 10_000
    )
    shop.turns.submit(live, TimerFired())
    await shop.settled()


async def test_a_session_moves_to_the_process_at_which_it_is_resumed(tmp_path: Path) -> None:
    async with two_shops(tmp_path) as (first, second):
        await report(first, *item_facts("S0"))
        await second.state.changes.catch_up()
        connection, before = await connect(first)
        live = connection.live
        assert live is not None
        await engage(first, live, "S0")
        (offer,) = live.state.offers
        there, after = await connect(second, live.resume_secret)
        assert [one.id for one in after.snapshots[-1].offers] == [offer.id]
        assert there.live is not None
        assert there.live.epoch == live.epoch + 1
        # The old owner may decide, and may not promise.
        first.turns.submit(live, OfferAccepted(offer.id, 1))
        await first.settled()
        assert before.moved
        assert live.state.id not in first.state.registry.by_id
        second.turns.submit(there.live, OfferAccepted(offer.id, 1))
        await second.settled()
        stored = await first.ledger.offer(offer.id)
        assert stored is not None
        assert stored.state is OfferState.ACCEPTED


async def test_the_old_process_lets_go_as_soon_as_it_hears_of_the_claim(tmp_path: Path) -> None:
    async with two_shops(tmp_path) as (first, second):
        connection, recorder = await connect(first)
        assert connection.live is not None
        await first.ledger.flush()
        await connect(second, connection.live.resume_secret)
        await first.state.changes.catch_up()
        assert recorder.moved
        assert first.state.registry.by_id == {}


async def test_a_process_that_starts_owns_the_sessions_that_it_restores(tmp_path: Path) -> None:
    async with two_shops(tmp_path) as (former, _):
        await report(former, *item_facts("S0"))
        connection, recorder = await connect(former)
        live = connection.live
        assert live is not None
        await engage(former, live, "S0")
        (offer,) = live.state.offers
        await former.ledger.flush()
        async with shop_on(tmp_path, 2) as started:
            await started.settled()
            restored = started.state.registry.by_id[live.state.id]
            assert restored.epoch == live.epoch + 1
            # The former owner has not heard of the claim, and may still decide.
            former.turns.submit(live, OfferAccepted(offer.id, 1))
            await former.settled()
            assert recorder.moved
            refused = former.state.telemetry.exposition().decode()
            assert 'tactful_commits_refused_total{reason="session.moved"} 1' in refused
            started.turns.submit(restored, OfferAccepted(offer.id, 1))
            await started.settled()
            stored = await former.ledger.offer(offer.id)
            assert stored is not None
            assert stored.state is OfferState.ACCEPTED
            assert await started.reconcile() == []


async def test_a_session_that_moves_back_and_forth_keeps_its_offer_its_caps_and_its_acceptance(
    tmp_path: Path,
) -> None:
    async with two_shops(tmp_path) as shops:
        await report(shops[0], *[fact for sku in SKUS for fact in item_facts(sku, 100)])
        secret, session = None, ""
        for move in range(12):
            shop = shops[move % 2]
            await shop.state.changes.catch_up()
            await shop.settled()
            connection, _ = await connect(shop, secret)
            live = connection.live
            assert live is not None
            secret, session = live.resume_secret, live.state.id
            await engage(shop, live, SKUS[move % len(SKUS)])
            if move == 5:
                (visible,) = [one for one in live.state.offers if one.advertised]
                shop.turns.submit(live, OfferAccepted(visible.id, 1))
                await shop.settled()
            await shop.ledger.flush()
            standing = await shop.ledger.standing_offers()
            assert len([one for one in standing if one.advertised]) <= 1
            assert len({one.session for one in standing}) <= 1
        steps = await shops[0].ledger.offer_steps(session=session)
        assert sum(row.step.to is OfferState.PUSHED for row in steps) <= 2
        accepted = [row for row in steps if row.step.to is OfferState.ACCEPTED]
        assert len(accepted) == 1
        assert accepted[0].offer in await shops[1].ledger.standing_offers()
        assert await shops[0].reconcile() == []


async def test_what_a_shopper_did_last_is_there_when_the_next_process_resumes_the_session(
    tmp_path: Path,
) -> None:
    async with two_shops(tmp_path) as (first, second):
        await report(first, *item_facts("S0"))
        await warm(first, "S0")
        connection, _ = await connect(first)
        assert connection.live is not None
        first.lifecycle.submit(connection, ItemViewed("S0"))
        first.lifecycle.disconnect(connection)
        await first.settled()
        there, _ = await connect(second, connection.live.resume_secret)
        assert there.live is not None
        assert [one.sku for one in there.live.state.viewed_items] == ["S0"]


async def test_an_erasure_elsewhere_leaves_no_text_in_memory_that_names_the_customer(
    tmp_path: Path,
) -> None:
    async with two_shops(tmp_path) as (erasing, other):
        bought = order("canary-order", "canary-customer", "S0")
        await report(erasing, *item_facts("S0"), bought)
        await warm(other, "S0")
        connection, recorder = await connect(other, identity=VerifiedIdentity("canary-customer"))
        live = connection.live
        assert live is not None
        await engage(other, live, "S0")
        (offer,) = live.state.offers
        other.turns.submit(live, OfferAccepted(offer.id, 1))
        await other.settled()
        await other.ledger.flush()
        await erasing.forget("canary-customer")
        await other.state.changes.catch_up()
        await other.settled()
        await other.ledger.flush()
        recorder.effects.clear()
        # A promise that must be checked brings the ledger's own index of changes up to date.
        await report(erasing, stock("S0", "DE", 4, version=900))
        assert await Browsing(other).was_offered("S0")
        assert paths_to_text(other, "canary-") == []
        kept = await erasing.ledger.offer(offer.id)
        assert kept is not None
        assert kept.state is OfferState.ACCEPTED
        assert other.state.promises.customers() == {kept.customer}
        assert other.state.erased_customers.is_erased("canary-customer")
        again, _ = await connect(other, identity=VerifiedIdentity("canary-customer"))
        assert again.live is not None
        assert again.live.customer is None
        assert await erasing.reconcile() == []


async def test_a_session_that_parks_a_promise_of_an_erased_customer_does_not_bring_the_id_back(
    tmp_path: Path,
) -> None:
    async with two_shops(tmp_path) as (erasing, other):
        await report(erasing, *item_facts("S0"), *item_facts("S1"))
        await warm(other, "S0", "S1")
        connection, _ = await connect(other, identity=VerifiedIdentity("canary-customer"))
        live = connection.live
        assert live is not None
        await engage(other, live, "S0")
        (offer,) = live.state.offers
        other.turns.submit(live, OfferAccepted(offer.id, 1))
        await other.settled()
        other.lifecycle.logout(connection)
        await other.settled()
        assert [one.customer for one in live.state.parked] == ["canary-customer"]
        await other.ledger.flush()
        await erasing.forget("canary-customer")
        # The other process has not heard of it, and writes the session with what it parks.
        other.lifecycle.submit(connection, ItemViewed("S1"))
        other.lifecycle.disconnect(connection)
        await other.settled()
        await other.ledger.flush()
        assert files_with(tmp_path, "canary-customer") == []


async def test_an_id_that_begins_anew_elsewhere_begins_anew_in_every_process(
    tmp_path: Path,
) -> None:
    async with two_shops(tmp_path) as shops:
        await report(shops[0], *item_facts("S0"), order("o1", "c1", "S0"), order("o2", "c2", "S0"))
        for customer in ("c1", "c2"):
            await shops[0].forget(customer)
        await shops[1].state.changes.catch_up()
        assert all(shop.state.erased_customers.is_erased("c1") for shop in shops)
        # One by an identity that was signed later, the other by a later order.
        identity = VerifiedIdentity("c1", signed_at=NOON + 1)
        connection, _ = await connect(shops[0], identity=identity)
        assert connection.live is not None
        assert connection.live.customer == "c1"
        placed = {**order("o3", "c2", "S0"), "placed_at": "2026-03-10T12:00:01Z"}
        await report(shops[0], {**placed, "status": "placed", "delivered_at": None})
        await shops[1].state.changes.catch_up()
        for shop in shops:
            assert not shop.state.erased_customers.is_erased("c1")
            assert not shop.state.erased_customers.is_erased("c2")


async def test_two_processes_that_erase_a_customer_use_the_same_alias(tmp_path: Path) -> None:
    async with two_shops(tmp_path) as (first, second):
        await report(first, *item_facts("S0"), order("o1", "c1", "S0"))
        await first.forget("c1")
        await second.forget("c1")
        one, other = (shop.state.erased_customers.tombstone("c1") for shop in (first, second))
        assert one is not None
        assert other is not None
        assert one.alias == other.alias
