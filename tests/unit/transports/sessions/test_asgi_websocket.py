"""The session as an ASGI endpoint, in an app that is mounted in another server."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from support.raw_connections import (
    HELLO,
    ORIGIN,
    RecordingSessionHandler,
    eventually,
    policy,
    within,
)
from tactful.protocol import close_codes
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.sessions.asgi_websocket import websocket_routes
from tactful.transports.sessions.connection_hub import ConnectionHub

OTHER_ADDRESS = {"local_addr": ("127.0.0.2", 0)}  # this machine's own address has no limit


@asynccontextmanager
async def mounted(handler: Any = None, **limits: Any) -> AsyncIterator[Any]:
    """The endpoint under uvicorn's own listener."""
    hub = ConnectionHub(
        handler or RecordingSessionHandler(), policy(limits=AdmissionLimits(**limits))
    )
    app = Starlette(routes=list(websocket_routes(hub)))
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, ws="websockets-sansio")
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve())
    await eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield hub, f"ws://127.0.0.1:{port}/v1/session"
    finally:
        server.should_exit = True
        await within(serving)


def dial(url: str, **changes: Any) -> Any:
    return connect(url, **({"origin": ORIGIN, "subprotocols": ["tactful.v1"]} | changes))


async def greet(socket: Any, **changes: Any) -> Any:
    await socket.send(msgspec.json.encode(HELLO | changes), text=True)
    return msgspec.json.decode(await within(socket.recv()))


async def test_the_same_conversation_as_at_our_own_door() -> None:
    handler = RecordingSessionHandler()
    async with mounted(handler) as (hub, url):
        async with dial(url) as socket:
            assert socket.subprotocol == "tactful.v1"
            assert (await greet(socket, n=1))["t"] == "welcome"
            assert await within(socket.recv()) == '{"t":"ack","n":1}'
            assert handler.connections[0].address == "127.0.0.1"
            assert handler.connections[0].origin == ORIGIN
        await eventually(lambda: handler.named("closed"))
        assert hub.close_counts == {1000: 1}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ('{"t":"logout"}', 4401),
        ("nonsense", 4400),
        (b"binary", 1003),
        ("x" * 65_537, 1009),
    ],
)
async def test_the_same_rules_with_the_same_codes(sent: str | bytes, code: int) -> None:
    async with mounted() as (hub, url):
        async with dial(url) as socket:
            await socket.send(sent)
            with pytest.raises(ConnectionClosed) as closed:
                await within(socket.recv())
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == code
        await eventually(lambda: not hub.connections)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": None}, 403),
        ({"subprotocols": None}, 400),
        (
            {"additional_headers": {"Host": "evil.example"}},
            400,
        ),  # two hosts: the client sends its own
    ],
)
async def test_the_same_checks_before_the_upgrade(
    changes: dict[str, Any], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "uvicorn.error")  # it calls a denial an incomplete handshake
    handler = RecordingSessionHandler()
    async with mounted(handler) as (_, url):
        with pytest.raises(InvalidStatus) as refused:
            async with dial(url, **changes):
                pass
        assert refused.value.response.status_code == status
        assert not handler.events


async def test_a_full_address_and_a_closed_hub_are_rejected_with_their_status() -> None:
    async with mounted(per_address=1) as (hub, url), dial(url, **OTHER_ADDRESS) as first:
        await greet(first)
        with pytest.raises(InvalidStatus) as refused:
            async with dial(url, **OTHER_ADDRESS):
                pass
        assert refused.value.response.status_code == 429
        hub.closed = True
        with pytest.raises(InvalidStatus) as refused:
            async with dial(url):
                pass
        assert refused.value.response.status_code == 503


async def test_a_connection_is_free_again_when_its_client_has_gone() -> None:
    handler = RecordingSessionHandler()
    async with mounted(handler, per_address=1) as (_, url):
        for visits in range(1, 4):
            async with dial(url, **OTHER_ADDRESS) as socket:
                await greet(socket)
            await eventually(lambda number=visits: len(handler.named("closed")) == number)


async def test_a_handler_can_close_with_a_code() -> None:
    handler = RecordingSessionHandler()
    async with mounted(handler) as (_, url), dial(url) as socket:
        await greet(socket)
        handler.connections[0].close(close_codes.REPLACED, "A newer tab took over.")
        with pytest.raises(ConnectionClosed) as closed:
            await within(socket.recv())
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (
            4409,
            "A newer tab took over.",
        )


async def test_a_request_without_an_upgrade_gets_426() -> None:
    async with mounted() as (_, url), httpx.AsyncClient() as http:
        found = await http.get(url.replace("ws://", "http://"))
        assert found.status_code == 426


async def test_a_host_server_that_cannot_answer_with_http_closes_instead() -> None:
    hub = ConnectionHub(RecordingSessionHandler(), policy())
    app = Starlette(routes=list(websocket_routes(hub)))
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": "/v1/session",
        "headers": [(b"host", b"localhost"), (b"origin", b"https://evil.example")],
        "subprotocols": ["tactful.v1"],
    }
    await app(scope, receive, send)
    assert sent == [{"type": "websocket.close", "code": 4403, "reason": ""}]
