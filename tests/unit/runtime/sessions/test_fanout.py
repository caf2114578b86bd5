"""One change reaches many sessions: withdrawals first, nobody held up, nothing written for nothing."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, rules, stock
from support.live_server import LiveServer, live_server
from tactful.core.session.session import Session
from tactful.core.session.signals import FactsChanged, Signal
from tactful.core.values import ids
from tactful.runtime.sessions import fanout
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.turn_phase import TurnPhase
from tactful.runtime.turn_log.log_encoding import decode_signal, split_entry

Told = list[tuple[str, Signal]]


def onlookers(one: LiveServer, count: int) -> list[LiveSession]:
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


def overheard(one: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Who is told what, from now on."""
    told: Told = []
    turns = one.parts.shop.turns
    take = turns.submit

    def heard(live: LiveSession, signal: Signal) -> None:
        told.append((live.state.id, signal))
        take(live, signal)

    monkeypatch.setattr(turns, "submit", heard)
    return told


async def test_those_with_an_offer_on_the_screen_hear_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        others = onlookers(one, 3)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        await shopper.offered()
        told = overheard(one, monkeypatch)
        await one.parts.shop.fanout.notify(one.parts.shop.state.registry)
        assert [name for name, _ in told] == [shopper.session, *(live.state.id for live in others)]


async def test_a_fact_concerns_nobody_who_only_looks_at_the_item(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 1)
        told = overheard(one, monkeypatch)
        await one.facts(stock("RUN-42", "DE", 0, version=9))
        assert told == []
        await one.facts(stock("RUN-42", "DE", 5, version=10))
        await one.advance(30)
        assert (await shopper.offered())["sku"] == "RUN-42"


async def test_others_get_their_turns_while_many_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        monkeypatch.setattr(fanout, "CHUNK", 10)
        told = overheard(one, monkeypatch)
        crowd = onlookers(one, 100)
        telling = asyncio.ensure_future(one.parts.shop.fanout.notify(crowd))
        seen = []
        while not telling.done():
            await asyncio.sleep(0)
            seen.append(len(told))
        assert set(range(10, 101, 10)) <= set(seen)


async def test_a_change_of_rules_reaches_everybody_before_it_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        crowd = onlookers(one, fanout.CHUNK + 1)
        told = overheard(one, monkeypatch)
        answer = await one.http.post("/v1/rules/R1/pause")
        assert answer.status_code == 200, answer.text
        assert set(told) == {(live.state.id, FactsChanged()) for live in crowd}


async def test_a_session_that_ends_meanwhile_is_told_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        told = overheard(one, monkeypatch)
        crowd = onlookers(one, fanout.CHUNK + 1)
        telling = asyncio.ensure_future(one.parts.shop.fanout.notify(crowd))
        await asyncio.sleep(0)
        one.parts.shop.state.registry.remove(crowd[-1])
        await telling
        assert len(told) == fanout.CHUNK


async def test_who_is_about_to_look_is_not_told_again(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        (live,) = onlookers(one, 1)
        live.phase = TurnPhase.COMMITTING
        await one.parts.shop.fanout.notify([live])
        await one.parts.shop.fanout.notify([live])
        assert live.mailbox == [FactsChanged()]


async def test_what_costs_nobody_anything_is_not_written_down(tmp_path: Path) -> None:
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


async def test_what_follows_may_wait_until_all_have_been_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        told = overheard(one, monkeypatch)
        counts = []

        @contextmanager
        def holding() -> Iterator[None]:
            counts.append(len(told))
            yield
            counts.append(len(told))

        monkeypatch.setattr(one.parts.shop.ledger, "deferred_writes", holding)
        await one.parts.shop.fanout.notify(onlookers(one, 2 * fanout.CHUNK))
        assert counts == [0, 2 * fanout.CHUNK]
