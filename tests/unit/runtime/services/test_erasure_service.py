"""An erasure reaches every place in memory, and nothing brings the customer back by accident."""

import asyncio
from pathlib import Path

import msgspec

from journeys.fixture import CATALOGUE, case, order, rules
from support.bare_shop import Recorder, bare_shop, recorded_connection
from support.live_server import live_server
from support.reachable_text import paths_to_text
from tactful.core.decision import PushOffer
from tactful.core.offers.offer import OfferState
from tactful.core.session.signals import ItemViewed, OfferAccepted, PageViewed
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.security.identity import VerifiedIdentity
from tactful.runtime.sessions.lifecycle import SessionGreeting
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import SessionConnection
from tactful.stores.memory.ledger import MemoryLedger

CUSTOMER = "canary-customer"


async def opened(folder: Path, ledger: MemoryLedger | None = None) -> Shop:
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "rules.yaml").write_text(rules(), "utf-8")
    shop = bare_shop(folder, ledger or MemoryLedger(), rules=folder / "rules")
    await shop.start()
    facts = [*CATALOGUE, order("canary-order", CUSTOMER, "SOCK-3")]
    await shop.ingest.ingest([msgspec.json.encode(fact) for fact in facts])
    return shop


async def with_promise(shop: Shop) -> tuple[SessionConnection, Recorder]:
    """A session of the customer with an accepted offer."""
    connection, recorder = recorded_connection()
    greeting = SessionGreeting("personal", territory="DE", identity=VerifiedIdentity(CUSTOMER))
    shop.lifecycle.open(connection, greeting)
    shop.lifecycle.submit(connection, ItemViewed("RUN-42"))
    await shop.move_clock(shop.clock.now() + 30_000)
    (pushed,) = [effect for effect in recorder.effects if isinstance(effect, PushOffer)]
    shop.lifecycle.submit(connection, OfferAccepted(pushed.offer.id))
    await shop.settled()
    return connection, recorder


def promises(shop: Shop) -> list[tuple[str | None, OfferState]]:
    return [
        (offer.customer, offer.state)
        for promised in shop.state.promises._promises.values()
        for offer in promised.values()
    ]


async def test_no_text_in_memory_names_an_erased_customer_or_their_orders(tmp_path: Path) -> None:
    """The whole memory of a server is walked: sessions, caches, timers, buffers and connections."""
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, order("canary-order", CUSTOMER, "SOCK-3"))
        await one.facts({**case("k1", "c2", "question"), "purchaser": CUSTOMER})
        beside = await one.known("c2")
        await beside.view("RUN-43", 1)
        shopper = await one.known(CUSTOMER)
        await shopper.view("RUN-42", 30)
        await shopper.accept((await shopper.offered())["id"])
        bought = {**order("canary-order-2", CUSTOMER, "SOCK-3"), "session": shopper.session}
        await one.facts(bought)
        await one.parts.shop.settled()
        assert paths_to_text(one.parts, "canary")
        await one.parts.shop.forget(CUSTOMER)
        assert paths_to_text(one.parts, "canary") == []
        await shopper.view("RUN-43", 5)
        assert paths_to_text(one.parts, "canary") == []


async def test_an_accepted_offer_stands_under_the_alias_and_nothing_is_left_to_be_bought_for_two(
    tmp_path: Path,
) -> None:
    shop = await opened(tmp_path)
    connection, _ = await with_promise(shop)
    assert await shop.forget(CUSTOMER) > 0
    ((alias, state),) = promises(shop)
    assert state is OfferState.ACCEPTED
    assert alias != CUSTOMER
    assert connection.live is not None
    assert connection.live.state.shopper == alias
    (stored,) = await shop.ledger.standing_offers()
    assert (stored.customer, stored.session) == (alias, connection.live.state.id)
    assert shop.state.stock_commitments.totals == {("RUN-42", "DE"): 1}
    assert await shop.reconcile() == []
    await shop.stop()


async def test_a_restart_brings_the_session_and_its_promise_back_without_the_customer(
    tmp_path: Path,
) -> None:
    ledger = MemoryLedger()
    shop = await opened(tmp_path, ledger)
    await with_promise(shop)
    await shop.forget(CUSTOMER)
    before = promises(shop)
    await shop.stop()
    again = await opened(tmp_path, ledger)
    assert promises(again) == before
    assert again.state.erased_customers.is_erased(CUSTOMER)
    await again.stop()


async def test_a_second_erasure_keeps_the_alias(tmp_path: Path) -> None:
    shop = await opened(tmp_path)
    await with_promise(shop)
    await shop.forget(CUSTOMER)
    before = promises(shop)
    await shop.forget(CUSTOMER)
    assert promises(shop) == before
    await shop.stop()


async def test_an_erasure_waits_for_what_the_sessions_of_the_customer_still_write(
    tmp_path: Path,
) -> None:
    """The offer is being committed when the erasure comes; the commit may not bring the id back."""

    class Slow(MemoryLedger):
        release: asyncio.Event | None = None

        async def commit(self, commit):  # type: ignore[no-untyped-def]
            if self.release is not None:
                await self.release.wait()
            return await super().commit(commit)

    ledger = Slow()
    shop = await opened(tmp_path, ledger)
    connection, recorder = await with_promise(shop)
    ledger.release = asyncio.Event()
    shop.lifecycle.submit(connection, PageViewed("product"))
    shop.lifecycle.submit(connection, ItemViewed("TRAIL-42"))
    erasing = asyncio.ensure_future(shop.forget(CUSTOMER))
    await asyncio.sleep(0)
    ledger.release.set()
    await erasing
    recorder.effects.clear()  # what the shopper's screen shows is not the shop's memory
    assert paths_to_text(shop, CUSTOMER) == []
    await shop.stop()
    assert paths_to_text(ledger, CUSTOMER) == []


async def test_an_erasure_that_the_ledger_cannot_write_is_completed_by_the_next_one(
    tmp_path: Path,
) -> None:
    class Full(MemoryLedger):
        full = False

        async def erase_customer(self, *given, **more):  # type: ignore[no-untyped-def]
            if self.full:
                raise LedgerError("the disk is full")
            return await super().erase_customer(*given, **more)

    ledger = Full()
    shop = await opened(tmp_path, ledger)
    connection, _ = await with_promise(shop)
    ledger.full = True
    failed = False
    try:
        await shop.forget(CUSTOMER)
    except LedgerError:
        failed = True
    assert failed
    ledger.full = False
    shop.lifecycle.submit(connection, ItemViewed("RUN-43"))
    await shop.forget(CUSTOMER)
    await shop.stop()
    assert paths_to_text(ledger, CUSTOMER) == []
