"""Deadlines and size limits around the HTTP stack, with time as an argument."""

from typing import Any

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server.http_protocol import ReadState
from tactful.transports.server.http_timeouts import (
    LARGE_HEAD,
    MAX_DISCARDED,
    SLOW_BODY,
    SLOW_HEAD,
    TimedHttpConnection,
)


class Cycle:
    def __init__(self, *, complete: bool = False) -> None:
        self.response_complete = complete


class Flow:
    read_paused = False


class Inner:
    """The parts of the HTTP stack's protocol that are read."""

    def __init__(self) -> None:
        self.cycle: Any = None
        self.flow = Flow()
        self.calls: list[Any] = []
        self.body_bytes = 0
        self.ended = False
        self.read_state = ReadState.BETWEEN

    def connection_made(self, _: object) -> None:
        self.calls.append("made")

    def data_received(self, data: bytes) -> None:
        self.calls.append(data)
        if self.read_state is ReadState.BODY:
            self.body_bytes += len(data)

    def pause_writing(self) -> None:
        self.calls.append("pause")

    def resume_writing(self) -> None:
        self.calls.append("resume")


Side = Any
"""A `TimedHttpConnection` around `Inner`."""


@pytest.fixture
def side() -> Side:
    return TimedHttpConnection(Inner(), None, AdmissionLimits(head_bytes=100))  # type: ignore[arg-type]


def test_a_connection_between_two_requests_has_no_deadline_here(side: Side) -> None:
    assert side.tick(10**9) is None


def test_a_head_must_be_complete_in_time(side: Side) -> None:
    side.data_received(b"GET", 1_000)
    side.data_received(b" /", 5_000)
    assert side.tick(5_999) is None
    assert side.tick(6_000) is SLOW_HEAD


def test_a_head_must_stay_within_its_size(side: Side) -> None:
    assert side.data_received(b"a" * 100, 1) is None
    assert side.data_received(b"a", 2) is LARGE_HEAD


def test_a_request_that_is_being_answered_has_no_deadline_for_its_head(side: Side) -> None:
    side.data_received(b"GET", 1_000)
    side.protocol.cycle = Cycle()
    side.data_received(b"...", 2_000)
    side.protocol.cycle = Cycle(complete=True)
    assert side.tick(90_000) is None


def test_a_body_may_start_slowly_and_must_then_keep_a_rate(side: Side) -> None:
    side.protocol.cycle = Cycle()
    side.protocol.read_state = ReadState.BODY
    side.data_received(b"x", 0)
    assert side.tick(1) is None
    assert side.tick(10_001) is None
    assert side.tick(10_100) is SLOW_BODY


def test_a_body_at_a_decent_rate_passes(side: Side) -> None:
    side.protocol.cycle = Cycle()
    side.protocol.read_state = ReadState.BODY
    for second in range(60):
        side.data_received(b"x" * 1_100, second * 1_000)
        assert side.tick(second * 1_000 + 500) is None


def test_a_body_that_the_application_does_not_read_has_no_deadline(side: Side) -> None:
    side.protocol.cycle = Cycle()
    side.protocol.read_state = ReadState.BODY
    side.tick(1)
    side.protocol.flow.read_paused = True
    assert side.tick(60_000) is None
    side.protocol.flow.read_paused = False
    assert side.tick(60_001) is None


def test_a_client_that_does_not_read_has_stalled_after_a_while(side: Side) -> None:
    assert not side.stalled(10**9)
    side.pause_writing(1_000)
    assert not side.stalled(30_999)
    assert side.stalled(31_000)
    side.resume_writing()
    assert not side.stalled(90_000)
    assert side.protocol.calls == ["made", "pause", "resume"]


def test_a_body_that_goes_on_after_its_response_is_no_head(side: Side) -> None:
    side.protocol.cycle = Cycle(complete=True)
    side.protocol.read_state = ReadState.BODY
    assert side.data_received(b"x" * 1_000, 1_000) is None
    side.protocol.read_state = ReadState.BETWEEN
    assert side.data_received(b"GET", 2_000) is None


def test_the_end_of_a_body_after_its_response_is_no_head(side: Side) -> None:
    side.protocol.cycle = Cycle(complete=True)
    side.protocol.read_state = ReadState.BODY

    def end(data: bytes) -> None:
        side.protocol.read_state = ReadState.BETWEEN

    side.protocol.data_received = end
    assert side.data_received(b"x" * 1_000, 1_000) is None
    assert side.tick(5_999) is None
    assert side.tick(6_000) is SLOW_HEAD


def test_a_body_after_its_response_must_keep_a_rate_and_end(side: Side) -> None:
    side.protocol.cycle = Cycle(complete=True)
    side.protocol.read_state = ReadState.BODY
    side.tick(1)
    assert side.tick(10_100) is SLOW_BODY
    half = b"x" * (MAX_DISCARDED // 2)
    assert side.data_received(half, 2) is None
    assert side.data_received(half, 3) is None
    assert side.data_received(b"x", 4) is SLOW_BODY


def test_the_time_of_a_head_begins_with_its_first_byte(side: Side) -> None:
    side.data_received(b"\r\n", 1_000)  # allowed between requests: RFC 9112, section 2.2
    side.protocol.data_received = lambda _: setattr(side.protocol, "read_state", ReadState.HEAD)
    side.data_received(b"GET", 4_000)
    assert side.tick(8_999) is None
    assert side.tick(9_000) is SLOW_HEAD


def test_empty_lines_between_requests_do_not_extend_the_time_of_a_head(side: Side) -> None:
    for second in range(6):
        side.data_received(b"\r\n", 1_000 + 1_000 * second)
    assert side.tick(6_000) is SLOW_HEAD


def test_what_a_rejected_client_sends_is_not_rejected_again(side: Side) -> None:
    side.protocol.ended = True
    assert side.data_received(b"x" * 1_000, 1) is None


def test_the_stack_still_has_the_attributes_that_are_read() -> None:
    names = {"connection_made", "data_received", "pause_writing", "resume_writing", "shutdown"}
    assert names <= set(dir(HttpToolsProtocol))
