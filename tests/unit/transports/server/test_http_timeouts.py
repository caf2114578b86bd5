"""Deadlines and size limits around the HTTP stack, with time as an argument."""

from typing import Any

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server.http_timeouts import (
    LARGE_HEAD,
    SLOW_BODY,
    SLOW_HEAD,
    TimedHttpConnection,
)


class Cycle:
    def __init__(
        self, *, complete: bool = False, more_body: bool = False, started: bool = False
    ) -> None:
        self.response_complete = complete
        self.more_body = more_body
        self.response_started = started


class Flow:
    read_paused = False


class Inner:
    """The parts of the HTTP stack's protocol that are read."""

    def __init__(self) -> None:
        self.cycle: Any = None
        self.flow = Flow()
        self.calls: list[Any] = []
        self.body_bytes = 0

    def connection_made(self, _: object) -> None:
        self.calls.append("made")

    def data_received(self, data: bytes) -> None:
        self.calls.append(data)
        if self.cycle and self.cycle.more_body:
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
    side.protocol.cycle = Cycle(more_body=True)
    side.data_received(b"x", 0)
    assert side.tick(1) is None
    assert side.tick(10_001) is None
    assert side.tick(10_100) is SLOW_BODY


def test_a_body_at_a_decent_rate_passes(side: Side) -> None:
    side.protocol.cycle = Cycle(more_body=True)
    for second in range(60):
        side.data_received(b"x" * 1_100, second * 1_000)
        assert side.tick(second * 1_000 + 500) is None


def test_a_body_that_the_application_does_not_read_has_no_deadline(side: Side) -> None:
    side.protocol.cycle = Cycle(more_body=True)
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


def test_once_an_answer_has_begun_a_refusal_cannot_be_written(side: Side) -> None:
    assert not side.answering
    side.protocol.cycle = Cycle()
    assert not side.answering
    side.protocol.cycle = Cycle(started=True)
    assert side.answering


def test_the_stack_still_has_the_attributes_that_are_read() -> None:
    names = {"connection_made", "data_received", "pause_writing", "resume_writing", "shutdown"}
    assert names <= set(dir(HttpToolsProtocol))
