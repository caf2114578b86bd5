"""Turns over a ledger that can be made to wait, refuse and fail."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from journeys.fixture import CATALOGUE, case, rules, stock
from support.live_server import LiveServer, Shopper, live_server
from tactful.core.context import Context
from tactful.core.decide import decide
from tactful.core.decision import Decision
from tactful.core.session.signals import ActivityReported, ItemViewed, PageViewed
from tactful.measurement.response_quantiles import response_times
from tactful.runtime.ports.ledger import LedgerError, LedgerFullError
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal
from tactful.runtime.sessions import turn_processor
from tactful.runtime.sessions.turn_runner import MAILBOX
from tactful.runtime.state.turn_phase import TurnPhase
from tactful.runtime.turn_log.log_encoding import LIST_PREFIXES, decode_signal, split_entry


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_server(tmp_path, rules()) as running:
        await running.facts(*CATALOGUE)
        yield running


async def looking(one: LiveServer, **hello: Any) -> Shopper:
    """A shopper who is offered something one second later."""
    shopper = await one.shopper(**hello)
    await shopper.view("RUN-42", 29)
    return shopper


def slow_commits(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> tuple[asyncio.Event, asyncio.Event]:
    """Commits set the first event when they begin, and wait for the second."""
    ledger, begun, go = one.parts.shop.ledger, asyncio.Event(), asyncio.Event()
    commit = ledger.commit

    async def wait(turn: Commit) -> Any:
        begun.set()
        await go.wait()
        return await commit(turn)

    monkeypatch.setattr(ledger, "commit", wait)
    return begun, go


async def test_a_change_during_the_commit_of_an_offer_keeps_it_off_the_screen(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shopper = await looking(one)
    begun, go = slow_commits(one, monkeypatch)
    moving = asyncio.ensure_future(one.advance(1))
    await begun.wait()
    await one.facts(stock("RUN-42", "DE", 0))
    go.set()
    await moving
    await shopper.nothing()
    assert await one.decisions(session=shopper.session) == [], "the ledger refused the promise"
    assert await one.budget() == (0, 0)


async def test_a_complaint_during_the_commit_of_an_offer_keeps_it_off_the_screen(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shopper = await looking(one, consent="personal", identity=one.identity("c1"))
    begun, go = slow_commits(one, monkeypatch)
    moving = asyncio.ensure_future(one.advance(1))
    await begun.wait()
    await one.facts(case("k1", "c1", "defect", skus=["RUN-42"]))
    go.set()
    await moving
    await shopper.nothing()


@pytest.mark.parametrize("error", [LedgerError("busy"), LedgerFullError("no room")])
async def test_an_offer_that_cannot_be_recorded_is_not_promised(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch, error: LedgerError
) -> None:
    shopper = await looking(one)

    async def fail(turn: Commit) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(one.parts.shop.ledger, "commit", fail)
        await one.advance(1)
        await shopper.nothing()
        assert await one.budget() == (0, 0)
        assert one.parts.shop.state.stock_commitments.totals == {}
    await one.advance(5)
    await shopper.offered()
    assert await one.budget() == (1935, 0)


async def test_an_acceptance_that_cannot_be_recorded_may_be_repeated(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shopper = await looking(one)
    await one.advance(1)
    offer = (await shopper.offered())["id"]

    async def fail(turn: Commit) -> None:
        raise LedgerError("busy")

    with monkeypatch.context() as broken:
        broken.setattr(one.parts.shop.ledger, "commit", fail)
        await shopper.say("accept", offer=offer)
        answer = await shopper.expect("refused")
        assert (answer["code"], answer["offer"]) == ("later", offer)
        await shopper.nothing()
    await one.advance(5)
    await shopper.say("accept", offer=offer)
    assert (await shopper.expect("accepted"))["offer"] == offer


async def test_a_commit_that_the_ledger_refuses_corrects_the_balance(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shopper = await looking(one)
    ledger = one.parts.shop.ledger
    asked: list[Commit] = []
    commit = ledger.commit

    async def refuse_once(turn: Commit) -> Any:
        asked.append(turn)
        if len(asked) == 1:
            return CommitRefusal("budget.spend", "C", "EUR")
        return await commit(turn)

    monkeypatch.setattr(ledger, "commit", refuse_once)
    await one.advance(1)
    await shopper.offered()
    assert len(asked) == 2
    assert await one.budget() == (1935, 0)


async def test_a_full_mailbox_drops_the_oldest_and_counts_it(one: LiveServer) -> None:
    shopper = await looking(one)
    live = one.parts.shop.state.registry.by_id[shopper.session]
    live.phase = TurnPhase.COMMITTING
    for number in range(MAILBOX + 3):
        one.parts.shop.turns.submit(live, ItemViewed(f"SKU-{number}"))
    assert len(live.mailbox) == MAILBOX
    assert live.mailbox[-1] == ItemViewed(f"SKU-{MAILBOX + 2}")
    one.parts.shop.turns.submit(live, live.mailbox[-1])
    assert len(live.mailbox) == MAILBOX
    assert b"tactful_signals_dropped_total 3.0" in one.parts.shop.state.telemetry.exposition()
    live.mailbox.clear()
    live.phase = TurnPhase.IDLE


async def test_facts_that_cannot_be_read_cost_one_signal_and_no_session(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shopper = await one.shopper()

    async def fail(*_: object) -> None:
        raise LedgerError("cannot read")

    with monkeypatch.context() as broken:
        broken.setattr(one.parts.shop.state.fact_cache, "load", fail)
        await shopper.say("view", sku="RUN-42")
        await one.parts.shop.turns.wait_until_idle()
    assert b"tactful_ledger_failures_total 1.0" in one.parts.shop.state.telemetry.exposition()
    await shopper.view("RUN-42", 30)
    await shopper.offered()


async def test_a_turn_that_crashes_is_counted_and_the_session_goes_on(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shopper = await one.shopper()

    def decide_or_crash(context: Context) -> Decision:
        if isinstance(context.signal, PageViewed):
            raise KeyError("canary: what the shopper typed")
        return decide(context)

    monkeypatch.setattr(turn_processor, "decide", decide_or_crash)
    with capture_logs() as logs:
        for _ in range(3):
            await shopper.say("page", url="https://shop.example/", kind="cart", moment="rescue")
    crashes = [line for line in logs if line["event"] == "turn.crashed"]
    assert [(line["signal"], line["error"]) for line in crashes] == [("PageViewed", "KeyError")]
    assert "canary" not in str(crashes)
    assert b"tactful_turns_crashed_total 3.0" in one.parts.shop.state.telemetry.exposition()
    await shopper.view("RUN-42", 30)
    assert (await shopper.offered())["sku"] == "RUN-42"


async def test_a_read_that_crashes_costs_its_signal_and_no_other(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shopper = await one.shopper()
    shop = one.parts.shop
    live = shop.state.registry.by_id[shopper.session]

    async def crash(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(shop.state.fact_cache, "load", crash)
        shop.turns.submit(live, ItemViewed("BOOT-42"))
        shop.turns.submit(live, ActivityReported("compare"))
        assert live.phase is TurnPhase.LOADING
        await shop.turns.wait_until_idle()
    assert b"tactful_turns_crashed_total 1.0" in shop.state.telemetry.exposition()
    assert (live.phase, live.state.focus, live.state.compares) == (TurnPhase.IDLE, None, 1)
    await shopper.view("RUN-42", 30)
    assert (await shopper.offered())["sku"] == "RUN-42"


async def test_a_commit_that_crashes_costs_its_signal_and_no_other(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shopper = await looking(one)
    shop = one.parts.shop
    live = shop.state.registry.by_id[shopper.session]

    async def crash(turn: Commit) -> None:
        shop.turns.submit(live, ActivityReported("compare"))
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(shop.ledger, "commit", crash)
        await one.advance(1)
        await shop.settled()
    assert (live.phase, live.state.compares) == (TurnPhase.IDLE, 1)


async def test_signals_of_one_session_are_handled_one_after_the_other(one: LiveServer) -> None:
    shopper = await one.shopper()
    live = one.parts.shop.state.registry.by_id[shopper.session]
    for signal in (ItemViewed("TRAIL-42"), ActivityReported("input"), ItemViewed("RUN-42")):
        one.parts.shop.turns.submit(live, signal)
    await one.parts.shop.turns.wait_until_idle()
    assert live.state.focus == "RUN-42"
    assert live.state.views == 2


async def test_sessions_share_the_strings_of_the_catalogue(one: LiveServer) -> None:
    first, second = await one.shopper(), await one.shopper()
    for shopper in (first, second):
        await shopper.view("RUN-42")
        await one.parts.shop.settled()
        await shopper.view("RUN-42")
    by_id = one.parts.shop.state.registry.by_id
    states = [by_id[shopper.session].state for shopper in (first, second)]
    assert states[0].focus is not None
    assert states[0].focus is states[1].focus
    assert states[0].viewed_items[-1].sku is states[1].viewed_items[-1].sku


async def test_a_view_that_waited_for_its_item_is_folded_like_any_other(one: LiveServer) -> None:
    shopper = await one.shopper()
    await shopper.view("RUN-42", 1)
    await one.parts.shop.settled()
    (arrived, viewed) = await one.parts.shop.ledger.turn_entries(session=shopper.session)
    assert [decode_signal(act.signal) for act in split_entry(viewed)] == [ItemViewed("RUN-42")]
    assert viewed.signal[0] in LIST_PREFIXES
    assert arrived.signal[0] not in LIST_PREFIXES


async def test_what_a_client_who_left_asked_for_is_read_when_they_come_back(
    one: LiveServer,
) -> None:
    reads = one.parts.shop.state.fact_cache.reads
    shopper = await one.shopper()
    live = one.parts.shop.state.registry.by_id[shopper.session]
    free, reads._free = reads._free, 0  # other reads keep every place
    await shopper.say("view", sku="RUN-42")
    await shopper.say("cart", lines=[{"sku": "RUN-43", "qty": 1}])
    assert (live.phase, len(reads)) == (TurnPhase.LOADING, 1)
    await shopper.leave()
    await one.parts.shop.turns.wait_until_idle()
    assert (live.phase, len(reads), reads.not_begun) == (TurnPhase.IDLE, 0, 1)
    assert live.state.views == 0
    reads._free = free
    await shopper.connect(territory="DE", resume=shopper.resume)
    assert (live.state.focus, live.state.views, len(live.mailbox)) == ("RUN-42", 1, 0)
    await one.advance(30)
    assert (await shopper.offered())["sku"] == "RUN-42"


async def test_the_reads_of_a_customer_who_logs_out_are_made_after_they_left(
    one: LiveServer,
) -> None:
    reads = one.parts.shop.state.fact_cache.reads
    shopper = await one.known("c1")
    live = one.parts.shop.state.registry.by_id[shopper.session]
    free, reads._free = reads._free, 0
    await shopper.say("view", sku="RUN-42")
    await shopper.say("logout")
    await shopper.leave()
    assert (live.phase, reads.not_begun) == (TurnPhase.LOADING, 0)
    reads._free = free
    reads._begin_next()
    await one.parts.shop.turns.wait_until_idle()
    assert (live.phase, live.state.customer, live.mailbox) == (TurnPhase.IDLE, None, [])


async def test_a_session_whose_client_left_ends_with_what_it_still_wanted(one: LiveServer) -> None:
    reads = one.parts.shop.state.fact_cache.reads
    shopper = await one.shopper()
    reads._free = 0
    await shopper.say("view", sku="RUN-42")
    await shopper.leave()
    await one.parts.shop.turns.wait_until_idle()
    await one.advance(31 * 60)
    assert shopper.session not in one.parts.shop.state.registry.by_id


def answers(one: LiveServer) -> dict[str, int]:
    """Kind of signal → how many were answered."""
    found = response_times(one.parts.shop.state.telemetry.responses.counts().items())
    return {times.kind: times.answers for times in found if times.of == "signal"}


async def test_only_a_signal_that_a_frame_answers_has_a_response_time(one: LiveServer) -> None:
    shopper = await looking(one)
    assert answers(one).keys() <= {"connect"}
    await one.advance(1)
    offer = await shopper.offered()
    assert answers(one)["timer"] == 1, "the offer is pushed when the shopper has looked long enough"
    await shopper.say("seen", offer=offer["id"])
    await one.parts.shop.settled()
    assert "seen" not in answers(one)


async def test_the_response_time_has_the_wait_for_the_ledger(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 0.0
    monkeypatch.setattr(one.parts.shop.state.telemetry, "clock", lambda: seconds)
    await looking(one)
    begun, go = slow_commits(one, monkeypatch)
    moving = asyncio.ensure_future(one.advance(1))
    await begun.wait()
    seconds = 0.4
    go.set()
    await moving
    found = one.parts.shop.state.telemetry.responses.counts()
    assert found["signal timer 500"] == 1


async def test_a_fact_has_a_response_time_by_its_type(one: LiveServer) -> None:
    await one.facts(stock("RUN-42", "DE", 3), stock("RUN-43", "DE", 3))
    found = response_times(one.parts.shop.state.telemetry.responses.counts().items())
    (times,) = (times for times in found if (times.of, times.kind) == ("fact", "stock"))
    assert times.answers >= 2
