"""Reads HTTP requests as uvicorn does, and bounds what it leaves unbounded: requests in a row, bytes around a body.

It also refuses in our own form, and keeps quiet in the log about what strangers write.
"""

import logging
from collections import Counter
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tactful.transports.admission.access_policy import Rejection
from tactful.transports.admission.rejections import http_response
from tactful.transports.server import closing as last_words

NOT_HTTP = Rejection(400, "head.malformed", "This is not a valid HTTP/1.1 request.")
MAX_PIPELINED = 16
"""Requests that may wait for the answers before them: each takes 5 KB, and one read may hold thousands."""

# It says at level warning what any stranger can make it say, each time.
logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


class HttpProtocol(HttpToolsProtocol):
    """One connection's requests; what is refused is counted in `refusals`."""

    def __init__(self, *given: Any, refusals: Counter[str], **named: Any) -> None:
        super().__init__(*given, **named)
        self._refusals = refusals
        self._answered: RequestResponseCycle | None = None
        self.body_bytes = 0
        """Bytes of all bodies so far, without what chunks and trailers put around them."""

    def on_message_begin(self) -> None:
        """Begin a request, unless too many wait already."""
        if len(self.pipeline) >= MAX_PIPELINED:
            self.transport.abort()  # an answer now would be taken for that of another request
            raise ConnectionAbortedError
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Some of a body."""
        self.body_bytes += len(body)
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP; a request before it that waits for its answer goes with it."""
        del msg
        self._refusals[NOT_HTTP.code] += 1
        before = self._answered
        self.abandon_responses()
        if before is not None and before.response_started and not before.response_complete:
            self.transport.abort()  # in the middle of an answer this would be a part of it
            return
        last_words.write_and_close(self.transport, http_response(NOT_HTTP))
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Somebody asks for a protocol that we do not speak: then it stays HTTP."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that is being answered, not only the last one that has come."""
        self.abandon_responses()
        super().connection_lost(exc)

    def abandon_responses(self) -> None:
        """Nobody will hear an answer any more."""
        self.pipeline.clear()
        if self._answered is not None:
            self._answered.disconnected = True
            self._answered.message_event.set()
