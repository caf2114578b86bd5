"""Who is connected, and what passes between the link that carries them and the desk."""

import logging

import msgspec

from support.raw_connections import HELLO, WELCOME, RecordingSessionHandler, policy
from tactful.protocol import close_codes
from tactful.protocol.conversation import ProtocolTiming
from tactful.protocol.messages import View
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.sessions.connection_hub import ConnectionHub


class RecordedLink:
    """A link that writes down what it is told."""

    def __init__(self):
        self.sent = []
        self.closed = []
        self.buffered = 42

    def send(self, payload):
        self.sent.append(payload)

    def send_heartbeat(self, heartbeat):
        self.sent.append(heartbeat)

    def close(self, code, reason=""):
        self.closed.append((code.code, reason))


class Clock:
    def __init__(self):
        self.now = 1_000

    def __call__(self):
        return self.now


def admitted(desk=None, **limits):
    clock, link = Clock(), RecordedLink()
    desk = desk or RecordingSessionHandler()
    reception = ConnectionHub(desk, policy(limits=AdmissionLimits(**limits)), clock)
    return reception, link, reception.admit(link, "192.0.2.1", "https://shop.example"), clock


def say(exchange, *messages):
    exchange.begin_read(1_000)
    for message in messages:
        exchange.receive_text(msgspec.json.encode(message))
    exchange.end_read()


async def test_a_desk_sees_open_then_messages_then_closed():
    reception, _, exchange, _ = admitted()
    say(exchange, HELLO, {"t": "view", "sku": "a"})
    exchange.connection_lost(1000)
    names = [event[0] for event in reception.handler.events]
    assert names == ["open", "receive", "receive", "closed"]
    assert reception.handler.events[2][1] == View(sku="a")
    assert reception.messages_received == 2


async def test_what_the_desk_sends_goes_out_before_the_acknowledgement():
    _, link, exchange, _ = admitted()
    say(exchange, HELLO | {"n": 1}, {"t": "logout", "n": 2})
    assert link.sent == [WELCOME, b'{"t":"ack","n":2}']


async def test_nothing_is_sent_before_the_welcome_however_long_the_desk_takes():
    class Slow(RecordingSessionHandler):
        def message_received(self, _, message):
            self.events.append(("receive", message))

    _, link, exchange, _ = admitted(Slow())
    say(exchange, HELLO | {"n": 1}, {"t": "logout", "n": 2})
    exchange.tick(16_000)
    assert link.sent == []
    exchange.send(WELCOME)
    assert link.sent == [WELCOME, b'{"t":"ack","n":2}']
    exchange.tick(32_000)
    assert link.sent[2:] == [b'{"t":"heartbeat"}']


async def test_a_connection_tells_the_desk_who_it_is():
    reception, link, exchange, _ = admitted()
    (connection,) = reception.handler.connections
    assert connection is exchange
    assert (connection.address, connection.origin) == ("192.0.2.1", "https://shop.example")
    assert connection.buffered == link.buffered
    assert connection.attached is None


async def test_a_desk_that_resumes_a_conversation_takes_nothing_twice():
    class Resuming(RecordingSessionHandler):
        def message_received(self, connection, message):
            super().message_received(connection, message)
            connection.highest_n = max(connection.highest_n, 5)

    reception, link, exchange, _ = admitted(Resuming())
    say(exchange, HELLO, {"t": "view", "sku": "old", "n": 5}, {"t": "view", "sku": "new", "n": 6})
    assert [event[1].sku for event in reception.handler.named("receive")[1:]] == ["new"]
    assert link.sent[-1] == b'{"t":"ack","n":6}'


async def test_a_message_that_breaks_a_rule_closes_with_its_code():
    for sent, code in [
        ({"t": "logout"}, 4401),
        ({"t": "nonsense"}, 4400),
    ]:
        _, link, exchange, _ = admitted()
        say(exchange, sent)
        assert link.closed[0][0] == code


async def test_a_binary_message_is_refused():
    _, link, exchange, _ = admitted()
    exchange.receive_binary(b"\x00")
    assert link.closed == [(1003, "Send text, not binary.")]


async def test_too_many_messages_are_refused_before_they_are_read():
    rhythm = ProtocolTiming(per_second=20, burst=120)
    reception, link, exchange, _ = admitted(timing=rhythm)
    say(exchange, HELLO)
    for _ in range(200):
        exchange.receive_text(b"not even JSON" if link.closed else b'{"t":"logout"}')
    assert link.closed[0][0] == 4429
    assert reception.messages_received == 120


async def test_a_desk_that_fails_costs_its_connection_and_is_logged(caplog):
    class Failing(RecordingSessionHandler):
        def message_received(self, *_):
            raise ZeroDivisionError

    _, link, exchange, _ = admitted(Failing())
    with caplog.at_level(logging.ERROR):
        say(exchange, HELLO)
    assert link.closed == [(1011, "The server failed.")]
    assert caplog.records[0].exc_info[0] is ZeroDivisionError


async def test_a_desk_that_fails_to_open_or_close_is_contained_too(caplog):
    class Failing(RecordingSessionHandler):
        def connection_opened(self, *_):
            raise KeyError

        def connection_closed(self, *_):
            raise KeyError

    reception, link, exchange, _ = admitted(Failing())
    exchange.connection_lost(1006)
    assert link.closed[0][0] == 1011
    assert not reception.connections
    assert len(caplog.records) == 2


async def test_the_clock_brings_heartbeats_and_ends_what_is_silent():
    _, link, exchange, _ = admitted()
    say(exchange, HELLO)
    exchange.tick(21_000)
    assert link.sent[-1] == b'{"t":"heartbeat"}'
    exchange.tick(21_001)
    assert link.closed == []
    exchange.tick(46_000)
    assert link.closed[0][0] == 4410


async def test_a_desk_hears_that_a_client_lags_and_catches_up():
    reception, _, exchange, _ = admitted()
    exchange.client_lagging()
    exchange.client_caught_up()
    assert [event[0] for event in reception.handler.events] == ["open", "slow", "caught_up"]


async def test_closes_are_counted_by_known_codes_only():
    reception, link, exchange, _ = admitted()
    exchange.connection_lost(4321)
    for code in (1000, 1006, 4429):
        reception.admit(link, "p", "o").connection_lost(code)
    assert reception.close_counts == {0: 1, 1000: 1, 1006: 1, 4429: 1}
    assert not reception.connections


async def test_goodbyes_are_spread_evenly_over_the_time_given():
    reception = ConnectionHub(RecordingSessionHandler(), policy(), Clock())
    links = [RecordedLink() for _ in range(100)]
    for link in links:
        reception.admit(link, "p", "o").send(b"welcome")
    reception.announce_shutdown(10)
    byes = [msgspec.json.decode(link.sent[1]) for link in links]
    retries = sorted(bye["retry"] for bye in byes)
    assert {bye["code"] for bye in byes} == {close_codes.GOING_AWAY.code}
    assert retries[0] == 1
    assert retries[-1] == 10
    assert max(retries.count(second) for second in range(1, 11)) == 10
    assert reception.shutting_down
    assert not reception.closed
    assert not any(link.closed for link in links)


async def test_who_was_not_welcomed_yet_is_told_after_the_welcome():
    reception, link, exchange, _ = admitted()
    reception.announce_shutdown(4)
    assert link.sent == []
    exchange.send(b"welcome")
    assert [one[:10] for one in link.sent] == [b"welcome", b'{"t":"bye"']


async def test_who_is_still_here_at_the_end_is_closed_with_going_away():
    reception, link, _, _ = admitted()
    reception.close_all()
    assert link.closed[0][0] == 1001
