"""Deadlines and size limits around the HTTP stack, for heads, bodies and slow readers."""

import asyncio

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from tactful.transports.admission.access_policy import Rejection
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server.http_protocol import HttpProtocol, ReadState

SLOW_HEAD = Rejection(408, "head.slow", "The request head did not arrive in time.")
SLOW_BODY = Rejection(408, "body.slow", "The request body arrives too slowly.")
LARGE_HEAD = Rejection(431, "head.too_large", "The request head is too large.")
MAX_FRAMING_PER_BYTE = 8
"""Maximum framing bytes per body byte. A chunk of one byte has five; no client needs long extensions."""
MAX_FRAMING_HEADS = 4
"""Further framing bytes that are allowed, in multiples of the largest head.

They are for the head of the request, its trailer, and the heads of pipelined requests.
"""
MAX_DISCARDED = 16 * 1024 * 1024
"""Maximum bytes of a body that are discarded after its response: as many as the largest body has."""


class TimedHttpConnection:
    """One plain HTTP connection, for any number of requests.

    All `now` arguments are milliseconds of a clock that never goes back.
    """

    __slots__ = ("_body_before", "_body_bytes", "_body_since", "_cycle", "_discarded",
                 "_head_bytes", "_head_since", "_limits", "_stalled_since", "protocol")  # fmt: skip

    def __init__(
        self, protocol: HttpProtocol, transport: asyncio.Transport, limits: AdmissionLimits
    ) -> None:
        self.protocol = protocol
        self._limits = limits
        self._head_since = self._head_bytes = 0
        self._cycle: RequestResponseCycle | None = None
        self._body_since = self._body_bytes = self._body_before = self._discarded = 0
        self._stalled_since = 0
        protocol.connection_made(transport)

    def data_received(self, data: bytes, now: int) -> Rejection | None:
        """Pass on received bytes; return a rejection if a head or framing grows too large."""
        body_before = self.protocol.body_bytes
        state_before = self.protocol.read_state
        self.protocol.data_received(data)
        if self.protocol.ended:
            return None
        cycle: RequestResponseCycle | None = self.protocol.cycle  # None before the first request
        if cycle is not None and self._busy:
            self._head_since = self._head_bytes = 0
            if cycle is not self._cycle:
                # A new request. The rate of its body is measured without earlier requests.
                self._cycle = cycle
                self._body_since = self._body_bytes = self._discarded = 0
                self._body_before = body_before
            return self._check_body(len(data), answered=cycle.response_complete)
        if state_before is ReadState.BODY:
            # These bytes ended a body whose request was already answered. They belong to no head.
            self._head_since, self._head_bytes = now, 0
            return None
        if state_before is ReadState.BETWEEN and self.protocol.read_state is ReadState.HEAD:
            self._head_since, self._head_bytes = now, 0
        self._head_since = self._head_since or now
        self._head_bytes += len(data)
        return LARGE_HEAD if self._head_bytes > self._limits.head_bytes else None

    def _check_body(self, size: int, *, answered: bool) -> Rejection | None:
        self._body_bytes += size
        if answered:
            self._discarded += size
            if self._discarded > MAX_DISCARDED:
                return SLOW_BODY
        # Trailers are kept in memory and may never end, so the body's size limits the framing.
        body = self.protocol.body_bytes - self._body_before
        framing = self._body_bytes - body
        allowed = MAX_FRAMING_HEADS * self._limits.head_bytes + MAX_FRAMING_PER_BYTE * body
        return LARGE_HEAD if framing > allowed else None

    def tick(self, now: int) -> Rejection | None:
        """Return a rejection if a head or body takes too long."""
        if not self._busy:
            late = self._head_since and now - self._head_since >= self._limits.head_ms
            return SLOW_HEAD if late else None
        if self.protocol.read_state is not ReadState.BODY or self.protocol.flow.read_paused:
            # The body is complete, or the application does not read it.
            self._body_since = self._body_bytes = 0
            return None
        self._body_since = self._body_since or now
        beyond = now - self._body_since - self._limits.body_grace_ms
        late = self._body_bytes * 1_000 < beyond * self._limits.body_bytes_per_s
        return SLOW_BODY if late else None

    def stalled(self, now: int) -> bool:
        """Return whether the client has stopped reading its response."""
        since = self._stalled_since
        return bool(since) and now - since >= self._limits.stalled_ms

    def pause_writing(self, now: int) -> None:
        """Record that the write buffer is full."""
        self._stalled_since = now
        self.protocol.pause_writing()

    def resume_writing(self) -> None:
        """Record that the client reads again."""
        self._stalled_since = 0
        self.protocol.resume_writing()

    @property
    def _busy(self) -> bool:
        """Whether a request waits for its response, or is still being received after it."""
        if self.protocol.read_state is ReadState.BODY:
            return True
        cycle: RequestResponseCycle | None = self.protocol.cycle
        return cycle is not None and not cycle.response_complete
