"""The queue of unsent messages for another server's stack."""

import asyncio
from typing import Any

import msgspec
import pytest

from support.raw_connections import HELLO, RecordingSessionHandler, policy, within
from tactful.protocol import close_codes
from tactful.protocol.conversation import ProtocolTiming
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.sessions.connection_hub import ConnectionHub
from tactful.transports.sessions.send_queue import SendQueue


class Clock:
    def __init__(self) -> None:
        self.now = 1_000

    def __call__(self) -> int:
        return self.now


def opened(**limits: Any) -> tuple[SendQueue, RecordingSessionHandler, Clock]:
    clock = Clock()
    handler = RecordingSessionHandler()
    hub = ConnectionHub(handler, policy(limits=AdmissionLimits(**limits)), clock)
    queue = SendQueue(hub)
    queue.connection = hub.admit(queue, "192.0.2.1", "https://shop.example")
    return queue, handler, clock


async def test_waiting_messages_are_read_at_once_and_in_order() -> None:
    queue, _, _ = opened()
    for payload in (b"a", b"b", b"c"):
        queue.send(payload)
    assert queue.buffered == 3
    assert await queue.next_batch() == [b"a", b"b", b"c"]


async def test_a_reader_waits_for_a_message() -> None:
    queue, _, _ = opened()
    taking = asyncio.ensure_future(queue.next_batch())
    await asyncio.sleep(0)
    assert not taking.done()
    queue.send(b"a")
    assert await within(taking) == [b"a"]


async def test_queued_messages_are_sent_before_the_close() -> None:
    queue, _, _ = opened()
    queue.send(b"last")
    queue.close(close_codes.REPLACED, "x" * 200)
    queue.close(close_codes.INTERNAL)
    queue.send(b"too late")
    assert await queue.next_batch() == [b"last"]
    assert await queue.next_batch() == []
    assert queue.closed == (close_codes.REPLACED, "x" * 123)


async def test_the_handler_is_called_once_when_a_client_lags_and_once_when_it_catches_up() -> None:
    queue, handler, _ = opened(slow_bytes=10)
    for _ in range(5):
        queue.send(b"1234")
    queue.send_heartbeat(b"hb")
    assert [event[0] for event in handler.events] == ["open", "slow"]
    assert await queue.next_batch() == [b"1234"] * 5
    queue.send(b"x")
    assert await queue.next_batch() == [b"x"]
    assert [event[0] for event in handler.events] == ["open", "slow", "caught_up"]


async def test_a_client_that_leaves_too_much_unread_is_closed_and_its_backlog_forgotten() -> None:
    queue, _, _ = opened(buffer_bytes=100)
    for _ in range(30):
        queue.send(b"12345")
    assert queue.closed is not None
    assert queue.closed[0] is close_codes.SLOW
    assert await queue.next_batch() == []


async def test_while_nothing_is_sent_the_clock_still_comes_by(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tactful.transports.sessions.send_queue.TICK_S", 0.01)
    queue, _, clock = opened()
    taking = asyncio.ensure_future(queue.next_batch())
    await asyncio.sleep(0)
    clock.now += ProtocolTiming().hello_ms
    assert await within(taking) == []
    assert queue.closed is not None
    assert queue.closed[0] is close_codes.NO_HELLO


async def test_a_heartbeat_is_sent_when_it_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tactful.transports.sessions.send_queue.TICK_S", 0.01)
    queue, _, clock = opened()
    queue.connection.receive_text(msgspec.json.encode(HELLO))
    await queue.next_batch()
    taking = asyncio.ensure_future(queue.next_batch())
    await asyncio.sleep(0)
    clock.now += ProtocolTiming().heartbeat_ms
    assert await within(taking) == [b'{"t":"heartbeat"}']
