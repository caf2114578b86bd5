"""Bounds of the HTTP parser, and rejections of what is no HTTP."""

import asyncio
import logging
from typing import Any

import httptools
import pytest

from support.raw_connections import RawClient, eventually, running_listener
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server.http_protocol import MAX_PIPELINED, HttpProtocol

GET = b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
QUICK: dict[str, Any] = {"linger_ms": 100, "sweep_ms": 40}


class Waiting:
    """An application that answers on demand, and counts disconnected clients."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked = 0
        self.left = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.asked += 1
        while (message := await receive())["type"] == "http.request" and message["more_body"]:
            pass
        if message["type"] == "http.request":
            leaving = asyncio.ensure_future(receive())
            going = asyncio.ensure_future(self.go.wait())
            await asyncio.wait({leaving, going}, return_when=asyncio.FIRST_COMPLETED)
            self.left += leaving.done()
            leaving.cancel()
            going.cancel()
            await asyncio.gather(leaving, going, return_exceptions=True)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize(
    "sent",
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n",
        GET.replace(b"Host", b"Content-Length: -1\r\nHost"),
        POST.replace(b"Host", b"Content-Length: 2\r\nHost"),
        POST + b"zz\r\n",
    ],
    ids=["another version", "a tunnel", "a negative length", "two lengths", "no chunk"],
)
async def test_what_is_no_request_is_rejected_counted_and_not_logged(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with running_listener() as listener, RawClient.connect(listener.port) as peer:
        await peer.send(sent)
        status, head = await peer.head()
        assert status == 400
        assert "application/problem+json" in head
        assert b'"code":"head.malformed"' in await peer.rest()
        assert listener.state.hub.rejections == {"head.malformed": 1}
    assert [record for record in caplog.records if record.levelno < logging.ERROR] == []


async def test_a_waiting_request_is_abandoned_when_the_rest_is_no_http(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running_listener() as listener, RawClient.connect(listener.port) as peer:
        await peer.send(GET + b"no HTTP at all\r\n\r\n")
        assert (await peer.head())[0] == 400
        await eventually(lambda: not listener._uvicorn_state.tasks)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_an_upgrade_to_another_protocol_stays_http_and_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    async with running_listener() as listener, RawClient.connect(listener.port) as peer:
        await peer.send(
            GET.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
        )
        assert (await peer.head())[0] == 200
    assert caplog.records == []


async def test_the_number_of_pipelined_requests_is_bounded() -> None:
    app = Waiting()
    async with running_listener(app=app) as listener:
        async with RawClient.connect(listener.port) as peer:
            await peer.send(GET * (MAX_PIPELINED + 1))
            await eventually(lambda: app.asked == 1)
            app.go.set()
            for _ in range(MAX_PIPELINED + 1):
                assert (await peer.head())[0] == 204
        app.go.clear()
        async with RawClient.connect(listener.port) as peer:
            await peer.send(GET * 5_000)
            assert await peer.rest() == b""
        await eventually(lambda: listener.state.admission.connections == 0)


async def test_an_endless_trailer_or_extension_is_rejected() -> None:
    app = Waiting()
    async with running_listener(
        app=app, limits=AdmissionLimits(head_bytes=1_000, **QUICK)
    ) as listener:
        for rest in (b"1\r\na\r\n0\r\nX: " + b"a" * 9_000, b"1;" + b"a" * 9_000):
            async with RawClient.connect(listener.port) as peer:
                await peer.send(POST + rest)
                assert (await peer.head())[0] == 431


async def test_a_body_in_many_small_chunks_with_a_trailer_is_accepted() -> None:
    limits = AdmissionLimits(head_bytes=1_000, **QUICK)
    async with (
        running_listener(limits=limits) as listener,
        RawClient.connect(listener.port) as peer,
    ):
        for part in (POST, *[b"1\r\na\r\n"] * 5_000, b"0\r\nX: a\r\n\r\n"):
            await peer.send(part)
        assert (await peer.head())[0] == 200


async def test_a_disconnect_is_reported_to_the_request_in_progress() -> None:
    app = Waiting()
    async with running_listener(app=app) as listener:
        async with RawClient.connect(listener.port) as peer:
            await peer.send(GET * 2)
            await eventually(lambda: app.asked == 1)
        await eventually(lambda: app.left == 1)
        await eventually(lambda: not listener._uvicorn_state.tasks)
    assert app.asked == 1


def test_the_library_still_has_what_is_overridden() -> None:
    (parent,) = HttpProtocol.__bases__
    for name in set(vars(HttpProtocol)) - {
        "__module__",
        "__doc__",
        "__init__",
        "abandon_responses",
    }:
        assert hasattr(parent, name), name
    assert issubclass(httptools.HttpParserCallbackError, httptools.HttpParserError)


async def test_many_large_heads_on_one_connection_are_each_within_their_size() -> None:
    limits = AdmissionLimits(head_bytes=1_000, **QUICK)
    async with (
        running_listener(limits=limits) as listener,
        RawClient.connect(listener.port) as peer,
    ):
        for _ in range(50):
            await peer.send(GET.replace(b"Host", b"X: " + b"a" * 800 + b"\r\nHost"))
            assert (await peer.head())[0] == 200
            await peer.reader.readexactly(len("hello 127.0.0.1 /a 0"))


async def test_earlier_requests_do_not_pay_for_a_slow_body() -> None:
    limits = AdmissionLimits(body_grace_ms=100, **QUICK)
    async with (
        running_listener(limits=limits) as listener,
        RawClient.connect(listener.port) as peer,
    ):
        for _ in range(20):
            await peer.send(GET.replace(b"Host", b"X: " + b"a" * 8_000 + b"\r\nHost"))
            assert (await peer.head())[0] == 200
            await peer.reader.readexactly(len("hello 127.0.0.1 /a 0"))
        await peer.send(POST)
        assert (await peer.head())[0] == 408


async def test_a_response_after_a_rejection_is_not_written_and_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Waiting()
    limits = AdmissionLimits(body_grace_ms=50, **QUICK)
    async with (
        running_listener(app=app, limits=limits) as listener,
        RawClient.connect(listener.port) as peer,
    ):
        await peer.send(POST)
        assert (await peer.head())[0] == 408
        await eventually(lambda: not listener._uvicorn_state.tasks)
    assert caplog.records == []


@pytest.mark.parametrize(
    "begun", [False, True], ids=["before its answer", "after its answer began"]
)
async def test_garbage_behind_a_request_ends_both_and_is_not_logged(
    begun: bool, caplog: pytest.LogCaptureFixture
) -> None:
    go, asked = asyncio.Event(), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await Waiting()(scope, receive, send)
            return
        start = {"type": "http.response.start", "status": 200, "headers": []}
        if begun:
            await send(start)
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
        asked.set()
        await go.wait()
        if not begun:
            await send(start)
        await send({"type": "http.response.body", "body": b"whole"})

    async with (
        running_listener(app=app, limits=AdmissionLimits(**QUICK)) as listener,
        RawClient.connect(listener.port) as peer,
    ):
        await peer.send(GET)
        await asked.wait()
        await peer.send(b"\x00garbage\r\n\r\n")
        said = await peer.rest()
        go.set()
        await eventually(lambda: not listener._uvicorn_state.tasks)
    assert (b"head.malformed" in said) is not begun
    assert b"whole" not in said
    assert caplog.records == []
