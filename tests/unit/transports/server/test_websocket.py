"""One WebSocket after its handshake; the raw-frame suite has the long tables."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import pytest

from support.raw_connections import (
    HELLO,
    WELCOME,
    RawClient,
    RecordingSessionHandler,
    eventually,
    frame,
    running_listener,
    text,
    upgrade,
    within,
)
from tactful.protocol import close_codes
from tactful.protocol.messages import ClientMessage, View
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server import websocket
from tactful.transports.server.server_state import ConnectionSlot
from tactful.transports.server.websocket import WebSocketConnection
from tactful.transports.sessions.connection_hub import ClientConnection

VIEW = {"t": "view", "sku": "a"}
QUICK: dict[str, Any] = {"linger_ms": 100, "sweep_ms": 40}


class Writes:
    """A transport that records its writes; other tests of this file use real sockets."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(bytes(data))

    def set_write_buffer_limits(self, high: int) -> None:
        self.high = high

    def get_write_buffer_size(self) -> int:
        return 0


class Closable(Writes):
    """A transport that can be closed."""

    def is_closing(self) -> bool:
        return False

    def write_eof(self) -> None:
        pass

    def close(self) -> None:
        pass


class Thrice:
    """A consumer that answers each message three times and records what it is charged."""

    def __init__(self, link: WebSocketConnection) -> None:
        self.link = link
        self.charged: list[int] = []

    def charge_frame(self, size: int) -> bool:
        self.charged.append(size)
        return True

    def receive_binary(self, payload: bytes) -> None:
        raise AssertionError(payload)

    def tick(self, now: int) -> None:
        pass

    def client_lagging(self) -> None:
        pass

    def client_caught_up(self) -> None:
        pass

    def connection_lost(self, code: int) -> None:
        pass

    def begin_read(self, now: int) -> None:
        pass

    def receive_text(self, payload: bytes) -> None:
        for _ in range(3):
            self.link.send(payload)

    def end_read(self) -> None:
        self.link.send(b"end")


def connection_of(transport: Writes) -> WebSocketConnection:
    slot = ConnectionSlot.__new__(ConnectionSlot)  # not used before the connection is lost
    return WebSocketConnection(cast("Any", transport), AdmissionLimits(), lambda: 1, slot)


def test_messages_sent_within_one_read_are_written_at_once() -> None:
    transport = Writes()
    link = connection_of(transport)
    link.consumer = Thrice(link)
    link.data_received(frame(b"x") + frame(b"y"))
    assert transport.written == [b"\x81\x01x" * 3 + b"\x81\x01y" * 3 + b"\x81\x03end"]


def test_a_message_sent_outside_a_read_is_written_immediately() -> None:
    transport = Writes()
    link = connection_of(transport)
    link.send(b"a")
    link.send(b"b" * 200)
    link.send(b"c" * 70_000)
    link.send_binary(b"d")
    assert [each[:4] for each in transport.written] == [
        b"\x81\x01a",
        b"\x81\x7e\x00\xc8",
        b"\x81\x7f\x00\x00",
        b"\x82\x01d",
    ]
    assert len(transport.written[2]) == 70_010


def test_the_fallback_parser_is_dropped_when_it_has_nothing_left_to_do() -> None:
    transport = Writes()
    link = connection_of(transport)
    link.consumer = Thrice(link)
    link.data_received(frame(b"p", 9))
    assert link._fallback is None
    link.data_received(frame(b"x", 1, fin=False))
    assert link._fallback is not None
    half = frame(b"y", 0)
    link.data_received(half[:3])
    assert link._fallback is not None
    link.data_received(half[3:])
    assert link._fallback is None


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_common_frame_cut_once_needs_no_fallback_parser(cut: int) -> None:
    transport = Writes()
    link = connection_of(transport)
    link.consumer = Thrice(link)
    whole = frame(b"hello!")
    link.data_received(whole[:cut])
    assert link._fallback is None
    link.data_received(whole[cut:])
    assert link._fallback is None
    assert transport.written[-1].startswith(b"\x81\x06hello!")


@pytest.mark.parametrize("payload", [b"", b"a", b"a" * 125])
def test_a_ping_is_answered_inline_and_costs_ten_messages(payload: bytes) -> None:
    transport = Writes()
    link = connection_of(transport)
    link.consumer = consumer = Thrice(link)
    link.data_received(frame(payload, 9) * 2 + frame(b"hello!"))
    assert link._fallback is None
    pong = bytes((0x8A, len(payload))) + payload
    assert b"".join(transport.written).startswith(pong * 2 + b"\x81\x06hello!")
    assert [1 + size // AdmissionLimits().timing.unit_bytes for size in consumer.charged] == [
        10,
        10,
    ]


def test_a_pong_is_written_before_the_response_to_a_message_that_is_complete_later() -> None:
    transport = Writes()
    link = connection_of(transport)
    link.consumer = Thrice(link)
    one, ping, other = frame(b"x", 1, fin=False), frame(b"p", 9), frame(b"y", 0)
    link.data_received(one + ping + other + frame(b"q", 9) + frame(b"z"))
    echo = b"\x81\x02xy" * 3
    assert b"".join(transport.written) == (
        b"\x8a\x01p" + echo + b"\x8a\x01q" + b"\x81\x01z" * 3 + b"\x81\x03end"
    )


def test_a_close_frame_is_answered_after_the_messages_and_pings_before_it() -> None:
    transport = Closable()
    link = connection_of(transport)
    link.consumer = Thrice(link)
    sent = frame(b"x", 1, fin=False) + frame(b"y", 0) + frame(b"p", 9) + frame(b"\x03\xe8", 8)
    link.data_received(sent)
    written = b"".join(transport.written)
    assert written == b"\x81\x02xy" * 3 + b"\x8a\x01p" + b"\x88\x02\x03\xe8"


def test_a_ping_cut_by_a_read_is_answered_when_it_is_complete() -> None:
    transport = Writes()
    link = connection_of(transport)
    link.consumer = Thrice(link)
    whole = frame(b"abc", 9)
    link.data_received(whole[:5])
    link.data_received(whole[5:])
    assert b"\x8a\x03abc" in b"".join(transport.written)


def test_a_common_frame_cut_often_uses_the_fallback_parser() -> None:
    transport = Writes()
    link = connection_of(transport)
    link.consumer = Thrice(link)
    whole = frame(b"h" * 300)
    for place in range(len(whole) - 1):
        link.data_received(whole[place : place + 1])
    assert link._fallback is not None
    link.data_received(whole[-1:])
    assert link._fallback is None
    assert b"h" * 300 in transport.written[-1]


@contextmanager
def reluctant(port: int) -> Iterator[socket.socket]:
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        peer.connect(("127.0.0.1", port))
        peer.sendall(upgrade() + text(HELLO))
        yield peer


class Generous(RecordingSessionHandler):
    """Sends 20 KiB for a view, unless the client lags, and the last word when it catches up."""

    def message_received(self, connection: ClientConnection, message: ClientMessage) -> None:
        super().message_received(connection, message)
        if isinstance(message, View) and not self.named("slow"):
            connection.send(b"x" * 20_000)

    def client_caught_up(self, connection: ClientConnection) -> None:
        super().client_caught_up(connection)
        connection.send(b"latest")


async def ask_until_slow(peer: socket.socket, handler: RecordingSessionHandler) -> None:
    """Ask, one read at a time, until the answers are more than the kernel takes."""
    peer.setblocking(False)
    for _ in range(200):
        asked = len(handler.events)
        await asyncio.get_running_loop().sock_sendall(peer, text(VIEW))
        await eventually(partial(more_than, handler.events, asked))
        if handler.named("slow"):
            return
    raise AssertionError("the kernel takes everything")


def more_than(events: list[Any], number: int) -> bool:
    return len(events) > number


async def test_a_client_that_catches_up_gets_the_latest_state() -> None:
    handler = Generous()
    async with running_listener(handler, limits=AdmissionLimits(slow_bytes=4_096)) as listener:
        with reluctant(listener.port) as peer:
            await ask_until_slow(peer, handler)
            seen = b""
            while not seen.endswith(b"latest"):
                chunk = await within(asyncio.get_running_loop().sock_recv(peer, 65_536))
                assert chunk
                seen += chunk
            assert handler.named("caught_up")
            assert not handler.named("closed")


async def test_a_client_that_keeps_lagging_is_dropped() -> None:
    handler = Generous()
    limits = AdmissionLimits(slow_bytes=4_096, stalled_ms=100, **QUICK)
    async with running_listener(handler, limits=limits) as listener:
        with reluctant(listener.port) as peer:
            await ask_until_slow(peer, handler)
            await eventually(lambda: handler.named("closed"))
        assert listener.state.hub.close_counts == {4408: 1}


async def test_a_client_with_too_many_unread_bytes_is_dropped() -> None:
    class Deaf(RecordingSessionHandler):
        def message_received(self, connection: ClientConnection, message: ClientMessage) -> None:
            super().message_received(connection, message)
            for _ in range(3_000):
                connection.send(b"x" * 1_000)

    handler = Deaf()
    async with running_listener(handler, limits=AdmissionLimits(**QUICK)) as listener:
        with reluctant(listener.port):
            await eventually(lambda: handler.named("closed"))
        assert listener.state.hub.close_counts == {4408: 1}
        assert listener.state.admission.connections == 0


async def test_a_message_after_close_is_dropped_and_the_handler_is_called_once() -> None:
    class Closing(RecordingSessionHandler):
        def message_received(self, connection: ClientConnection, _: ClientMessage) -> None:
            connection.close(close_codes.REPLACED, "A newer tab took over.")
            connection.close(close_codes.INTERNAL)
            connection.send(b"late")

    handler = Closing()
    async with running_listener(handler) as listener:
        async with RawClient.connect(listener.port) as peer:
            await peer.handshake()
            await peer.send(text(HELLO) + text(VIEW))
            assert await peer.frame() == (8, (4409).to_bytes(2) + b"A newer tab took over.")
            assert await peer.rest() == b""
        await eventually(lambda: handler.named("closed"))
        assert [event[0] for event in handler.events] == ["open", "closed"]


async def test_a_client_that_stays_after_the_close_frame_is_dropped_after_a_moment() -> None:
    handler = RecordingSessionHandler()
    async with (
        running_listener(handler, limits=AdmissionLimits(**QUICK)) as listener,
        RawClient.connect(listener.port) as peer,
    ):
        await peer.open_session()
        await peer.send(frame(b"", 2))
        assert await peer.close_code() == 1003
        await eventually(lambda: handler.named("closed"))


async def test_a_heartbeat_is_sent_with_a_ping() -> None:
    transport = Writes()
    link = connection_of(transport)
    link.send_heartbeat(b"hb")
    assert transport.written == [b"\x81\x02hb\x89\x00"]


async def test_the_welcome_arrives_as_it_was_sent() -> None:
    async with running_listener() as listener, RawClient.connect(listener.port) as peer:
        await peer.handshake()
        await peer.send(text(HELLO))
        assert await peer.frame() == (1, WELCOME)


def test_the_librarys_parser_still_shows_that_it_waits_between_frames() -> None:
    assert websocket._HAS_PARSER_PROBE
    assert websocket._waits_for_a_frame(websocket._FRESH)


def test_where_the_feature_test_fails_the_fallback_parser_stays_and_responses_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(websocket, "_HAS_PARSER_PROBE", False)
    transport = Writes()
    link = connection_of(transport)
    link.consumer = Thrice(link)
    link.data_received(frame(b"x", 1, fin=False) + frame(b"y", 0))
    assert link._fallback is not None
    link.data_received(frame(b"z"))
    assert transport.written[-1].startswith(b"\x81\x01z")
