"""One change reaches many sessions: withdrawals first, nobody held up, nothing written for nothing."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, rules, stock
from journeys.stage import Stage, stage
from tactful.core import ids
from tactful.core.session import Session
from tactful.core.signals import Changed, Signal
from tactful.runtime import fanout
from tactful.runtime.live import Live
from tactful.runtime.records import apart, signal_from

Told = list[tuple[str, Signal]]


def onlookers(one: Stage, count: int) -> list[Live]:
    """Sessions that look at an item and have nobody connected."""
    shop = one.parts.shop
    made = []
    for number in range(count):
        name = f"se_{number}"
        live = Live(
            Session(id=name, shopper="sh", created_at=0, focus="BOOT-42"), ids.resume_digest(name)
        )
        live.persists = True
        shop.registry.add(live)
        shop.registry.concern(live)
        made.append(live)
    return made


def overheard(one: Stage, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Who is told what, from now on."""
    told: Told = []
    turns = one.parts.shop.turns
    take = turns.take

    def heard(live: Live, signal: Signal) -> None:
        told.append((live.state.id, signal))
        take(live, signal)

    monkeypatch.setattr(turns, "take", heard)
    return told


async def test_those_with_an_offer_on_the_screen_hear_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        others = onlookers(one, 3)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        await shopper.offered()
        told = overheard(one, monkeypatch)
        await one.facts(stock("RUN-42", "DE", 0, version=9), stock("BOOT-42", "DE", 9, version=9))
        assert [name for name, _ in told] == [shopper.session, *(live.state.id for live in others)]


async def test_others_get_their_turns_while_many_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        monkeypatch.setattr(fanout, "CHUNK", 10)
        told = overheard(one, monkeypatch)
        crowd = onlookers(one, 100)
        telling = asyncio.ensure_future(one.parts.shop.fanout.tell(crowd))
        seen = []
        while not telling.done():
            await asyncio.sleep(0)
            seen.append(len(told))
        assert set(range(10, 101, 10)) <= set(seen)


async def test_a_change_of_rules_reaches_everybody_before_it_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        crowd = onlookers(one, fanout.CHUNK + 1)
        told = overheard(one, monkeypatch)
        answer = await one.http.post("/v1/rules/R1/pause")
        assert answer.status_code == 200, answer.text
        assert set(told) == {(live.state.id, Changed()) for live in crowd}


async def test_a_session_that_ends_meanwhile_stays_ended(tmp_path: Path) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shop = one.parts.shop
        crowd = onlookers(one, fanout.CHUNK + 1)
        telling = asyncio.ensure_future(shop.fanout.tell(crowd))
        await asyncio.sleep(0)
        shop.registry.remove(crowd[-1])
        await telling
        assert shop.registry.concerned([("sku", "BOOT-42")]) == crowd[:-1]


async def test_who_is_about_to_look_is_not_told_again(tmp_path: Path) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        (live,) = onlookers(one, 1)
        live.busy = True
        await one.parts.shop.fanout.tell([live])
        await one.parts.shop.fanout.tell([live])
        assert live.mailbox == [Changed()]


async def changes_of(one: Stage, sessions: Sequence[str]) -> dict[str, int]:
    """How many changes the log holds of each."""
    ledger = one.parts.shop.ledger
    await ledger.flush()
    found = {}
    for name in sessions:
        kept = [part for entry in await ledger.entries(session=name) for part in apart(entry)]
        found[name] = [signal_from(one.signal) for one in kept].count(Changed())
    return found


async def test_only_whom_a_change_cost_something_is_written_down(tmp_path: Path) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        loser, looker = await one.shopper(), await one.shopper()
        await loser.view("RUN-42", 30)
        await loser.offered()
        await looker.view("RUN-42", 1)
        await one.facts(stock("RUN-42", "DE", 0, version=9))
        await loser.expect("withdraw")
        found = await changes_of(one, [loser.session, looker.session])
        assert found == {loser.session: 1, looker.session: 0}


async def test_what_follows_may_wait_until_all_have_been_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        told = overheard(one, monkeypatch)
        counts = []

        @contextmanager
        def holding() -> Iterator[None]:
            counts.append(len(told))
            yield
            counts.append(len(told))

        monkeypatch.setattr(one.parts.shop.ledger, "holding", holding)
        await one.parts.shop.fanout.tell(onlookers(one, 2 * fanout.CHUNK))
        assert counts == [0, 2 * fanout.CHUNK]
