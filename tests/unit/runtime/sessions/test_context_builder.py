"""What a decision is given to read, and when that is no longer true."""

from pathlib import Path

import msgspec
import pytest

from journeys.fixture import CATALOGUE, stock
from support.bare_shop import NOON, bare_shop
from support.builders import offer, session
from tactful.core.session.signals import CustomerIdentified, ItemViewed, TimerFired
from tactful.runtime.sessions.context_builder import NOTHING_AHEAD, ContextBuilder
from tactful.runtime.shop import Shop
from tactful.stores.memory.ledger import MemoryLedger

VIEW = ItemViewed("RUN-42")


async def filled(folder: Path) -> tuple[Shop, ContextBuilder]:
    shop = bare_shop(folder)
    await shop.ingest.ingest([msgspec.json.encode(fact) for fact in CATALOGUE])
    return shop, ContextBuilder(shop.state, "seed")


async def test_missing_facts_are_named_until_they_are_loaded(tmp_path: Path) -> None:
    shop, contexts = await filled(tmp_path)
    identified = CustomerIdentified("c1", None)
    known = session(consent="personal", focus="RUN-42")
    assert contexts.missing(session(focus=None), VIEW) == (["RUN-42"], [])
    assert contexts.missing(known, identified) == (["RUN-42"], ["c1"])
    await shop.state.fact_cache.load(["RUN-42"], ["c1"])
    assert contexts.missing(session(), VIEW) == ([], [])
    assert contexts.missing(known, identified) == ([], [])


async def test_a_context_holds_what_is_in_memory_at_its_instant(tmp_path: Path) -> None:
    shop, contexts = await filled(tmp_path)
    state = session(focus="RUN-42")
    assert contexts.build(state, TimerFired()).items == {}
    await shop.state.fact_cache.load(["RUN-42"], [])
    context = contexts.build(state, TimerFired())
    assert (context.now, context.session, context.seed) == (NOON, state, "seed")
    assert context.items["RUN-42"].sku == "RUN-42"
    assert context.rulebook is shop.state.active_rulebook.current
    assert context.ahead is NOTHING_AHEAD
    assert context.profile is None


async def test_offers_in_line_for_scarce_stock_know_what_was_promised_before(
    tmp_path: Path,
) -> None:
    shop, contexts = await filled(tmp_path)
    await shop.state.fact_cache.load(["BOOT-42"], [])
    early = offer("of1", sku="BOOT-42", max_qty=2, issued_at=NOON)
    late = offer("of2", sku="BOOT-42", max_qty=1, issued_at=NOON + 1)
    for one in (early, late):
        shop.state.stock_commitments.update(one)
    state = session(offers=(late,))
    assert contexts.build(state, TimerFired()).ahead == {}
    scarce = stock("BOOT-42", "DE", 2, version=9)
    await shop.ingest.ingest([msgspec.json.encode(scarce)])
    await shop.state.fact_cache.load(["BOOT-42"], [])
    assert contexts.build(state, TimerFired()).ahead == {"of2": 2}
    await shop.ingest.ingest([msgspec.json.encode(stock("BOOT-42", "DE", 0, version=10))])
    await shop.state.fact_cache.load(["BOOT-42"], [])
    assert contexts.build(state, TimerFired()).ahead == {}, "nobody asks who was first"


async def test_commits_are_suspended_until_an_instant_or_while_the_ledger_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, contexts = await filled(tmp_path)
    assert not contexts.build(session(), TimerFired()).commits_suspended
    contexts.commits_suspended_until = NOON + 1
    assert contexts.build(session(), TimerFired()).commits_suspended
    contexts.commits_suspended_until = NOON
    assert not contexts.build(session(), TimerFired()).commits_suspended
    monkeypatch.setattr(MemoryLedger, "failure", "the disk is full")
    assert contexts.build(session(), TimerFired()).commits_suspended


async def test_a_context_is_outdated_by_a_newer_item_or_rulebook(tmp_path: Path) -> None:
    shop, contexts = await filled(tmp_path)
    await shop.state.fact_cache.load(["RUN-42"], [])
    context = contexts.build(session(), VIEW)
    assert not contexts.is_outdated(context)
    shop.state.fact_cache.invalidate_item("RUN-42")
    assert contexts.is_outdated(context)
    await shop.state.fact_cache.load(["RUN-42"], [])
    fresh = contexts.build(session(), VIEW)
    assert not contexts.is_outdated(fresh)
    shop.state.active_rulebook.set_paused(frozenset({"R1"}))
    assert contexts.is_outdated(fresh)
