"""The session over server-sent events and posts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette

from support.raw_connections import (
    HELLO,
    ORIGIN,
    RawClient,
    RecordingSessionHandler,
    eventually,
    policy,
    within,
)
from tactful.protocol import close_codes
from tactful.protocol.conversation import ProtocolTiming
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server.listener import ListenAddress, Listener
from tactful.transports.sessions.connection_hub import ConnectionHub
from tactful.transports.sessions.sse import STREAM_PATH, EventStreams

FROM_SHOP = {"Origin": ORIGIN}
QUICK = {"linger_ms": 100, "sweep_ms": 40}


@asynccontextmanager
async def serving(handler: Any = None, **limits: Any) -> AsyncIterator[Any]:
    hub = ConnectionHub(
        handler or RecordingSessionHandler(), policy(limits=AdmissionLimits(**(QUICK | limits)))
    )
    app = Starlette(routes=list(EventStreams(hub).routes()))
    listener = Listener(app, hub, ListenAddress(port=0))
    await listener.start()
    base = f"http://127.0.0.1:{listener.port}"
    async with httpx.AsyncClient(base_url=base, headers=FROM_SHOP, timeout=30) as http:
        try:
            yield listener, http
        finally:
            await listener.close()


class Down:
    """The events of one stream."""

    def __init__(self, response: httpx.Response) -> None:
        self.headers = response.headers
        self._lines = response.aiter_lines()
        self.path = ""

    async def event(self) -> Any:
        line = await within(anext(self._lines))
        assert line.startswith("data: ")
        assert await within(anext(self._lines)) == ""
        return msgspec.json.decode(line.removeprefix("data: "))

    async def ended(self) -> bool:
        with pytest.raises(StopAsyncIteration):
            await within(anext(self._lines))
        return True


@asynccontextmanager
async def stream(http: httpx.AsyncClient) -> AsyncIterator[Down]:
    async with http.stream("GET", STREAM_PATH) as response:
        assert response.status_code == 200
        down = Down(response)
        first = await down.event()
        assert first["t"] == "stream"
        down.path = f"{STREAM_PATH}/{first['stream']}"
        yield down


async def test_messages_go_up_by_post_and_come_down_as_events() -> None:
    handler = RecordingSessionHandler()
    async with serving(handler) as (_, http), stream(http) as down:
        assert (await http.post(down.path, json=HELLO)).status_code == 204
        assert (await down.event())["t"] == "welcome"
        await http.post(down.path, json={"t": "view", "sku": "a", "n": 1})
        assert await down.event() == {"t": "ack", "n": 1}
    assert [event[0] for event in handler.events] == ["open", "receive", "receive", "closed"]


async def test_several_messages_in_one_post_are_received_in_order_with_one_acknowledgement() -> (
    None
):
    handler = RecordingSessionHandler()
    async with serving(handler) as (_, http), stream(http) as down:
        views = [{"t": "view", "sku": str(n), "n": n} for n in (1, 2, 3)]
        await http.post(down.path, json=[HELLO, *views])
        assert [(await down.event())["t"] for _ in range(2)] == ["welcome", "ack"]
    assert [event[1].n for event in handler.named("receive")] == [None, 1, 2, 3]


async def test_a_text_body_is_accepted() -> None:
    async with serving() as (_, http), stream(http) as down:
        body = msgspec.json.encode(HELLO)
        found = await http.post(down.path, content=body, headers={"Content-Type": "text/plain"})
        assert found.status_code == 204
        assert (await down.event())["t"] == "welcome"


async def test_the_page_may_read_the_responses_and_they_are_not_cached() -> None:
    async with serving() as (_, http), stream(http) as down:
        assert down.headers["access-control-allow-origin"] == ORIGIN
        assert "access-control-allow-credentials" not in down.headers
        assert down.headers["vary"] == "Origin"
        assert down.headers["cache-control"] == "no-store"
        assert down.headers["content-type"].startswith("text/event-stream")


async def test_a_preflight_is_answered_for_pages_of_the_shop_only() -> None:
    async with serving() as (_, http):
        for path in (STREAM_PATH, f"{STREAM_PATH}/x"):
            found = await http.options(path)
            assert found.status_code == 204
            assert found.headers["access-control-allow-methods"] == "GET, POST"
            evil = await http.options(path, headers={"Origin": "https://evil.example"})
            assert evil.status_code == 403
            assert "access-control-allow-origin" not in evil.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ORIGIN + ".evil.example"])
async def test_another_page_gets_no_stream_and_may_not_post(origin: str) -> None:
    handler = RecordingSessionHandler()
    async with serving(handler) as (_, http), stream(http) as down:
        evil = {"Origin": origin}
        assert (await http.get(STREAM_PATH, headers=evil)).status_code == 403
        assert (await http.post(down.path, json=HELLO, headers=evil)).status_code == 403
        assert not handler.named("receive")


async def test_an_unknown_stream_is_not_found() -> None:
    async with serving() as (_, http):
        found = await http.post(f"{STREAM_PATH}/guessed", json=HELLO)
        assert (found.status_code, found.json()["code"]) == (404, "stream.unknown")


async def test_a_message_that_breaks_a_rule_ends_the_stream_with_the_close_code() -> None:
    async with serving() as (listener, http), stream(http) as down:
        assert (await http.post(down.path, json={"t": "buy"})).status_code == 204
        closed = await down.event()
        assert (closed["t"], closed["code"]) == ("closed", 4400)
        assert await down.ended()
        assert (await http.post(down.path, json=HELLO)).status_code == 404
        assert listener.state.hub.close_counts == {4400: 1}


async def test_after_a_message_that_ends_the_stream_the_rest_of_the_post_is_dropped() -> None:
    handler = RecordingSessionHandler()
    async with serving(handler) as (_, http), stream(http) as down:
        await http.post(down.path, json=[HELLO, HELLO, {"t": "logout"}])
        assert (await down.event())["t"] == "welcome"
        assert (await down.event())["code"] == 4400
    assert len(handler.named("receive")) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[", 400),
        (b"[1, 2", 400),
        (b"[" * 50_000, 400),
        (b'["\xff"]', 204),  # a message that is no message: the stream is closed for it
        (b"[" + b",".join([b"{}"] * 65) + b"]", 400),
        (b"x" * 65_537, 413),
    ],
)
async def test_a_post_that_is_no_message_or_array_is_refused(body: bytes, status: int) -> None:
    async with serving() as (_, http), stream(http) as down:
        found = await http.post(down.path, content=body)
        assert found.status_code == status
        assert found.headers["access-control-allow-origin"] == ORIGIN


async def test_a_client_that_leaves_is_forgotten() -> None:
    handler = RecordingSessionHandler()
    async with serving(handler) as (listener, http):
        async with stream(http):
            assert len(listener.state.hub.connections) == 1
        await eventually(lambda: handler.named("closed"))
        assert not listener.state.hub.connections


async def test_a_client_that_leaves_before_the_first_event_is_forgotten_too() -> None:
    handler = RecordingSessionHandler()
    async with serving(handler) as (listener, _):
        for _ in range(20):
            async with RawClient.connect(listener.port) as peer:
                head = f"GET {STREAM_PATH} HTTP/1.1\r\nHost: localhost\r\nOrigin: {ORIGIN}\r\n\r\n"
                await peer.send(head.encode())
        await eventually(lambda: len(handler.named("open")) == len(handler.named("closed")))
        assert not listener.state.hub.connections


async def test_no_hello_in_time_ends_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tactful.transports.sessions.send_queue.TICK_S", 0.02)
    async with serving(timing=ProtocolTiming(hello_ms=50)) as (_, http), stream(http) as down:
        assert (await down.event())["code"] == close_codes.NO_HELLO.code


async def test_a_handler_can_end_the_stream() -> None:
    handler = RecordingSessionHandler()
    async with serving(handler) as (_, http), stream(http) as down:
        handler.connections[0].close(close_codes.REPLACED, "A newer tab took over.")
        expected = {"t": "closed", "code": 4409, "reason": "A newer tab took over."}
        assert await down.event() == expected
        assert await down.ended()


async def test_a_drain_sends_bye_on_streams_too() -> None:
    async with serving() as (listener, http), stream(http) as down:
        await http.post(down.path, json=HELLO)
        assert (await down.event())["t"] == "welcome"
        draining = asyncio.ensure_future(listener.drain(notice_s=0.1))
        assert (await down.event())["t"] == "bye"
        await within(draining)
        assert (await down.event())["code"] == 1001


async def test_a_closed_hub_opens_no_stream() -> None:
    async with serving() as (listener, http):
        listener.state.hub.close_all()
        found = await http.get(STREAM_PATH)
        assert found.status_code == 503
        assert found.headers["retry-after"] == "1"


async def test_streams_have_a_maximum_per_address_of_their_own() -> None:
    hub = ConnectionHub(RecordingSessionHandler(), policy(limits=AdmissionLimits(per_address=1)))
    streams = EventStreams(hub)
    app = Starlette(routes=list(streams.routes()))
    mounted = httpx.ASGITransport(app, client=("192.0.2.1", 4711))
    assert streams.admission.claim_address("192.0.2.1")
    async with httpx.AsyncClient(transport=mounted, base_url="http://localhost") as http:
        found = await http.get(STREAM_PATH, headers=FROM_SHOP)
    assert found.status_code == 429
    assert streams.admission.connections == 0


async def test_a_post_from_another_allowed_origin_does_not_reach_the_stream() -> None:
    hub = ConnectionHub(
        RecordingSessionHandler(), policy(origins=frozenset({ORIGIN, "https://b.example"}))
    )
    app = Starlette(routes=list(EventStreams(hub).routes()))
    listener = Listener(app, hub, ListenAddress(port=0))
    await listener.start()
    base = f"http://127.0.0.1:{listener.port}"
    async with httpx.AsyncClient(base_url=base, headers=FROM_SHOP) as http, stream(http) as down:
        other = await http.post(down.path, json=HELLO, headers={"Origin": "https://b.example"})
        assert other.status_code == 404
    await listener.close()


@pytest.mark.usefixtures("no_refill")
async def test_posts_to_a_stream_are_charged_as_messages_and_not_as_requests() -> None:
    async with serving(request_burst=6, requests_per_s=1) as (_, http), stream(http) as down:
        for number in range(1, 21):
            said = HELLO if number == 1 else {"t": "view", "sku": "a", "n": number}
            assert (await http.post(down.path, json=said)).status_code == 204
        found = [await http.post(f"{STREAM_PATH}/none", json=HELLO) for _ in range(6)]
        assert {each.status_code for each in found} == {404, 429}


async def test_an_empty_post_is_charged_as_a_message() -> None:
    rhythm = ProtocolTiming(per_second=1, burst=5)
    async with serving(timing=rhythm) as (_, http), stream(http) as down:
        await http.post(down.path, json=HELLO)
        assert (await down.event())["t"] == "welcome"
        for _ in range(40):
            await http.post(down.path, content=b"[]")
        assert (await down.event())["code"] == 4429


async def test_a_head_request_opens_no_stream() -> None:
    handler = RecordingSessionHandler()
    async with serving(handler) as (_, http):
        answer = await http.head(STREAM_PATH)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert handler.events == []
