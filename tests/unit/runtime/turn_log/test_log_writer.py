"""Signals between two decisions are written in batches, and none that matters is lost."""

import asyncio
import shutil
from pathlib import Path

import pytest
from msgspec import structs

from journeys.fixture import CATALOGUE, rules
from support.live_server import NOON, LiveServer, live_server
from tactful.core.session.signals import ActivityReported, ItemViewed, Signal
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.turn_phase import TurnPhase
from tactful.runtime.turn_log import log_writer as journal
from tactful.runtime.turn_log.log_encoding import decode_signal, split_entry

Acts = list[tuple[int, Signal]]


async def acts(one: LiveServer, session: str) -> Acts:
    ledger = one.parts.shop.ledger
    found = await ledger.turn_entries(session=session)
    return [(one.at, decode_signal(one.signal)) for entry in found for one in split_entry(entry)]


async def test_what_a_shopper_did_is_written_down_with_its_instants(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 1)
        await shopper.view("RUN-42", 1)
        await shopper.say("activity", kind="input")
        one.parts.shop.turns.turn_log.flush_all()
        found = await acts(one, shopper.session)
        assert found[-2:] == [
            (NOON * 1000 + 1_000, ItemViewed("RUN-42")),
            (NOON * 1000 + 2_000, ActivityReported("input", 1)),
        ]


async def test_acts_of_a_busy_shopper_share_entries_of_a_bounded_size(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42")
        await one.parts.shop.settled()  # what is said while a session is read from disk is merged
        for _ in range(2 * journal.MAX_SIGNALS_PER_ENTRY):
            await shopper.say("activity", kind="input")
        live = one.parts.shop.state.registry.by_id[shopper.session]
        assert len(live.unwritten) < journal.MAX_SIGNALS_PER_ENTRY
        one.parts.shop.turns.turn_log.flush_all()
        found = await acts(one, shopper.session)
        assert (
            sum(isinstance(act, ActivityReported) for _, act in found)
            == 2 * journal.MAX_SIGNALS_PER_ENTRY
        )
        entries = await one.parts.shop.ledger.turn_entries(session=shopper.session)
        assert (
            max(sum(1 for _ in split_entry(entry)) for entry in entries)
            <= journal.MAX_SIGNALS_PER_ENTRY
        )


async def test_a_session_that_may_not_be_kept_leaves_no_acts(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper(consent="none")
        await shopper.view("RUN-42", 1)
        await shopper.say("activity", kind="input")
        one.parts.shop.turns.turn_log.flush_all()
        assert await acts(one, shopper.session) == []


async def test_why_reads_the_past_among_acts_that_share_an_entry(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 10)
        await shopper.say("activity", kind="input")
        await one.advance(5)
        await shopper.say("activity", kind="hidden")
        await one.advance(60)
        found = []
        for at in (12, 40):
            answer = await one.http.get(
                "/v1/why",
                params={
                    "sku": "RUN-42",
                    "session": shopper.session,
                    "at": f"2026-03-10T12:00:{at}Z",
                },
            )
            found.append(answer.json()["rules"][0]["gates"][0]["actual"])
        assert found == [{"engaged": 12}, "hidden"]


async def test_a_crash_loses_neither_where_a_shopper_was_nor_what_was_due(tmp_path: Path) -> None:
    async with live_server(tmp_path / "first", rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 20)
        await one.parts.shop.settled()
        await one.parts.shop.ledger.flush()
        (tmp_path / "then").mkdir()
        shutil.copytree(one.folder / "data", tmp_path / "then" / "data")
    async with live_server(tmp_path / "then", rules()) as again:
        back = await again.shopper(resume=shopper.resume)
        assert back.session == shopper.session
        await again.advance(9)
        await back.nothing()
        await again.advance(1)
        assert (await back.offered())["sku"] == "RUN-42"


async def test_what_a_promise_under_way_would_make_of_a_session_is_not_written(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shop = one.parts.shop
        shopper = await one.shopper()
        await shop.settled()
        live = shop.state.registry.by_id[shopper.session]
        live.phase = TurnPhase.COMMITTING
        shop.turns.turn_log.mark_dirty(live, shop.clock.now() + 1)
        shop.turns.turn_log.flush_all()
        assert live.dirty_at is not None
        live.phase = TurnPhase.IDLE
        shop.turns.turn_log.flush_all()
        saved = await shop.ledger.session(shopper.session)
        assert saved is not None
        assert saved.seen_at == shop.clock.now() + 1
        assert shop.state.registry.by_id[shopper.session].dirty_at is None


async def test_what_waits_since_one_instant_is_written_in_even_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shop = one.parts.shop
        shopper = await one.shopper()
        await shopper.view("RUN-42", 1)
        await shop.settled()
        state = shop.state.registry.by_id[shopper.session].state
        crowd = [LiveSession(structs.replace(state, id=f"se_{n}"), b"%d" % n) for n in range(10)]
        monkeypatch.setattr(journal, "BATCH_DELAY_S", 0.0)
        monkeypatch.setattr(journal, "MIN_SESSIONS_PER_STEP", 4)
        for live in crowd:
            shop.turns.turn_log.mark_dirty(live, 1)
        left = [len(crowd)]
        while left[-1]:
            await asyncio.sleep(0)
            waiting = sum(live.dirty_at is not None for live in crowd)
            left += [waiting] if waiting != left[-1] else []
        assert left == [10, 6, 2, 0]
