"""Which session is explained for a customer, now and at a past instant, and from which turns."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, case, rules
from support.live_server import LiveServer, live_server
from tactful.api import representations
from tactful.core.context import Context
from tactful.core.explain import explain
from tactful.core.session.signals import ActivityReported
from tactful.runtime.ports.ledger_rows import Commit, TurnEntry
from tactful.runtime.services import explanations
from tactful.runtime.services.explanations import HypotheticalVisit, hypothetical_session
from tactful.runtime.turn_log.log_encoding import encode

CROWD = 40


async def explained(one: LiveServer, customer: str, sku: str = "RUN-42", **more: str) -> str:
    """Return the session that is explained for a customer."""
    query = {"sku": sku, "customer": customer, **more}
    answer = await one.http.get("/v1/why", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.json()["customer"] == customer
    return str(answer.json().get("session"))


@pytest.mark.parametrize("how", ["with the hello", "after it", "on coming back"])
async def test_an_identified_customer_is_explained_at_once(tmp_path: Path, how: str) -> None:
    """Many customers at once, each asked for at the instant of the welcome."""
    async with live_server(tmp_path, rules()) as one:
        customers = [f"c{number}" for number in range(CROWD)]
        await one.facts(
            *CATALOGUE, *(case(f"k-{customer}", customer, "late") for customer in customers)
        )

        async def arrive(customer: str) -> None:
            if how == "after it":
                shopper = await one.shopper(consent="personal")
                await shopper.say("identify", identity=one.identity(customer))
                session = (await shopper.expect("welcome"))["session"]
            else:
                anonymous = await one.shopper(consent="personal")
                back = {"resume": anonymous.resume} if how == "on coming back" else {}
                session = (await one.known(customer, **back)).session
            assert await explained(one, customer) == session.partition(".")[0]
            assert (await one.why("RUN-42", customer=customer))["reason"] == "service.open"

        await asyncio.gather(*(arrive(customer) for customer in customers))


async def test_the_open_session_of_a_customer_is_explained_before_a_closed_one(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        first = await one.known("c1")
        await one.advance(60)
        second = await one.known("c1")
        assert await explained(one, "c1") == second.session
        await second.leave()
        await one.parts.shop.settled()
        assert await explained(one, "c1") == first.session
        await first.leave()
        await one.parts.shop.settled()
        assert await explained(one, "c1") == second.session


async def test_a_past_instant_is_explained_by_the_session_of_then(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        first = await one.known("c1")
        await first.view("RUN-42", 60)
        second = await one.known("c1")
        await second.view("TRAIL-42", 60)
        assert await explained(one, "c1", at="2026-03-10T12:00:30Z") == first.session
        assert await explained(one, "c1", at="2026-03-10T12:01:30Z") == second.session
        assert await explained(one, "c1", at="2030-01-01T00:00:00Z") == second.session


async def test_a_past_instant_is_explained_from_all_turns_of_a_long_session(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("TRAIL-42", 1)
        shop = one.parts.shop
        for _ in range(1_001):  # one entry more than the ledger returns unless asked for more
            shop.ledger.record(Commit(entry=TurnEntry(
                session=shopper.session, customer=None, at=shop.clock.now(), rulebook="",
                signal=encode(ActivityReported("idle", 1)),
            )))  # fmt: skip
        await one.advance(1)
        await shopper.view("RUN-42", 40)
        found = await one.why("RUN-42", session=shopper.session, at="2026-03-10T12:00:20Z")
        assert found["reason"] == "timing.wait"
        found = await one.why("RUN-42", session=shopper.session, at="2026-03-10T12:00:35Z")
        assert "reason" not in found


def test_a_hypothetical_session_looks_at_the_item_with_the_consent_of_its_customer() -> None:
    visit = HypotheticalVisit(territory=None, dwell_ms=5)
    made = hypothetical_session("c1", "RUN-42", 99, visit, "DE")
    assert (made.customer, made.consent, made.territory) == ("c1", "personal", "DE")
    assert (made.focus, made.dwell(99), made.visible) == ("RUN-42", 5, True)
    anonymous = hypothetical_session(None, "RUN-42", 99, HypotheticalVisit("GB"), "DE")
    assert (anonymous.customer, anonymous.consent, anonymous.territory) == (None, "anonymous", "GB")


async def test_the_event_loop_neither_computes_nor_writes_an_explanation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def noted(function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            threads.append(threading.get_ident())
            return function(*arguments)

        return run

    monkeypatch.setattr(explanations, "explain", noted(explain))
    monkeypatch.setattr(representations, "explanation", noted(representations.explanation))
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        await one.why("RUN-42", session=shopper.session)
        await one.why("RUN-42", session=shopper.session, at="2026-03-10T12:00:10Z")
    assert len(threads) == 4
    assert threading.get_ident() not in threads


async def test_turns_that_go_on_change_nothing_of_what_an_explanation_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 10)
        state = one.parts.shop.state
        read: list[Context] = []

        def kept(context: Context, sku: str) -> Any:
            read.append(context)
            return explain(context, sku)

        monkeypatch.setattr(explanations, "explain", kept)
        await one.why("RUN-42", session=shopper.session)
        (context,) = read
        live = (state.balances.view(context.now), state.stock_commitments.totals)
        assert (context.balances, context.committed) == live
        await one.advance(20)
        await shopper.offered()
        assert context.balances != state.balances.view(context.now)
        assert context.committed != state.stock_commitments.totals
        for mine, shared in (
            (context.feed_heartbeats, state.feeds.heartbeats),
            (context.reductions.since, state.reductions.view.since),
            (context.reductions.counts, state.reductions.view.counts),
            (context.rates.log, state.conversions.view.log),
        ):
            assert mine is not shared
