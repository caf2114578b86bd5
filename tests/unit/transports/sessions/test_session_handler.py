"""What a connection is answered, and what it leaves behind: nothing that the collector must find."""

import gc
from pathlib import Path
from typing import Any

import msgspec

from journeys.fixture import CATALOGUE, rules
from support.live_server import live_server
from support.raw_connections import HELLO, RawClient, eventually, text, upgrade
from tactful.protocol.conversation import Conversation
from tactful.runtime.state.session_registry import SessionConnection
from tactful.transports.server.websocket import WebSocketConnection
from tactful.transports.sessions.connection_hub import ClientConnection
from tactful.transports.sessions.session_handler import MAX_QUERY_CHARS

OURS = (WebSocketConnection, ClientConnection, Conversation, SessionConnection)


def theirs() -> set[type]:
    """Of which of our kinds there is something in memory, reachable or not."""
    return {type(one) for one in gc.get_objects() if type(one) in OURS}


async def test_a_connection_that_is_gone_leaves_no_cycle(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        gc.collect()
        gc.disable()
        try:
            shopper = await one.shopper()
            await shopper.view("RUN-42", 30)
            await shopper.offered()
            assert theirs() == set(OURS)
            await shopper.leave()
            await eventually(lambda: not theirs())
        finally:
            gc.enable()


async def test_a_refusal_names_the_message_it_answers_where_it_was_asked(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        asking = await one.shopper()
        other = await one.shopper(resume=asking.resume)
        await asking.say("accept", offer="of_unknown")
        refused = {"t": "refused", "code": "not_yours", "offer": "of_unknown"}
        assert await asking.expect("refused") == {**refused, "n": 2}
        assert await other.expect("refused") == refused


async def test_an_identity_that_proves_nothing_leaves_the_shopper_connected_and_unknown(
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


async def test_who_searches_for_more_than_is_kept_stays_connected(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        shopper = await one.shopper()
        await shopper.say("page", url="https://shop.example/s", kind="search", query="q" * 2_000)
        assert (
            one.parts.shop.state.registry.by_id[shopper.session].state.query
            == "q" * MAX_QUERY_CHARS
        )


async def test_an_address_opens_so_many_sessions_and_comes_back_to_its_own_as_often_as_it_likes(
    tmp_path: Path,
) -> None:
    """Each session is kept for half an hour, whoever opened it."""
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
