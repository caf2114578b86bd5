"""What waits to be sent through another server's stack."""

import asyncio

import msgspec

from support.raw_connections import HELLO, RecordingSessionHandler, policy, within
from tactful.protocol import close_codes
from tactful.protocol.conversation import ProtocolTiming
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.sessions.connection_hub import ConnectionHub
from tactful.transports.sessions.send_queue import SendQueue


class Clock:
    def __init__(self):
        self.now = 1_000

    def __call__(self):
        return self.now


def opened(**limits):
    clock = Clock()
    reception = ConnectionHub(
        RecordingSessionHandler(), policy(limits=AdmissionLimits(**limits)), clock
    )
    outbox = SendQueue(reception)
    outbox.connection = reception.admit(outbox, "192.0.2.1", "https://shop.example")
    return outbox, reception.handler, clock


async def test_what_waits_is_taken_at_once_and_in_order():
    outbox, _, _ = opened()
    for payload in (b"a", b"b", b"c"):
        outbox.send(payload)
    assert outbox.buffered == 3
    assert await outbox.next_batch() == [b"a", b"b", b"c"]


async def test_a_reader_waits_until_something_comes():
    outbox, _, _ = opened()
    taking = asyncio.ensure_future(outbox.next_batch())
    await asyncio.sleep(0)
    assert not taking.done()
    outbox.send(b"a")
    assert await within(taking) == [b"a"]


async def test_what_is_queued_goes_out_before_the_close():
    outbox, _, _ = opened()
    outbox.send(b"last")
    outbox.close(close_codes.REPLACED, "x" * 200)
    outbox.close(close_codes.INTERNAL)
    outbox.send(b"too late")
    assert await outbox.next_batch() == [b"last"]
    assert await outbox.next_batch() == []
    assert outbox.closed == (close_codes.REPLACED, "x" * 123)


async def test_a_client_that_lags_is_told_to_the_desk_once_and_again_when_it_has_caught_up():
    outbox, desk, _ = opened(slow_bytes=10)
    for _ in range(5):
        outbox.send(b"1234")
    outbox.send_heartbeat(b"hb")
    assert [event[0] for event in desk.events] == ["open", "slow"]
    assert await outbox.next_batch() == [b"1234"] * 5
    outbox.send(b"x")
    assert await outbox.next_batch() == [b"x"]
    assert [event[0] for event in desk.events] == ["open", "slow", "caught_up"]


async def test_a_client_that_leaves_too_much_unread_is_closed_and_its_backlog_forgotten():
    outbox, _, _ = opened(buffer_bytes=100)
    for _ in range(30):
        outbox.send(b"12345")
    assert outbox.closed[0] is close_codes.SLOW
    assert await outbox.next_batch() == []


async def test_while_nothing_is_sent_the_clock_still_comes_by(monkeypatch):
    monkeypatch.setattr("tactful.transports.sessions.send_queue.TICK_S", 0.01)
    outbox, _, clock = opened()
    taking = asyncio.ensure_future(outbox.next_batch())
    await asyncio.sleep(0)
    clock.now += ProtocolTiming().hello_ms
    assert await within(taking) == []
    assert outbox.closed[0] is close_codes.NO_HELLO


async def test_a_heartbeat_is_sent_when_it_is_due(monkeypatch):
    monkeypatch.setattr("tactful.transports.sessions.send_queue.TICK_S", 0.01)
    outbox, _, clock = opened()
    outbox.connection.receive_text(msgspec.json.encode(HELLO))
    await outbox.next_batch()
    taking = asyncio.ensure_future(outbox.next_batch())
    await asyncio.sleep(0)
    clock.now += ProtocolTiming().heartbeat_ms
    assert await within(taking) == [b'{"t":"heartbeat"}']
