"""uvicorn's HTTP parser with bounds on what uvicorn leaves unbounded.

Bounded are the pipelined requests and the bytes around a body. Requests that are not HTTP are
rejected with problem details. What unknown clients write is counted, not logged.
"""

import logging
from collections import Counter
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tactful.transports.admission.access_policy import Rejection
from tactful.transports.admission.rejections import http_response
from tactful.transports.server import closing

NOT_HTTP = Rejection(400, "head.malformed", "This is not a valid HTTP/1.1 request.")
MAX_PIPELINED = 16
"""Requests that may wait for the responses before them: each takes 5 KB, one read can hold thousands."""

# uvicorn logs at level warning what any client can make it log, every time.
logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


class HttpProtocol(HttpToolsProtocol):
    """The HTTP requests of one connection."""

    def __init__(self, *args: Any, rejections: Counter[str], **kwargs: Any) -> None:
        """Create a protocol that counts its rejections by code in `rejections`."""
        super().__init__(*args, **kwargs)
        self._rejections = rejections
        self._current: RequestResponseCycle | None = None
        self.body_bytes = 0
        """Bytes of all bodies so far, without the chunk framing and trailers around them."""

    def on_message_begin(self) -> None:
        """Start a request, or drop the connection if too many are waiting."""
        if len(self.pipeline) >= MAX_PIPELINED:
            # A response now would be taken for that of another request.
            self.transport.abort()
            raise ConnectionAbortedError
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Count and pass on a part of a body."""
        self.body_bytes += len(body)
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Reject input that is not HTTP, together with the requests that wait for a response."""
        del msg
        self._rejections[NOT_HTTP.code] += 1
        current = self._current
        self.abandon_responses()
        if current is not None and current.response_started and not current.response_complete:
            self.transport.abort()  # the rejection would become a part of that response
            return
        closing.write_and_close(self.transport, http_response(NOT_HTTP))
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Ignore an upgrade to an unknown protocol: the connection stays HTTP (RFC 9110, 7.8)."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._current = cycle
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        """Notify the request in progress; uvicorn notifies only the last one received."""
        self.abandon_responses()
        super().connection_lost(exc)

    def abandon_responses(self) -> None:
        """Drop waiting requests and mark the current one as disconnected."""
        self.pipeline.clear()
        if self._current is not None:
            self._current.disconnected = True
            self._current.message_event.set()
