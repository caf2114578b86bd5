"""Open connections, and what passes between a transport and the handler."""

import logging
from typing import Any

import msgspec
import pytest

from support.raw_connections import HELLO, WELCOME, RecordingSessionHandler, policy
from tactful.protocol import close_codes
from tactful.protocol.close_codes import CloseCode
from tactful.protocol.conversation import ProtocolTiming
from tactful.protocol.messages import View
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.sessions.connection_hub import ClientConnection, ConnectionHub


class RecordedTransport:
    """A transport that records what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed: list[tuple[int, str]] = []
        self.buffered = 42

    def send(self, payload: bytes) -> None:
        self.sent.append(payload)

    def send_heartbeat(self, heartbeat: bytes) -> None:
        self.sent.append(heartbeat)

    def close(self, code: CloseCode, reason: str = "") -> None:
        self.closed.append((code.code, reason))


class Clock:
    def __init__(self) -> None:
        self.now = 1_000

    def __call__(self) -> int:
        return self.now


def admitted(
    handler: Any = None, **limits: Any
) -> tuple[Any, RecordedTransport, ClientConnection, Clock]:
    """Return the hub (with its recording handler), a transport, its connection and the clock."""
    clock, link = Clock(), RecordedTransport()
    handler = handler or RecordingSessionHandler()
    hub = ConnectionHub(handler, policy(limits=AdmissionLimits(**limits)), clock)
    return hub, link, hub.admit(link, "192.0.2.1", "https://shop.example"), clock


def say(connection: ClientConnection, *messages: Any) -> None:
    connection.begin_read(1_000)
    for message in messages:
        connection.receive_text(msgspec.json.encode(message))
    connection.end_read()


async def test_the_handler_is_called_for_open_messages_and_close() -> None:
    hub, _, connection, _ = admitted()
    say(connection, HELLO, {"t": "view", "sku": "a"})
    connection.connection_lost(1000)
    names = [event[0] for event in hub.handler.events]
    assert names == ["open", "receive", "receive", "closed"]
    assert hub.handler.events[2][1] == View(sku="a")
    assert hub.messages_received == 2


async def test_messages_of_the_handler_are_sent_before_the_acknowledgement() -> None:
    _, link, connection, _ = admitted()
    say(connection, HELLO | {"n": 1}, {"t": "logout", "n": 2})
    assert link.sent == [WELCOME, b'{"t":"ack","n":2}']


async def test_nothing_is_sent_before_the_welcome() -> None:
    class Slow(RecordingSessionHandler):
        def message_received(self, _: ClientConnection, message: Any) -> None:
            self.events.append(("receive", message))

    _, link, connection, _ = admitted(Slow())
    say(connection, HELLO | {"n": 1}, {"t": "logout", "n": 2})
    connection.tick(16_000)
    assert link.sent == []
    connection.send(WELCOME)
    assert link.sent == [WELCOME, b'{"t":"ack","n":2}']
    connection.tick(32_000)
    assert link.sent[2:] == [b'{"t":"heartbeat"}']


async def test_a_connection_has_the_address_and_origin_of_its_client() -> None:
    hub, link, connection, _ = admitted()
    assert hub.handler.connections == [connection]
    assert (connection.address, connection.origin) == ("192.0.2.1", "https://shop.example")
    assert connection.buffered == link.buffered
    assert connection.attached is None


async def test_a_resumed_connection_receives_no_message_twice() -> None:
    class Resuming(RecordingSessionHandler):
        def message_received(self, connection: ClientConnection, message: Any) -> None:
            super().message_received(connection, message)
            connection.highest_n = max(connection.highest_n, 5)

    hub, link, connection, _ = admitted(Resuming())
    say(connection, HELLO, {"t": "view", "sku": "old", "n": 5}, {"t": "view", "sku": "new", "n": 6})
    assert [event[1].sku for event in hub.handler.named("receive")[1:]] == ["new"]
    assert link.sent[-1] == b'{"t":"ack","n":6}'


async def test_a_message_that_breaks_a_rule_closes_with_its_code() -> None:
    for sent, code in [
        ({"t": "logout"}, 4401),
        ({"t": "nonsense"}, 4400),
    ]:
        _, link, connection, _ = admitted()
        say(connection, sent)
        assert link.closed[0][0] == code


async def test_a_binary_message_is_refused() -> None:
    _, link, connection, _ = admitted()
    connection.receive_binary(b"\x00")
    assert link.closed == [(1003, "Send text, not binary.")]


async def test_too_many_messages_are_refused_before_they_are_read() -> None:
    rhythm = ProtocolTiming(per_second=20, burst=120)
    hub, link, connection, _ = admitted(timing=rhythm)
    say(connection, HELLO)
    for _ in range(200):
        connection.receive_text(b"not even JSON" if link.closed else b'{"t":"logout"}')
    assert link.closed[0][0] == 4429
    assert hub.messages_received == 120


async def test_a_failure_of_the_handler_closes_the_connection_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Failing(RecordingSessionHandler):
        def message_received(self, *_: Any) -> None:
            raise ZeroDivisionError

    _, link, connection, _ = admitted(Failing())
    with caplog.at_level(logging.ERROR):
        say(connection, HELLO)
    assert link.closed == [(1011, "The server failed.")]
    assert (caplog.records[0].exc_info or (None,))[0] is ZeroDivisionError


async def test_a_failure_at_open_or_close_is_contained_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Failing(RecordingSessionHandler):
        def connection_opened(self, *_: Any) -> None:
            raise KeyError

        def connection_closed(self, *_: Any) -> None:
            raise KeyError

    hub, link, connection, _ = admitted(Failing())
    connection.connection_lost(1006)
    assert link.closed[0][0] == 1011
    assert not hub.connections
    assert len(caplog.records) == 2


async def test_deadlines_send_heartbeats_and_close_silent_connections() -> None:
    _, link, connection, _ = admitted()
    say(connection, HELLO)
    connection.tick(21_000)
    assert link.sent[-1] == b'{"t":"heartbeat"}'
    connection.tick(21_001)
    assert link.closed == []
    connection.tick(46_000)
    assert link.closed[0][0] == 4410


async def test_the_handler_is_called_when_a_client_lags_and_catches_up() -> None:
    hub, _, connection, _ = admitted()
    connection.client_lagging()
    connection.client_caught_up()
    assert [event[0] for event in hub.handler.events] == ["open", "slow", "caught_up"]


async def test_closes_are_counted_by_known_codes_only() -> None:
    hub, link, connection, _ = admitted()
    connection.connection_lost(4321)
    for code in (1000, 1006, 4429):
        hub.admit(link, "p", "o").connection_lost(code)
    assert hub.close_counts == {0: 1, 1000: 1, 1006: 1, 4429: 1}
    assert not hub.connections


async def test_byes_are_spread_evenly_over_the_given_time() -> None:
    hub = ConnectionHub(RecordingSessionHandler(), policy(), Clock())
    links = [RecordedTransport() for _ in range(100)]
    for link in links:
        hub.admit(link, "p", "o").send(b"welcome")
    hub.announce_shutdown(10)
    byes = [msgspec.json.decode(link.sent[1]) for link in links]
    retries = sorted(bye["retry"] for bye in byes)
    assert {bye["code"] for bye in byes} == {close_codes.GOING_AWAY.code}
    assert retries[0] == 1
    assert retries[-1] == 10
    assert max(retries.count(second) for second in range(1, 11)) == 10
    assert hub.shutting_down
    assert not hub.closed
    assert not any(link.closed for link in links)


async def test_a_connection_before_its_welcome_gets_bye_after_it() -> None:
    hub, link, connection, _ = admitted()
    hub.announce_shutdown(4)
    assert link.sent == []
    connection.send(b"welcome")
    assert [one[:10] for one in link.sent] == [b"welcome", b'{"t":"bye"']


async def test_remaining_connections_are_closed_with_going_away() -> None:
    hub, link, _, _ = admitted()
    hub.close_all()
    assert link.closed[0][0] == 1001
