"""`GET /v1/events` gives what happened to offers, and goes on from a cursor."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, rules
from support.documented_events import event_problems
from support.event_receiver import receiving
from support.live_server import PATIENCE, LiveServer, live_server
from support.raw_connections import eventually
from tactful.app import build
from tactful.config import Config, ConfigError
from tactful.connectors.outbound.event_sender import CURSOR_OWNER


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[LiveServer]:
    """A shop with rules and items."""
    async with live_server(tmp_path, rules()) as made:
        await made.facts(*CATALOGUE)
        yield made


async def test_the_life_of_an_offer_is_read_from_the_server(one: LiveServer) -> None:
    first = (await one.http.get("/v1/events", params={"after": "latest"})).json()
    assert first["events"] == []
    shopper = await one.known("mia")
    await shopper.view("RUN-42", 30)
    offer = await shopper.offered()
    token = await shopper.accept(offer["id"])
    answer = await one.redeem(token, "o1", customer="mia")
    assert answer.status_code == 200, answer.text
    page = (await one.http.get("/v1/events", params={"after": first["next"]})).json()
    found = [event for event in page["events"] if event["type"].startswith("offer.")]
    assert [problem for event in page["events"] for problem in event_problems(event)] == []
    types = [event["type"] for event in found]
    assert types == ["offer.pushed", "offer.shown", "offer.accepted", "offer.redeemed"]
    last = found[-1]["data"]
    assert (last["offer"], last["order"], last["customer"]) == (offer["id"], "o1", "mia")
    again = (await one.http.get("/v1/events", params={"after": page["next"]})).json()
    assert again["events"] == []


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"limit": "0"}, 400, "query.limit"),
        ({"limit": "x"}, 400, "query.limit"),
        ({"after": "x"}, 410, "events.cursor"),
        ({"after": "999999.0"}, 410, "events.cursor"),
    ],
)
async def test_what_cannot_be_read_is_refused_with_a_code(
    one: LiveServer, query: dict[str, str], status: int, code: str
) -> None:
    answer = await one.http.get("/v1/events", params=query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_events_need_the_server_key(one: LiveServer) -> None:
    answer = await one.http.get("/v1/events", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401


async def test_a_server_sends_its_events_to_the_receiver_of_the_settings(tmp_path: Path) -> None:
    with receiving() as receiver:
        settings = {"events_url": receiver.url, "events_secret": "whsec_" + "c2VjcmV0" * 4}
        async with live_server(tmp_path, rules(), **settings) as one:
            await one.facts(*CATALOGUE)
            ledger = one.parts.shop.ledger

            async with asyncio.timeout(PATIENCE):
                while not await ledger.cursors(CURSOR_OWNER):  # noqa: ASYNC110 -- it has no event
                    await asyncio.sleep(0.01)
            shopper = await one.known("mia")
            await shopper.view("RUN-42", 30)
            offer = await shopper.offered()

            def is_told() -> bool:
                pushed = ("offer.pushed", offer["id"])
                return pushed in [(got["type"], got["data"].get("offer")) for got in receiver.got]

            await eventually(is_told, PATIENCE)


async def test_a_secret_that_is_none_keeps_a_server_from_its_start(tmp_path: Path) -> None:
    for secret in (None, "whsec_", "ö"):
        config = Config(data=tmp_path, events_url="https://a.example", events_secret=secret)
        with pytest.raises(ConfigError, match="events_secret: The secret is"):
            build(config)
