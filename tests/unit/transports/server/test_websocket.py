"""One WebSocket after its handshake; the raw-frame suite has the long tables."""

import asyncio
import socket
from contextlib import contextmanager
from functools import partial

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
from tactful.protocol.messages import View
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server import websocket
from tactful.transports.server.websocket import WebSocketConnection

VIEW = {"t": "view", "sku": "a"}
QUICK = {"linger_ms": 100, "sweep_ms": 40}


class Writes:
    """A transport that counts its writes; everything else in this file uses real sockets."""

    def __init__(self) -> None:
        self.written = []

    def write(self, data) -> None:
        self.written.append(bytes(data))

    def set_write_buffer_limits(self, high) -> None:
        self.high = high

    def get_write_buffer_size(self):
        return 0


class Thrice:
    """A consumer that answers each message three times."""

    def __init__(self, link) -> None:
        self.link = link

    def begin_read(self, now) -> None:
        pass

    def receive_text(self, payload) -> None:
        for _ in range(3):
            self.link.send(payload)

    def end_read(self) -> None:
        self.link.send(b"end")


def test_all_that_is_sent_within_one_read_is_written_once() -> None:
    transport = Writes()
    link = WebSocketConnection(transport, AdmissionLimits(), lambda: 1, None)
    link.consumer = Thrice(link)
    link.data_received(frame(b"x") + frame(b"y"))
    assert transport.written == [b"\x81\x01x" * 3 + b"\x81\x01y" * 3 + b"\x81\x03end"]


def test_what_is_sent_outside_a_read_is_written_at_once() -> None:
    transport = Writes()
    link = WebSocketConnection(transport, AdmissionLimits(), lambda: 1, None)
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


def test_nothing_of_the_library_is_kept_once_it_has_done() -> None:
    transport = Writes()
    link = WebSocketConnection(transport, AdmissionLimits(), lambda: 1, None)
    link.consumer = Thrice(link)
    link.consumer.charge_frame = lambda _: True
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
def test_a_common_frame_cut_once_does_not_wake_the_library(cut) -> None:
    transport = Writes()
    link = WebSocketConnection(transport, AdmissionLimits(), lambda: 1, None)
    link.consumer = Thrice(link)
    whole = frame(b"hello!")
    link.data_received(whole[:cut])
    assert link._fallback is None
    link.data_received(whole[cut:])
    assert link._fallback is None
    assert transport.written[-1].startswith(b"\x81\x06hello!")


@pytest.mark.parametrize("payload", [b"", b"a", b"a" * 125])
def test_a_ping_is_answered_without_the_library_and_costs_ten_messages(payload) -> None:
    transport, spent = Writes(), []
    link = WebSocketConnection(transport, AdmissionLimits(), lambda: 1, None)
    link.consumer = Thrice(link)
    link.consumer.charge_frame = lambda size: not spent.append(size)
    link.data_received(frame(payload, 9) * 2 + frame(b"hello!"))
    assert link._fallback is None
    pong = bytes((0x8A, len(payload))) + payload
    assert b"".join(transport.written).startswith(pong * 2 + b"\x81\x06hello!")
    assert [1 + size // AdmissionLimits().timing.unit_bytes for size in spent] == [10, 10]


def test_a_ping_cut_by_a_read_is_answered_when_it_is_whole() -> None:
    transport = Writes()
    link = WebSocketConnection(transport, AdmissionLimits(), lambda: 1, None)
    link.consumer = Thrice(link)
    link.consumer.charge_frame = lambda _: True
    whole = frame(b"abc", 9)
    link.data_received(whole[:5])
    link.data_received(whole[5:])
    assert b"\x8a\x03abc" in b"".join(transport.written)


def test_a_common_frame_cut_often_is_the_librarys() -> None:
    transport = Writes()
    link = WebSocketConnection(transport, AdmissionLimits(), lambda: 1, None)
    link.consumer = Thrice(link)
    whole = frame(b"h" * 300)
    for place in range(len(whole) - 1):
        link.data_received(whole[place : place + 1])
    assert link._fallback is not None
    link.data_received(whole[-1:])
    assert link._fallback is None
    assert b"h" * 300 in transport.written[-1]


@contextmanager
def reluctant(port):
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        peer.connect(("127.0.0.1", port))
        peer.sendall(upgrade() + text(HELLO))
        yield peer


class Generous(RecordingSessionHandler):
    """Sends 20 KiB for a view, unless the client lags, and the last word when it catches up."""

    def message_received(self, connection, message) -> None:
        super().message_received(connection, message)
        if isinstance(message, View) and not self.named("slow"):
            connection.send(b"x" * 20_000)

    def client_caught_up(self, connection) -> None:
        super().client_caught_up(connection)
        connection.send(b"latest")


async def ask_until_slow(peer, handler):
    """Ask, one read at a time, until the answers are more than the kernel takes."""
    peer.setblocking(False)
    for _ in range(200):
        asked = len(handler.events)
        await asyncio.get_running_loop().sock_sendall(peer, text(VIEW))
        await eventually(partial(more_than, handler.events, asked))
        if handler.named("slow"):
            return
    raise AssertionError("the kernel takes everything")


def more_than(events, number):
    return len(events) > number


async def test_a_desk_that_heeds_slow_sends_the_latest_when_its_client_catches_up() -> None:
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


async def test_a_client_that_lags_is_dropped_in_the_end() -> None:
    handler = Generous()
    limits = AdmissionLimits(slow_bytes=4_096, stalled_ms=100, **QUICK)
    async with running_listener(handler, limits=limits) as listener:
        with reluctant(listener.port) as peer:
            await ask_until_slow(peer, handler)
            await eventually(lambda: handler.named("closed"))
        assert listener.state.hub.close_counts == {4408: 1}


async def test_a_desk_that_heeds_nothing_loses_the_client_at_the_limit() -> None:
    class Deaf(RecordingSessionHandler):
        def message_received(self, connection, message):
            super().message_received(connection, message)
            for _ in range(3_000):
                connection.send(b"x" * 1_000)

    handler = Deaf()
    async with running_listener(handler, limits=AdmissionLimits(**QUICK)) as listener:
        with reluctant(listener.port):
            await eventually(lambda: handler.named("closed"))
        assert listener.state.hub.close_counts == {4408: 1}
        assert listener.state.admission.connections == 0


async def test_what_is_sent_after_close_is_dropped_and_closed_comes_once() -> None:
    class Closing(RecordingSessionHandler):
        def message_received(self, connection, _):
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


async def test_heartbeats_come_with_a_ping_and_not_behind_a_backlog() -> None:
    transport = Writes()
    link = WebSocketConnection(transport, AdmissionLimits(), lambda: 1, None)
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


def test_a_parser_of_another_make_keeps_the_library_and_the_same_responses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(websocket, "_HAS_PARSER_PROBE", False)
    transport = Writes()
    link = WebSocketConnection(transport, AdmissionLimits(), lambda: 1, None)
    link.consumer = Thrice(link)
    link.consumer.charge_frame = lambda _: True
    link.data_received(frame(b"x", 1, fin=False) + frame(b"y", 0))
    assert link._fallback is not None
    link.data_received(frame(b"z"))
    assert transport.written[-1].startswith(b"\x81\x01z")
