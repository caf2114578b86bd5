"""Keeps time for the HTTP stack: it has no deadline of its own for a head, a body or a reader."""

import asyncio

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from tactful.transports.admission.access_policy import Rejection
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server.http_protocol import HttpProtocol

SLOW_HEAD = Rejection(408, "head.slow", "The request head did not arrive in time.")
SLOW_BODY = Rejection(408, "body.slow", "The request body arrives too slowly.")
WRAPPED = 8
"""Bytes around each byte of a body: a chunk of one byte has five, and many an extension is pointless."""
WRAPPED_HEADS = 4
"""And so many heads: that of the request, its trailer, and those of requests that wait behind it."""
LARGE_HEAD = Rejection(431, "head.too_large", "The request head is too large.")


class TimedHttpConnection:
    """One connection that speaks plain HTTP, for as many requests as it likes."""

    __slots__ = ("_body_before", "_body_bytes", "_body_since", "_cycle", "_head_bytes",
                 "_head_since", "_limits", "_stalled_since", "protocol")  # fmt: skip

    def __init__(
        self, inner: HttpProtocol, transport: asyncio.Transport, limits: AdmissionLimits
    ) -> None:
        self.protocol = inner
        self._limits = limits
        self._head_since = self._head_bytes = 0
        self._cycle: RequestResponseCycle | None = None
        self._body_since = self._body_bytes = self._body_before = 0
        self._stalled_since = 0
        inner.connection_made(transport)

    def data_received(self, data: bytes, now: int) -> Rejection | None:
        """Pass on what came; refuse a head that grows too large."""
        seen = self.protocol.body_bytes
        self.protocol.data_received(data)
        if self._busy:
            self._head_since = self._head_bytes = 0
            if self.protocol.cycle is not self._cycle:
                self._begin_body(seen)
            self._body_bytes += len(data)
            return LARGE_HEAD if self._wraps_too_much() else None
        self._head_since = self._head_since or now
        self._head_bytes += len(data)
        return LARGE_HEAD if self._head_bytes > self._limits.head_bytes else None

    def _begin_body(self, seen: int) -> None:
        """Another request: what the ones before it brought says nothing about its body."""
        self._cycle = self.protocol.cycle
        self._body_since = self._body_bytes = 0
        self._body_before = seen

    def _wraps_too_much(self) -> bool:
        """Whether hardly anything of what came was body: trailers are kept, and need have no end."""
        body = self.protocol.body_bytes - self._body_before
        return self._body_bytes - body > WRAPPED_HEADS * self._limits.head_bytes + WRAPPED * body

    def tick(self, now: int) -> Rejection | None:
        """Refuse what has taken too long."""
        if not self._busy:
            late = self._head_since and now - self._head_since >= self._limits.head_ms
            return SLOW_HEAD if late else None
        if not self.protocol.cycle.more_body or self.protocol.flow.read_paused:
            self._body_since = self._body_bytes = 0  # the body is here, or it is the app that waits
            return None
        self._body_since = self._body_since or now
        beyond = now - self._body_since - self._limits.body_grace_ms
        late = self._body_bytes * 1_000 < beyond * self._limits.body_bytes_per_s
        return SLOW_BODY if late else None

    def stalled(self, now: int) -> bool:
        """Whether the peer has stopped reading its answer."""
        since = self._stalled_since
        return bool(since) and now - since >= self._limits.stalled_ms

    def pause_writing(self, now: int) -> None:
        """The peer's buffer is full."""
        self._stalled_since = now
        self.protocol.pause_writing()

    def resume_writing(self) -> None:
        """The peer reads again."""
        self._stalled_since = 0
        self.protocol.resume_writing()

    @property
    def answering(self) -> bool:
        """Whether an answer has begun, so that a refusal can no longer be written."""
        return self._busy and self.protocol.cycle.response_started

    @property
    def _busy(self) -> bool:
        cycle: RequestResponseCycle | None = self.protocol.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete
