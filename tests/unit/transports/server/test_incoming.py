"""Connections until their stack is known; the raw-frame suite has the long tables."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, cast

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from support.raw_connections import (
    HELLO,
    RawClient,
    RecordingSessionHandler,
    eventually,
    frame,
    running_listener,
    text,
    upgrade,
)
from tactful.transports.admission import address_limits
from tactful.transports.admission.client_address import TrustedProxies
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.sessions.connection_hub import ClientConnection

QUICK: dict[str, Any] = {"linger_ms": 100, "sweep_ms": 40}
GET = b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
ADDRESS = "127.0.0.2"
BODY = len("hello 127.0.0.1 /a 0")


async def test_http_and_sessions_share_one_port() -> None:
    async with running_listener() as listener:
        async with RawClient.connect(listener.port) as peer:
            await peer.send(GET)
            assert (await peer.head())[0] == 200
        async with RawClient.connect(listener.port) as peer:
            await peer.open_session()


async def test_an_http_answer_carries_the_date() -> None:
    async with running_listener() as listener, RawClient.connect(listener.port) as peer:
        await peer.send(GET)
        assert "date: " in (await peer.head())[1].lower()


async def test_an_address_with_too_many_connections_is_rejected() -> None:
    async with (
        running_listener(limits=AdmissionLimits(per_address=2, **QUICK)) as listener,
        AsyncExitStack() as stack,
    ):
        for _ in range(2):
            peer = await stack.enter_async_context(RawClient.connect(listener.port, ADDRESS))
            await peer.open_session()
        async with RawClient.connect(listener.port, ADDRESS) as third:
            status, head = await third.head()
            assert status == 429
            assert "Retry-After: 30" in head
    assert listener.state.hub.rejections == {"address.full": 1}


async def test_beyond_the_capacity_only_health_checks_are_served() -> None:
    limits = AdmissionLimits(connections=1, headroom=2, **QUICK)
    async with (
        running_listener(limits=limits) as listener,
        RawClient.connect(listener.port) as first,
    ):
        await first.open_session()
        for sent, status in ((HEALTH, 200), (GET, 503), (upgrade(), 503)):
            async with RawClient.connect(listener.port) as peer:
                await peer.send(sent)
                assert (await peer.head())[0] == status
            await eventually(lambda: listener.state.admission.connections == 1)


async def test_beyond_the_headroom_a_connection_is_rejected_at_once() -> None:
    limits = AdmissionLimits(connections=1, headroom=0, **QUICK)
    async with (
        running_listener(limits=limits) as listener,
        RawClient.connect(listener.port) as first,
    ):
        await first.open_session()
        async with RawClient.connect(listener.port) as peer:
            status, head = await peer.head()
            assert status == 503
            assert "Retry-After" in head
            assert b"server.full" in await peer.rest()
        await eventually(lambda: listener.state.admission.connections == 1)


async def test_a_closed_connection_makes_room() -> None:
    async with running_listener(limits=AdmissionLimits(per_address=1, **QUICK)) as listener:
        for _ in range(5):
            async with RawClient.connect(listener.port, ADDRESS) as peer:
                await peer.open_session()
                assert listener.state.admission.address_count == 1
            await eventually(lambda: listener.state.admission.connections == 0)
        assert listener.state.admission.address_count == 0


async def test_behind_a_trusted_proxy_each_client_is_an_address_of_its_own() -> None:
    handler = RecordingSessionHandler()
    proxies = TrustedProxies(["127.0.0.1"])
    limits = AdmissionLimits(per_address=1, **QUICK)
    async with (
        running_listener(handler, proxies=proxies, limits=limits) as listener,
        AsyncExitStack() as stack,
    ):
        for client in ("192.0.2.1", "192.0.2.2"):
            peer = await stack.enter_async_context(RawClient.connect(listener.port))
            await peer.handshake(X_Forwarded_For=client)
        assert sorted(each.address for each in handler.connections) == ["192.0.2.1", "192.0.2.2"]
        async with RawClient.connect(listener.port) as again:
            await again.send(upgrade(X_Forwarded_For="192.0.2.1"))
            assert (await again.head())[0] == 429


async def test_a_client_that_is_no_proxy_cannot_choose_its_address() -> None:
    handler = RecordingSessionHandler()
    async with running_listener(handler) as listener, RawClient.connect(listener.port) as peer:
        await peer.handshake(X_Forwarded_For="192.0.2.1")
        assert handler.connections[0].address == "127.0.0.1"


async def test_the_application_sees_the_clients_real_address() -> None:
    proxies = TrustedProxies(["127.0.0.1"])
    async with (
        running_listener(proxies=proxies) as listener,
        RawClient.connect(listener.port) as peer,
    ):
        await peer.send(GET.replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n"))
        await peer.head()
        assert (await peer.reader.readexactly(15)) == b"hello 192.0.2.9"


async def test_a_closed_hub_admits_no_session() -> None:
    async with running_listener(limits=AdmissionLimits(**QUICK)) as listener:
        listener.state.hub.close_all()
        async with RawClient.connect(listener.port) as peer:
            await peer.send(upgrade())
            status, head = await peer.head()
            assert status == 503
            assert "Retry-After: 1\r" in head


async def test_an_upgrade_on_a_used_connection_keeps_its_slot_and_its_address() -> None:
    handler = RecordingSessionHandler()
    async with running_listener(handler) as listener:
        async with RawClient.connect(listener.port) as peer:
            await peer.send(GET)
            await peer.head()
            await peer.reader.readexactly(BODY)
            await peer.open_session()
            assert listener.state.admission.connections == 1
            assert handler.connections[0].address == "127.0.0.1"
            assert len(listener.state.deadlines.watched()) == 1
        await eventually(lambda: listener.state.admission.connections == 0)
        assert listener.state.deadlines.watched() == []
        assert handler.named("closed")


async def test_an_upgrade_elsewhere_on_a_used_connection_is_refused() -> None:
    async with (
        running_listener(limits=AdmissionLimits(**QUICK)) as listener,
        RawClient.connect(listener.port) as peer,
    ):
        await peer.send(GET)
        await peer.head()
        await peer.reader.readexactly(BODY)
        await peer.send(upgrade("/elsewhere"))
        assert (await peer.head())[0] == 404


async def test_a_request_that_asks_for_another_upgrade_gets_a_plain_answer() -> None:
    async with running_listener() as listener, RawClient.connect(listener.port) as peer:
        head = b"GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
        await peer.send(head)
        assert (await peer.head())[0] == 200


@pytest.mark.parametrize("sent", [b"", upgrade()[:50], GET[:20]])
async def test_an_incomplete_head_is_rejected_in_time(sent: bytes) -> None:
    async with (
        running_listener(limits=AdmissionLimits(head_ms=600, **QUICK)) as listener,
        RawClient.connect(listener.port) as peer,
    ):
        await peer.send(sent)
        assert (b" 408 " in await peer.rest()) is bool(sent)
        await eventually(lambda: listener.state.admission.connections == 0)


async def test_a_second_request_must_be_complete_in_time_too() -> None:
    async with (
        running_listener(limits=AdmissionLimits(head_ms=600, **QUICK)) as listener,
        RawClient.connect(listener.port) as peer,
    ):
        await peer.send(GET)
        await peer.head()
        await peer.send(GET[:20])
        assert b"HTTP/1.1 408 " in await peer.rest()


async def endless(_: Request) -> Response:
    """Return a response that never ends, for a client that does not read."""

    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65_536
            await asyncio.sleep(0)

    return StreamingResponse(chunks())


async def test_a_client_that_stops_reading_an_answer_is_dropped() -> None:
    limits = AdmissionLimits(stalled_ms=100, **QUICK)
    app = Starlette(routes=[Route("/a", endless)])
    async with (
        running_listener(app=app, limits=limits) as listener,
        RawClient.connect(listener.port) as peer,
    ):
        cast("asyncio.Transport", peer.writer.transport).pause_reading()
        await peer.send(GET)
        await eventually(lambda: listener.state.admission.connections == 1)
        await eventually(lambda: listener.state.admission.connections == 0)


async def test_a_slow_body_is_rejected() -> None:
    limits = AdmissionLimits(body_grace_ms=80, **QUICK)
    async with (
        running_listener(limits=limits) as listener,
        RawClient.connect(listener.port) as peer,
    ):
        await peer.send(b"POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc")
        assert b"body.slow" in await peer.rest()


async def test_a_large_body_at_a_normal_rate_is_accepted() -> None:
    async with running_listener() as listener, RawClient.connect(listener.port) as peer:
        body = b"x" * 3_000_000
        head = f"POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        await peer.send(head.encode() + body)
        assert (await peer.head())[0] == 200
        assert (await peer.reader.readexactly(26)).endswith(b"3000000")


async def test_a_message_sent_while_opening_arrives() -> None:
    class Closing(RecordingSessionHandler):
        def connection_opened(self, connection: ClientConnection) -> None:
            super().connection_opened(connection)
            connection.send(b"early")

    async with running_listener(Closing()) as listener, RawClient.connect(listener.port) as peer:
        await peer.handshake()
        assert await peer.frame() == (1, b"early")
        await peer.send(text(HELLO) + frame(b"", 8))
        assert await peer.close_code() == 0


@pytest.mark.usefixtures("no_refill")
async def test_behind_a_trusted_proxy_each_client_has_a_rate() -> None:
    proxies = TrustedProxies(["127.0.0.1"])
    async with running_listener(
        proxies=proxies, limits=AdmissionLimits(request_burst=1, requests_per_s=1, **QUICK)
    ) as listener:
        for client, status in (("192.0.2.1", 101), ("192.0.2.2", 101), ("192.0.2.1", 429)):
            async with RawClient.connect(listener.port) as peer:
                await peer.send(upgrade(X_Forwarded_For=client))
                assert (await peer.head())[0] == status
        assert listener.state.hub.rejections == {"address.hurried": 1}


@pytest.mark.usefixtures("no_refill")
async def test_an_address_with_repeated_violations_is_rejected() -> None:
    limits = AdmissionLimits(request_burst=40, requests_per_s=1, **QUICK)
    async with running_listener(limits=limits) as listener:
        seen = []
        for _ in range(4):
            async with RawClient.connect(listener.port, ADDRESS) as peer:
                await peer.send(upgrade() + frame(b"garbage"))
                seen.append((await peer.rest())[9:12])
        assert seen == [b"101", b"101", b"101", b"429"]
        async with RawClient.connect(listener.port, "127.0.0.3") as peer:
            await peer.open_session()


@pytest.mark.usefixtures("no_refill")
async def test_a_flooding_address_gets_a_reason_and_is_then_dropped_without_a_response(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(address_limits, "EXPLAINED_REJECTIONS_PER_S", 1)
    limits = AdmissionLimits(request_burst=4, requests_per_s=1, **QUICK)
    async with (
        running_listener(limits=limits) as listener,
        RawClient.connect(listener.port, "127.0.0.3") as other,
    ):
        await other.open_session()
        for _ in range(4):
            async with RawClient.connect(listener.port, ADDRESS):
                pass
        answers = [b"not empty"]
        while answers[-1]:
            async with RawClient.connect(listener.port, ADDRESS) as peer:
                answers.append(await peer.rest())
        assert b" 429 Too Many Requests" in answers[1]
        assert b"address.hurried" in answers[1]
        assert listener.state.hub.rejections["address.hurried"] == len(answers) - 1
        await other.send(text({"t": "view", "sku": "still served", "n": 1}))
        assert await other.message() == {"t": "ack", "n": 1}
