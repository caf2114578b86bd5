"""Abuse of a running shop: fixated sessions, ids made of wildcards, bots, floods and crowds."""

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from journeys.fixture import CATALOGUE, case, order, rules
from journeys.raw_peers import VIEW, Served, serving
from support.live_server import LiveServer, Shopper, live_server
from support.manual_runner import ROOT
from support.raw_connections import RawClient, text

sys.path.append(str(ROOT / "tests" / "bench"))

from bench_hostile import attack
from good_client import Good


async def test_a_fixated_session_is_useless_to_the_attacker_after_the_victim_logs_in(
    tmp_path: Path,
) -> None:
    """The attacker passes on a session and its secret, and returns after the victim's login."""
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        attacker = await one.shopper()
        session, resume = attacker.session, attacker.resume
        await attacker.leave()
        one.shoppers.remove(attacker)
        victim = await one.shopper(resume=resume, consent="personal")
        await victim.say("identify", identity=one.identity("c1"))
        await victim.expect("welcome")
        again = await one.shopper(resume=resume)
        assert again.session not in {session, victim.session}
        assert again.session.partition(".")[0] != victim.session.partition(".")[0]
        why = await one.http.get("/v1/why", params={"sku": "RUN-42", "session": again.session})
        assert why.json().get("customer") is None


WILD = [
    "%",
    "_1",
    "c%",
    "' OR 1=1 --",
    'c"; DROP TABLE facts; --',
    "c1\x00",
    "c?",
    "[c]1",
    "*",
    "..%2fc1",
]


@pytest.mark.parametrize("wild", WILD)
async def test_an_id_of_wildcards_quotes_and_noise_matches_nothing(
    tmp_path: Path, wild: str
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(
            *CATALOGUE, order("o1", "c1", "RUN-42"), case("k1", "c1", "defect", skus=["RUN-42"])
        )
        for who in ({"customer": wild}, {"session": wild}, {"offer": wild}):
            found = await one.http.get("/v1/decisions", params=who)
            assert found.status_code in {404, 422} or found.json()["decisions"] == []
        export = await one.http.request("GET", path_of("/v1/customers/{}/export", wild))
        assert export.status_code in {400, 404, 422}, export.text
        assert (await one.http.delete(path_of("/v1/customers/{}", wild))).status_code < 500
        prices = await one.http.get(path_of("/v1/prices/{}", wild), params={"territory": "DE"})
        assert prices.status_code < 500
        kept = await one.http.get("/v1/customers/c1/export")
        assert {fact["fact"]["type"] for fact in kept.json()["facts"]} == {"order", "case"}


def path_of(template: str, ident: str) -> str:
    """A path with an id in it, as a client would write it."""
    return template.format(quote(ident, safe=""))


async def offers_to(one: LiveServer, count: int) -> list[Shopper]:
    """`count` sessions of a bot farm that view three items each, to collect offers."""
    found = [await one.shopper() for _ in range(count)]
    for sku in ("RUN-42", "RUN-43", "TRAIL-42"):
        for bot in found:
            await bot.say("view", sku=sku)
        await one.advance(31)
        await one.parts.shop.settled()
    return found


async def test_bots_hold_a_budget_only_while_their_offers_stand(tmp_path: Path) -> None:
    """Each bot has its caps, all share the budget; a human shopper is served after their offers ended."""
    async with live_server(tmp_path, rules(budget="{EUR: 100.00}")) as one:
        await one.facts(*CATALOGUE)
        bots = await offers_to(one, 8)
        offered = sum(frame["t"] == "offer" for bot in bots for frame in bot.frames)
        reserved, _ = await one.budget()
        assert offered > 0
        assert reserved <= 10_000
        assert all(sum(f["t"] == "offer" for f in bot.frames) <= 2 for bot in bots)
        for _ in range(3):  # the second offer, which each may have, ends too
            await one.advance(16 * 60)
        assert await one.budget() == (0, 0)
        human = await one.shopper()
        await human.view("RUN-42", 31)
        await human.offered()


async def test_a_flooding_client_is_closed_and_all_others_are_answered(server: Served) -> None:
    async with AsyncExitStack() as stack:
        others = [
            await stack.enter_async_context(RawClient.connect(server.port)) for _ in range(30)
        ]
        for other in others:
            await other.open_session()
        flooder = await stack.enter_async_context(RawClient.connect(server.port))
        await flooder.open_session()
        flooding = asyncio.ensure_future(flooder.send(text(VIEW) * 2_000))
        for other in others:
            await other.send(text(VIEW))
        assert [(await other.message())["t"] for other in others] == ["withdraw"] * 30
        assert await flooder.close_code() == 4429
        await asyncio.gather(flooding, return_exceptions=True)


async def test_hostile_peers_neither_exclude_a_good_client_nor_cost_much(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The short form of `bench_hostile.py`: peers that never read, fall silent, or stop in the handshake."""
    crowds = {"never_readers": 40, "silent": 40, "half_handshakes": 200}
    with serving(tmp_path_factory, "crowd", linger_ms=300, unlimited=["127.0.0.1"]) as server:
        good, before = Good(server.port), server.rss_kib()
        peers = await attack(server.port, good, crowds)
        await good.visit(answers=20)
        for peer in peers:
            peer.close()
        assert len(good.answer_ms) == 100
        assert server.rss_kib() - before < 250 * 1_024 * sum(crowds.values()) // 7_000 + 8_192
