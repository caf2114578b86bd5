"""Bounds of the HTTP parser, and rejections of what is no HTTP."""

import asyncio
import logging
import random  # noqa: TID251 - seeded
from typing import Any

import httptools
import pytest

from support.raw_connections import (
    HELLO,
    RawClient,
    RecordingSessionHandler,
    eventually,
    hello_app,
    running_listener,
    text,
    upgrade,
)
from support.request_bytes import compare_bytes
from support.request_pairs import Read, ServerReader, compare, honest, split
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server.http_protocol import MAX_PIPELINED, HttpProtocol

GET = b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
OFFER = (
    b"\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
)
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
        await peer.send(GET.replace(b"\r\n\r\n", OFFER) * 2)
        for _ in range(2):
            assert (await peer.head())[0] == 200
            await peer.reader.readexactly(len("hello 127.0.0.1 /a 0"))
    assert caplog.records == []


@pytest.mark.parametrize("first", [b"", GET], ids=["first request", "second request"])
@pytest.mark.parametrize("token", [b"h2c", b"websocket, h2c", b"TLS/1.0", b"websocket"])
async def test_a_body_behind_an_offer_to_upgrade_reaches_the_application(
    token: bytes, first: bytes
) -> None:
    head = POST.replace(b"\r\n\r\n", OFFER.replace(b"h2c", token))
    sent = head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(GET), GET)
    for cut in (0, len(head) - 1, len(head), len(head) + 4, len(head) + 30):
        async with running_listener() as listener, RawClient.connect(listener.port) as peer:
            if first:
                await peer.send(first)
                await peer.head()
                await peer.reader.readexactly(len("hello 127.0.0.1 /a 0"))
            await peer.send(sent[:cut])
            await asyncio.sleep(0)  # two reads, where the kernel does not join them
            await peer.send(sent[cut:] + GET.replace(b"/a", b"/b"))
            for expected in (f"hello 127.0.0.1 /a {len(GET)}", "hello 127.0.0.1 /b 0"):
                assert (await peer.head())[0] == 200
                assert await peer.reader.readexactly(len(expected)) == expected.encode()


async def test_a_websocket_offered_behind_an_unanswered_request_is_not_taken_up() -> None:
    app = Waiting()
    async with running_listener(app=app) as listener, RawClient.connect(listener.port) as peer:
        await peer.send(GET + upgrade())
        await eventually(lambda: app.asked == 1)
        app.go.set()
        for _ in range(2):
            assert (await peer.head())[0] == 204


async def test_a_websocket_opens_behind_an_answered_request_with_what_came_with_its_head() -> None:
    handler = RecordingSessionHandler()
    async with running_listener(handler) as listener, RawClient.connect(listener.port) as peer:
        await peer.send(GET)
        assert (await peer.head())[0] == 200
        await peer.reader.readexactly(len("hello 127.0.0.1 /a 0"))
        await peer.send(upgrade() + text(HELLO))
        assert (await peer.head())[0] == 101
        await eventually(lambda: len(handler.named("receive")) == 1)


@pytest.mark.parametrize(
    "sent",
    [
        POST.replace(b"chunked", b"gzip, chunked") + b"0\r\n\r\n",
        GET.replace(b"HTTP/1.1", b"HTTP/0.9"),
        GET.replace(b"HTTP/1.1", b"HTTP/2.0"),
        GET.replace(b"GET", b"CONNECT"),
    ],
    ids=["a coding", "an old version", "another protocol", "a tunnel to a path"],
)
async def test_a_request_that_nothing_here_can_read_is_rejected_and_ends_the_connection(
    sent: bytes,
) -> None:
    async with running_listener() as listener, RawClient.connect(listener.port) as peer:
        await peer.send(sent + GET)
        said = await peer.rest()
    assert said.startswith(b"HTTP/1.1 400 ")
    assert said.count(b"head.malformed") == 1
    assert b"hello" not in said


async def test_a_trailer_is_not_added_to_the_head() -> None:
    heads: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            heads.append(dict(scope["headers"]))
        await hello_app(scope, receive, send)

    async with running_listener(app=app) as listener, RawClient.connect(listener.port) as peer:
        await peer.send(POST + b"0\r\nAuthorization: Bearer of a neighbour\r\n\r\n")
        assert (await peer.head())[0] == 200
    assert heads == [{b"host": b"localhost", b"transfer-encoding": b"chunked"}]


@pytest.mark.parametrize(("version", "continued"), [("1.1", True), ("1.0", False)])
async def test_only_a_client_of_http_1_1_is_asked_to_continue(
    version: str, continued: bool
) -> None:
    head = f"POST /a HTTP/{version}\r\nHost: localhost\r\nContent-Length: 2\r\n"
    async with running_listener() as listener, RawClient.connect(listener.port) as peer:
        await peer.send(f"{head}Expect: 100-continue\r\n\r\n".encode())
        if continued:
            assert (await peer.head())[0] == 100
        await peer.send(b"ab")
        assert (await peer.head())[0] == 200


async def early_app(scope: Any, receive: Any, send: Any) -> None:
    """Answers before it has read a body."""
    if scope["type"] == "lifespan":
        await hello_app(scope, receive, send)
        return
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def test_the_rest_of_a_body_after_its_response_is_discarded() -> None:
    async with (
        running_listener(app=early_app) as listener,
        RawClient.connect(listener.port) as peer,
    ):
        await peer.send(POST.replace(b"Transfer-Encoding: chunked", b"Content-Length: 90000"))
        assert (await peer.head())[0] == 204
        for _ in range(3):
            await peer.send((GET * 1_000)[:30_000])
        await peer.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert (await peer.rest()).count(b"HTTP/1.1 204") == 1


@pytest.mark.parametrize("bad", [b"zz\r\n", b"1;" + b"a" * 90_000], ids=["no chunk", "no end"])
async def test_a_second_response_is_never_written_to_one_request(bad: bytes) -> None:
    async with (
        running_listener(app=early_app, limits=AdmissionLimits(**QUICK)) as listener,
        RawClient.connect(listener.port) as peer,
    ):
        await peer.send(POST)
        assert (await peer.head())[0] == 204
        await peer.send(bad)
        assert await peer.rest() == b""


def test_no_byte_of_a_body_starts_a_request() -> None:
    reader = ServerReader()
    for seed in range(1_500):
        pick = random.Random(seed)
        requests = [honest(pick) for _ in range(3)]
        data = b"".join(sent for sent, *_ in requests)
        found = reader.read(split(data, pick), late=pick.random() < 0.3)
        expected = [Read(*request[1:]) for request in requests][: len(found.requests)]
        assert found.requests == expected, seed
        # Fewer only where a request asked for the connection's end.
        assert len(found.requests) == 3 or not found.open, seed


@pytest.mark.parametrize(
    "pairs", [5_000, pytest.param(1_000_000, marks=pytest.mark.slow)], ids=["short", "long"]
)
def test_the_server_reads_no_request_that_h11_does_not_read(pairs: int) -> None:
    reader = ServerReader()
    assert [found for seed in range(pairs) if (found := compare(seed, reader))] == []


@pytest.mark.parametrize(
    "connections",
    [3_000, pytest.param(100_000, marks=pytest.mark.slow)],
    ids=["short", "long"],
)
def test_the_server_and_h11_agree_however_the_bytes_of_a_request_are_written(
    connections: int,
) -> None:
    reader = ServerReader()
    assert [found for seed in range(connections) if (found := compare_bytes(seed, reader))] == []


@pytest.mark.parametrize(
    "names",
    [("data_received", "on_headers_complete", "on_message_complete"), ("on_header",)],
    ids=["offers are kept", "codings are not checked"],
)
def test_the_comparison_notices_a_reader_of_other_boundaries(
    names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    (parent,) = HttpProtocol.__bases__
    for name in names:
        monkeypatch.setattr(HttpProtocol, name, getattr(parent, name))
    reader = ServerReader()
    assert any(compare(seed, reader) for seed in range(1_000))
    assert any(compare_bytes(seed, reader) for seed in range(3_000))


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
    own = {"abandon_responses", "may_reject"}
    private = {"_become_websocket", "_head", "_head_without_offer", "_takes_up_upgrade"}
    for name in set(vars(HttpProtocol)) - own - private:
        assert hasattr(parent, name), name
    # Called or read here.
    assert hasattr(parent, "_should_upgrade")
    assert hasattr(parent, "_unset_keepalive_if_required")
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
