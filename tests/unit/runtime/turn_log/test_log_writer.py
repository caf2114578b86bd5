"""Signals without a decision are recorded in batches, with their instants and in order."""

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
from tactful.runtime.turn_log import log_writer
from tactful.runtime.turn_log.log_encoding import decode_signal, split_entry

Signals = list[tuple[int, Signal]]


async def signals(one: LiveServer, session: str) -> Signals:
    ledger = one.parts.shop.ledger
    found = await ledger.turn_entries(session=session)
    return [(one.at, decode_signal(one.signal)) for entry in found for one in split_entry(entry)]


async def test_signals_are_recorded_with_their_instants(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 1)
        await shopper.view("RUN-42", 1)
        await shopper.say("activity", kind="input")
        one.parts.shop.turns.turn_log.flush_all()
        found = await signals(one, shopper.session)
        assert found[-2:] == [
            (NOON * 1000 + 1_000, ItemViewed("RUN-42")),
            (NOON * 1000 + 2_000, ActivityReported("input", 1)),
        ]


async def test_signals_of_a_busy_session_share_entries_of_bounded_size(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42")
        await one.parts.shop.settled()  # what is said while a session is read from disk is merged
        for _ in range(2 * log_writer.MAX_SIGNALS_PER_ENTRY):
            await shopper.say("activity", kind="input")
        live = one.parts.shop.state.registry.by_id[shopper.session]
        assert len(live.unwritten) < log_writer.MAX_SIGNALS_PER_ENTRY
        one.parts.shop.turns.turn_log.flush_all()
        found = await signals(one, shopper.session)
        assert (
            sum(isinstance(signal, ActivityReported) for _, signal in found)
            == 2 * log_writer.MAX_SIGNALS_PER_ENTRY
        )
        entries = await one.parts.shop.ledger.turn_entries(session=shopper.session)
        assert (
            max(sum(1 for _ in split_entry(entry)) for entry in entries)
            <= log_writer.MAX_SIGNALS_PER_ENTRY
        )


async def test_a_session_without_consent_leaves_no_signals(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper(consent="none")
        await shopper.view("RUN-42", 1)
        await shopper.say("activity", kind="input")
        one.parts.shop.turns.turn_log.flush_all()
        assert await signals(one, shopper.session) == []


async def test_an_explanation_reads_the_past_within_a_shared_entry(tmp_path: Path) -> None:
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


async def test_a_crash_loses_neither_the_place_of_a_session_nor_its_timers(tmp_path: Path) -> None:
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


async def test_the_state_of_a_commit_under_way_is_not_written(
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


async def test_sessions_changed_in_one_instant_are_written_in_even_steps(
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
        monkeypatch.setattr(log_writer, "BATCH_DELAY_S", 0.0)
        monkeypatch.setattr(log_writer, "MIN_SESSIONS_PER_STEP", 4)
        for live in crowd:
            shop.turns.turn_log.mark_dirty(live, 1)
        left = [len(crowd)]
        while left[-1]:
            await asyncio.sleep(0)
            waiting = sum(live.dirty_at is not None for live in crowd)
            left += [waiting] if waiting != left[-1] else []
        assert left == [10, 6, 2, 0]
