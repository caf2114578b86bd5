"""One change reaches many sessions: those with offers first, in chunks, with writes deferred."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, rules, stock
from support.builders import but
from support.live_server import LiveServer, live_server
from tactful.core.session.session import Session
from tactful.core.session.signals import FactsChanged, Signal
from tactful.core.values import ids
from tactful.runtime.sessions import fanout
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.turn_phase import TurnPhase
from tactful.runtime.turn_log.log_encoding import decode_signal, split_entry

Notifications = list[tuple[str, Signal]]


def idle_sessions(one: LiveServer, count: int) -> list[LiveSession]:
    """Sessions without an offer and with nobody connected."""
    shop = one.parts.shop
    made = []
    for number in range(count):
        name = f"se_{number}"
        live = LiveSession(
            Session(id=name, shopper="sh", created_at=0, focus="BOOT-42"), ids.resume_digest(name)
        )
        live.persists = True
        shop.state.registry.add(live)
        shop.state.registry.index_interests(live)
        made.append(live)
    return made


def notified_by(one: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Notifications:
    """The sessions notified from now on, with their signals."""
    notified: Notifications = []
    turns = one.parts.shop.turns
    submit = turns.submit

    def record(live: LiveSession, signal: Signal) -> None:
        notified.append((live.state.id, signal))
        submit(live, signal)

    monkeypatch.setattr(turns, "submit", record)
    return notified


async def test_sessions_with_an_offer_on_the_screen_are_notified_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        others = idle_sessions(one, 3)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        await shopper.offered()
        notified = notified_by(one, monkeypatch)
        await one.parts.shop.fanout.notify(one.parts.shop.state.registry)
        assert [name for name, _ in notified] == [
            shopper.session,
            *(live.state.id for live in others),
        ]


async def test_a_fact_does_not_concern_sessions_that_only_view_the_item(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 1)
        notified = notified_by(one, monkeypatch)
        await one.facts(stock("RUN-42", "DE", 0, version=9))
        assert notified == []
        await one.facts(stock("RUN-42", "DE", 5, version=10))
        await one.advance(30)
        assert (await shopper.offered())["sku"] == "RUN-42"


async def test_other_work_runs_between_the_chunks_of_a_fanout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        monkeypatch.setattr(fanout, "CHUNK", 10)
        notified = notified_by(one, monkeypatch)
        sessions = idle_sessions(one, 100)
        fanning_out = asyncio.ensure_future(one.parts.shop.fanout.notify(sessions))
        seen = []
        while not fanning_out.done():
            await asyncio.sleep(0)
            seen.append(len(notified))
        assert set(range(10, 101, 10)) <= set(seen)


async def test_a_change_of_rules_reaches_every_waiting_session_before_the_response(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        sessions = idle_sessions(one, 2 * fanout.CHUNK + 2)
        waiting = sessions[::2]
        for live in waiting:
            live.state = but(live.state, wake_at=live.state.last_input + 10**9)
        notified = notified_by(one, monkeypatch)
        answer = await one.http.post("/v1/rules/R1/pause")
        assert answer.status_code == 200, answer.text
        assert set(notified) == {(live.state.id, FactsChanged()) for live in waiting}


async def test_a_session_that_ends_during_a_fanout_is_not_notified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        notified = notified_by(one, monkeypatch)
        sessions = idle_sessions(one, fanout.CHUNK + 1)
        fanning_out = asyncio.ensure_future(one.parts.shop.fanout.notify(sessions))
        await asyncio.sleep(0)
        one.parts.shop.state.registry.remove(sessions[-1])
        await fanning_out
        assert len(notified) == fanout.CHUNK


async def test_a_waiting_session_is_notified_once(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        (live,) = idle_sessions(one, 1)
        live.phase = TurnPhase.COMMITTING
        await one.parts.shop.fanout.notify([live])
        await one.parts.shop.fanout.notify([live])
        assert live.mailbox == [FactsChanged()]


async def test_a_notification_that_changes_nothing_is_not_recorded(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        ledger = one.parts.shop.ledger
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        await shopper.offered()

        async def changes() -> int:
            await ledger.flush()
            kept = await ledger.turn_entries(session=shopper.session)
            acts = [decode_signal(part.signal) for entry in kept for part in split_entry(entry)]
            return acts.count(FactsChanged())

        await one.facts(stock("RUN-42", "DE", 5, version=8))
        assert await changes() == 0
        await one.facts(stock("RUN-42", "DE", 0, version=9))
        await shopper.expect("withdraw")
        assert await changes() == 1


async def test_writes_are_deferred_until_all_sessions_are_notified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        notified = notified_by(one, monkeypatch)
        counts = []

        @contextmanager
        def holding() -> Iterator[None]:
            counts.append(len(notified))
            yield
            counts.append(len(notified))

        monkeypatch.setattr(one.parts.shop.ledger, "deferred_writes", holding)
        await one.parts.shop.fanout.notify(idle_sessions(one, 2 * fanout.CHUNK))
        assert counts == [0, 2 * fanout.CHUNK]
