"""What a connection is answered, and what it leaves behind: nothing that the collector must find."""

import gc
from pathlib import Path
from typing import Any

import msgspec
import pytest

from journeys.fixture import CATALOGUE, rules
from support.builders import T0, offer
from support.live_server import live_server
from support.raw_connections import HELLO, RawClient, eventually, text, upgrade
from tactful.core.session.signals import PageViewed
from tactful.protocol.conversation import Conversation
from tactful.runtime.state.session_registry import SessionConnection
from tactful.transports.server.websocket import WebSocketConnection
from tactful.transports.sessions.connection_hub import ClientConnection
from tactful.transports.sessions.session_handler import MAX_QUERY_CHARS, wire_offer

OURS = (WebSocketConnection, ClientConnection, Conversation, SessionConnection)


def in_memory() -> set[type]:
    """Return those of `OURS` that have an instance in memory, reachable or not."""
    return {type(one) for one in gc.get_objects() if type(one) in OURS}


async def test_a_closed_connection_leaves_no_reference_cycle(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        gc.collect()
        gc.disable()
        try:
            shopper = await one.shopper()
            await shopper.view("RUN-42", 30)
            await shopper.offered()
            assert in_memory() == set(OURS)
            await shopper.leave()
            await eventually(lambda: not in_memory())
        finally:
            gc.enable()


async def test_a_refusal_names_the_message_on_the_connection_that_sent_it(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        asking = await one.shopper()
        other = await one.shopper(resume=asking.resume)
        await asking.say("accept", offer="of_unknown")
        refused = {"t": "refused", "code": "not_yours", "offer": "of_unknown"}
        assert await asking.expect("refused") == {**refused, "n": 2}
        assert await other.expect("refused") == refused


async def test_an_identity_that_cannot_be_verified_leaves_the_shopper_anonymous(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        for claim in ("", "c8", {"customer": "c8"}, {"customer": "c8", "hmac": None}):
            shopper = await one.shopper(consent="personal", identity=claim)
            await shopper.say("identify", identity=claim)
            await shopper.nothing()
            why = await one.http.get(
                "/v1/why", params={"sku": "RUN-42", "session": shopper.session}
            )
            assert "customer" not in why.json()


async def test_a_long_search_query_is_shortened(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        shopper = await one.shopper()
        await shopper.say("page", url="https://shop.example/s", kind="search", query="q" * 2_000)
        assert (
            one.parts.shop.state.registry.by_id[shopper.session].state.query
            == "q" * MAX_QUERY_CHARS
        )


async def test_new_sessions_of_an_address_are_limited_and_resumed_ones_are_not(
    tmp_path: Path,
) -> None:
    """Each session is kept for half an hour, so an address may not open any number."""
    async with live_server(tmp_path, rules()) as one:
        one.parts.hub.address_limiter._session_rate = 1, 3

        async def greeted(**more: Any) -> Any:
            async with RawClient.connect(one.listener.port, "127.0.0.2") as peer:
                await peer.send(upgrade() + text(HELLO | more))
                assert (await peer.head())[0] == 101
                opcode, said = await peer.frame()
                return int.from_bytes(said[:2]) if opcode == 8 else msgspec.json.decode(said)

        unknown = f"rs_{'A' * 43}"
        first, *_ = [await greeted(), await greeted(resume=unknown), await greeted()]
        assert await greeted() == 4429
        assert await greeted(resume=unknown) == 4429
        for _ in range(5):
            first = await greeted(resume=first["resume"])
            assert first["t"] == "welcome"
        assert len(one.parts.shop.state.registry) == 3


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://shop.example/run-42", "https://shop.example/run-42"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//evil.example/x", None),
    ],
)
def test_an_offer_is_sent_without_a_url_that_could_run_a_script(url: str, sent: str | None) -> None:
    found = wire_offer(offer(url=url, image=url), T0)
    assert (found.url, found.image) == (sent, sent)


async def test_a_page_with_a_session_id_and_an_email_is_recorded_without_them(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        shopper = await one.shopper(consent="anonymous")
        url = "https://shop.example/ann@mail.example/search?PHPSESSID=0a1b2c&utm_source=mail"
        await shopper.say("page", url=url, kind="search", query="boots ann@mail.example")
        live = one.parts.shop.state.registry.by_id[shopper.session]
        assert live.state.query == "boots *"
        pages = [each.signal for each in live.unwritten if isinstance(each.signal, PageViewed)]
        assert [page.url for page in pages] == ["https://shop.example/*/search?utm_source=mail"]


SOLD_AT = [
    {**fact, "url": "https://shop.example/aero"} if fact.get("title") == "Aero Runner"
    and fact["sku"] == "RUN-42" else fact
    for fact in CATALOGUE
]  # fmt: skip


async def test_a_page_without_markup_is_known_by_its_address(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*SOLD_AT)
        shopper = await one.shopper()
        await shopper.say("view", url="https://staging.example/aero/?utm_source=mail")
        await one.parts.shop.settled()
        await one.advance(30)
        assert (await shopper.offered())["sku"] == "RUN-42"


async def test_the_address_counts_where_the_shop_does_not_know_the_sku(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*SOLD_AT)
        await one.parts.shop.state.fact_cache.read_catalogue()
        known, unknown = await one.shopper(), await one.shopper()
        await unknown.say("view", sku="the page's own id", url="https://shop.example/aero")
        await known.say("view", sku="RUN-43", url="https://shop.example/aero")
        await one.parts.shop.settled()
        await one.advance(30)
        assert (await unknown.offered())["sku"] == "RUN-42"
        assert (await known.offered())["sku"] == "RUN-43"
