"""uvicorn's HTTP parser with strict message boundaries and bounds on its input.

The number of pipelined requests and the bytes around a body are limited. Requests that are not HTTP
are rejected with problem details. The input of unknown clients is counted, not logged.

If a request offers an upgrade, the parser ends the message after the head, even if a body follows.
It would then read the body as the next request. Java and `curl --http2` offer `h2c` with every
request. So an offer that is not accepted is removed, and the head is read again without the offer.
"""

import logging
from collections import Counter
from enum import Enum
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tactful.transports.admission.access_policy import Rejection
from tactful.transports.admission.rejections import http_response
from tactful.transports.server import closing

NOT_HTTP = Rejection(400, "head.malformed", "This is not a valid HTTP/1.1 request.")
MAX_PIPELINED = 16
"""Maximum requests that wait for earlier responses. Each takes 5 KB; one read can hold thousands."""

_VERSIONS = frozenset({"1.0", "1.1"})  # the parser accepts 0.9 and 2.0 as well

# Any client can make uvicorn log a warning with each bad request.
logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


class ReadState(Enum):
    """The part of a request to which the next byte belongs."""

    BETWEEN = 0
    HEAD = 1
    BODY = 2


class HttpProtocol(HttpToolsProtocol):
    """The HTTP requests of one connection."""

    def __init__(self, *args: Any, rejections: Counter[str], **kwargs: Any) -> None:
        """Create a protocol that counts its rejections by code in `rejections`."""
        super().__init__(*args, **kwargs)
        self._rejections = rejections
        self._current: RequestResponseCycle | None = None
        self.ended = False
        """Whether no further byte is read: the input was rejected or goes to a WebSocket."""
        self.read_state = ReadState.BETWEEN
        """The part of a request that is being read."""
        self.body_bytes = 0
        """Bytes of all bodies so far, without the chunk framing and trailers around them."""

    # Reading.

    def data_received(self, data: bytes) -> None:
        """Read requests. An offered upgrade is accepted, or removed from the head."""
        self._unset_keepalive_if_required()
        while not self.ended:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                rest = data[offer.args[0] :]
                if self._takes_up_upgrade():
                    self.ended = True
                    self._become_websocket(rest)
                    return
                data = self._head_without_offer() + rest
                self.parser = _new_parser(self)
            except httptools.HttpParserError:
                self.send_400_response("")
                return
            else:
                return

    def on_message_begin(self) -> None:
        """Start a request, or drop the connection if too many are waiting."""
        if len(self.pipeline) >= MAX_PIPELINED:
            # The client would take a response sent now for the response to an earlier request.
            self.transport.abort()
            raise ConnectionAbortedError
        self.read_state = ReadState.HEAD
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Record a field of the head.

        Trailers are ignored (RFC 9110, section 6.5.1). uvicorn adds them to the head, past every
        proxy that has checked it.
        """
        if self.read_state is not ReadState.HEAD:
            return
        name = name.lower()
        if name == b"transfer-encoding" and value.lower() != b"chunked":
            raise ValueError  # the parser accepts codings that nothing here can decode
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Start the request, unless its head must be read again without an offer."""
        version = self.parser.get_http_version()
        if version not in _VERSIONS or self.parser.get_method() == b"CONNECT":
            raise ValueError
        if version == "1.0":
            # Such a client takes a `100 Continue` for the response (RFC 9110, section 10.1.1).
            self.expect_100_continue = False
        if self.parser.should_upgrade():
            return  # the parser stops here; `data_received` goes on
        self.read_state = ReadState.BODY
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count and pass on a part of a body."""
        self.body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request, unless only its head has been read so far."""
        if self.read_state is ReadState.BODY:
            self.read_state = ReadState.BETWEEN
            super().on_message_complete()

    # Upgrades.

    def _takes_up_upgrade(self) -> bool:
        """Return whether the head that was just read opens a WebSocket.

        While an earlier response is incomplete, the client would take the `101` for that response.
        """
        last: RequestResponseCycle | None = self.cycle  # None before the first request
        answered = last is None or last.response_complete
        announces_body = any(
            name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
            for name, value in self.headers
        )
        return answered and not announces_body and self._should_upgrade()

    def _become_websocket(self, rest: bytes) -> None:
        """Hand the connection over, with the head and the bytes that came with it."""
        self.connections.discard(self)
        protocol = self.ws_protocol_class()  # type: ignore[misc]
        protocol.connection_made(self.transport)
        self.transport.set_protocol(protocol)
        protocol.data_received(self._head(self.headers) + rest)

    def _head_without_offer(self) -> bytes:
        return self._head([field for field in self.headers if field[0] != b"upgrade"])

    def _head(self, fields: list[tuple[bytes, bytes]]) -> bytes:
        """Write a head with the method, target and version of the one that was just read."""
        version = self.parser.get_http_version().encode()
        start = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, version)
        return start + b"".join(b"%b: %b\r\n" % field for field in fields) + b"\r\n"

    # Rejecting.

    @property
    def may_reject(self) -> bool:
        """Whether the client would assign a response written now to the right request.

        Between two requests it would not. A proxy may send another client's request at any time,
        and would give that client the response that nobody has requested.
        """
        current = self._current
        if current is None:
            return True
        if current.response_complete:
            return self.read_state is ReadState.HEAD
        return not current.response_started

    def send_400_response(self, msg: str) -> None:
        """Reject input that is not HTTP, together with the requests that wait for a response."""
        del msg
        self.ended = True
        self._rejections[NOT_HTTP.code] += 1
        may_reject = self.may_reject
        self.abandon_responses()
        if not may_reject:
            self.transport.abort()
            return
        closing.write_and_close(self.transport, http_response(NOT_HTTP))
        self.transport.close()

    def abandon_responses(self) -> None:
        """Drop waiting requests and mark the current one as disconnected."""
        self.pipeline.clear()
        if self._current is not None:
            self._current.disconnected = True
            self._current.message_event.set()

    # Lifecycle.

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._current = cycle
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        """Notify the request in progress; uvicorn notifies only the last one received."""
        self.abandon_responses()
        super().connection_lost(exc)


def _new_parser(protocol: HttpProtocol) -> httptools.HttpRequestParser:
    """Return a parser with uvicorn's option to continue reading after a last request."""
    parser = httptools.HttpRequestParser(protocol)
    if hasattr(parser, "set_dangerous_leniencies"):  # httptools 0.6.3 or newer
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser
