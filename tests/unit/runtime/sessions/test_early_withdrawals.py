"""Withdrawals before their turns: which are certain, and what follows until the turn."""

from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, rules, stock
from support.live_server import LiveServer, Shopper, live_server
from tactful.core.session.signals import FactsChanged
from tactful.runtime.sessions import fanout
from tactful.runtime.sessions.early_withdrawals import EarlyWithdrawals
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.turn_phase import TurnPhase


async def offered(one: LiveServer) -> tuple[Shopper, LiveSession, str]:
    """A shopper with an offer on the screen, their session, and the offer's id."""
    shopper = await one.shopper()
    await shopper.view("RUN-42", 30)
    offer = (await shopper.offered())["id"]
    return shopper, one.parts.shop.state.registry.by_id[shopper.session], offer


def sell_out(one: LiveServer) -> None:
    """Let memory know of an empty shelf of which no session has been notified."""
    cache = one.parts.shop.state.fact_cache
    item = cache.item("RUN-42")
    assert item is not None
    cache._items["RUN-42"] = type(item)(sku=item.sku, product=item.product, prices=item.prices)


def early(one: LiveServer) -> EarlyWithdrawals:
    return EarlyWithdrawals(one.parts.shop.state, one.parts.shop.turns)


async def test_the_frame_comes_before_the_turn(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper, live, offer = await offered(one)
        seq = live.state.seq
        sell_out(one)
        early(one).send(live)
        assert (await shopper.expect("withdraw"))["seq"] == seq + 1
        assert [standing.id for standing in live.state.offers] == [offer]
        assert live.mailbox == [FactsChanged(offer, "stock.out")]
        one.parts.shop.turns.run_waiting(live)
        assert (live.state.offers, live.state.seq, live.early) == ((), seq + 1, None)
        await shopper.nothing()
        reasons = [step["reason"] for step in await one.decisions(session=shopper.session)]
        assert "stock.out" in str(reasons)


async def test_a_snapshot_before_the_turn_does_not_keep_the_offer_on_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "CHUNK", 1)
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shoppers = [await offered(one) for _ in range(2)]
        shop = one.parts.shop
        sell_out(one)
        send = shop.turns.send_early

        def send_and_refresh(live: LiveSession, *rest: object) -> None:
            send(live, *rest)  # type: ignore[arg-type]
            shop.lifecycle.refresh(next(iter(live.connections.values())))

        monkeypatch.setattr(shop.turns, "send_early", send_and_refresh)
        await shop.fanout.notify([live for _, live, _ in shoppers])
        for shopper, live, offer in shoppers:
            assert (await shopper.expect("withdraw"))["offer"] == offer
            assert [one["id"] for one in (await shopper.expect("welcome"))["offers"]] == [offer]
            assert (await shopper.expect("withdraw"))["offer"] == offer
            assert (live.state.offers, live.mailbox) == ((), [])


async def test_the_next_signal_of_the_shopper_runs_the_turn_first(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper, live, offer = await offered(one)
        sell_out(one)
        early(one).send(live)
        await shopper.say("accept", offer=offer)
        assert (await shopper.expect("refused"))["code"] == "ended"
        assert live.state.offers == ()


async def test_an_offer_that_was_withdrawn_early_ends_even_if_the_item_is_back(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper, live, _ = await offered(one)
        sell_out(one)
        early(one).send(live)
        await one.facts(stock("RUN-42", "DE", 5, version=9))
        await shopper.expect("withdraw")
        assert live.state.offers == ()
        await shopper.nothing()


@pytest.mark.parametrize("obstacle", ["busy", "signal waits", "nobody connected", "lapsed", "none"])
async def test_a_turn_that_could_come_out_differently_is_not_anticipated(
    tmp_path: Path, obstacle: str
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        _, live, _ = await offered(one)
        sell_out(one)
        withdrawals = early(one)
        connections = dict(live.connections)
        match obstacle:
            case "busy":
                live.phase = TurnPhase.COMMITTING
            case "signal waits":
                live.mailbox.append(FactsChanged())
            case "nobody connected":
                live.connections.clear()
            case "lapsed":
                withdrawals._now = live.state.offers[0].ends_at
        withdrawals.send(live)
        assert (live.early is not None) == (obstacle == "none")
        live.phase, live.connections = TurnPhase.IDLE, connections


async def test_an_offer_that_may_stand_is_left_to_its_turn(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        _, live, _ = await offered(one)
        early(one).send(live)
        assert live.early is None


async def test_all_frames_of_a_fan_out_come_before_its_first_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "CHUNK", 1)
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shoppers = [await offered(one) for _ in range(3)]
        turns = one.parts.shop.turns
        acts: list[str] = []
        run, send = turns.run_waiting, turns.send_early

        def noted_run(live: LiveSession) -> None:
            acts.append("turn")
            run(live)

        def noted_send(live: LiveSession, *rest: object) -> None:
            acts.append("frame")
            send(live, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(turns, "run_waiting", noted_run)
        monkeypatch.setattr(turns, "send_early", noted_send)
        await one.facts(stock("RUN-42", "DE", 0, version=9))
        assert acts == ["frame"] * 3 + ["turn"] * 3
        for shopper, live, offer in shoppers:
            assert (await shopper.expect("withdraw"))["offer"] == offer
            assert live.state.offers == ()
            await shopper.nothing()
