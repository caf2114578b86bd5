"""A connection from its first byte until its HTTP or WebSocket stack takes over.

The request head must be complete in time and within its size. A request for `/v1/session` is
checked here and becomes a WebSocket. Everything else goes to the HTTP stack, whose deadlines are
kept here too.
"""

import asyncio
from typing import cast

from tactful.core.values.addresses import limit_key
from tactful.transports.admission.access_policy import PROBE_PATHS, SESSION_PATH, Rejection
from tactful.transports.admission.limits import AdmissionResult
from tactful.transports.admission.rejections import (
    ADDRESS_FULL,
    RATE_LIMITED,
    SERVER_FULL,
    http_response,
)
from tactful.transports.server import closing
from tactful.transports.server.echo import Echo
from tactful.transports.server.handshake import AcceptedHandshake, check_handshake
from tactful.transports.server.http_protocol import NOT_HTTP
from tactful.transports.server.http_timeouts import LARGE_HEAD, SLOW_HEAD, TimedHttpConnection
from tactful.transports.server.server_state import ConnectionSlot, ListenerState
from tactful.transports.server.websocket import WebSocketConnection

CLOSED_PROTOCOL = asyncio.Protocol()
"""The protocol of a connection that was closed at its accept; it ignores everything."""

_HEAD_END = b"\r\n\r\n"
_FIRST_CAPITAL, _LAST_CAPITAL = b"AZ"
_SERVED_WHEN_FULL = PROBE_PATHS | {"/metrics"}


class IncomingConnection(asyncio.Protocol):
    """One connection until its request is known, and afterwards if it is plain HTTP."""

    __slots__ = ("_accepted_at", "_buffer", "_discard_until", "_http", "_queued_head", "_state",
                 "_transferred", "_transport", "health_only", "key", "peer", "slot")  # fmt: skip

    def __init__(self, state: ListenerState) -> None:
        self._state = state
        self._transport: asyncio.Transport
        self.slot: ConnectionSlot
        self._buffer = bytearray()  # the incomplete head; then what follows a queued handshake
        self._accepted_at = state.clock()
        self.peer = ""
        """The address at the other end of the socket."""
        self.key = ""
        """The `limit_key` of `peer`."""
        # After a rejection, input is dropped until this time; then the socket is closed.
        self._discard_until = 0
        self.health_only = False
        """Whether the server is full, so that only health checks are answered."""
        self._transferred = False  # the HTTP stack met an upgrade request and returned the socket
        self._http: TimedHttpConnection | None = None
        self._queued_head = b""  # the head of a handshake that waits in the queue

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the connection or reject it."""
        self._transport = cast("asyncio.Transport", transport)
        previous = self._transport.get_protocol()
        if isinstance(previous, IncomingConnection) and previous is not self:
            self._take_over(previous)
            return
        name = transport.get_extra_info("peername")
        # A client on a Unix socket has no address and counts as this machine.
        self.peer = str(name[0]) if isinstance(name, tuple) else "127.0.0.1"
        self.key = limit_key(self.peer)
        self._admit()

    def data_received(self, data: bytes) -> None:
        """Collect the request head; after that pass everything on."""
        if self._discard_until:
            return
        if self._http is not None:
            rejection = self._http.data_received(data, self._state.clock())
            if rejection is not None:
                self._reject_http(rejection)
            return
        if self._queued_head:
            self._keep_early_data(data)
            return
        buffer = self._buffer
        searched = max(0, len(buffer) - len(_HEAD_END))
        buffer += data
        end = buffer.find(_HEAD_END, searched) + len(_HEAD_END)
        complete = end >= len(_HEAD_END)
        if not _FIRST_CAPITAL <= buffer[0] <= _LAST_CAPITAL:
            self._reject(NOT_HTTP)  # a method begins with a capital; this is TLS or noise
        elif (end if complete else len(buffer)) > self._state.limits.head_bytes:
            self._reject(LARGE_HEAD)
        elif complete:
            self._route(bytes(buffer[:end]), bytes(buffer[end:]))

    def pause_writing(self) -> None:
        """Record that the client reads slowly."""
        if self._http is not None:
            self._http.pause_writing(self._state.clock())

    def resume_writing(self) -> None:
        """Record that the client has caught up."""
        if self._http is not None:
            self._http.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Release everything: the socket is closed."""
        self._state.pending_heads.pop(self, None)
        if self._http is not None:
            self._http.protocol.connection_lost(exc)
        self.slot.release(self)

    # Called by the deadline sweep.

    def abort(self) -> None:
        """Drop the connection."""
        self._transport.abort()

    def tick(self, now: int) -> None:
        """Reject or drop the connection if a deadline has passed."""
        if self._discard_until:
            if now >= self._discard_until:
                self._transport.abort()
        elif self._http is not None:
            rejection = self._http.tick(now)
            if rejection is not None:
                self._reject_http(rejection)
            if self._http.stalled(now):
                self._transport.abort()
        elif self._queued_head:
            if now - self._accepted_at >= self._state.limits.queue_ms:
                self._reject(SERVER_FULL)
        elif now - self._accepted_at >= self._state.limits.head_ms:
            if self._buffer:
                self._reject(SLOW_HEAD)
            else:
                self._transport.close()

    # Admission.

    def _admit(self) -> None:
        state, hub = self._state, self._state.hub
        proxied = state.policy.proxies.trusts(self.peer)
        within_rate = proxied or hub.address_limiter.admit_request(self.key, self._accepted_at)
        if not within_rate and not hub.address_limiter.may_explain(self._accepted_at):
            # A response to every attempt of a flood would cost more than the attempts.
            hub.rejections[RATE_LIMITED.code] += 1
            self._transport.set_protocol(CLOSED_PROTOCOL)
            self._transport.abort()
            return
        self.slot = ConnectionSlot(state, self)
        state.pending_heads[self] = self._accepted_at
        result = state.admission.count_in()
        if not within_rate:
            self._reject(RATE_LIMITED)
        elif result is AdmissionResult.FULL:
            self._reject(SERVER_FULL)
            self._transport.close()  # at once: a socket that lingers keeps a descriptor
        else:
            self.health_only = result is AdmissionResult.HEALTH_ONLY
            if not proxied:
                self._claim(self.key)

    def _claim(self, key: str) -> bool:
        if self.slot.claim_address(key):
            return True
        self._reject(ADDRESS_FULL)
        return False

    def _take_over(self, previous: "IncomingConnection") -> None:
        """Continue a connection whose HTTP stack met an upgrade after earlier requests."""
        self.peer = previous.peer
        self.key = previous.key
        self.slot = previous.slot
        self.health_only = previous.health_only
        self._transferred = True
        self.slot.transfer(previous, self)

    # Routing.

    def _route(self, head: bytes, rest: bytes) -> None:
        self._buffer = bytearray()
        parts = head[: head.find(b"\r\n")].split(b" ")
        path = parts[1].partition(b"?")[0].decode("latin-1") if len(parts) == 3 else ""
        if not path:
            self._reject(NOT_HTTP)
        elif self._transferred or path == SESSION_PATH:
            self._queue_handshake(head, rest)
        elif self.health_only and path not in _SERVED_WHEN_FULL:
            self._reject(SERVER_FULL)
        else:
            state = self._state
            state.pending_heads.pop(self, None)
            protocol = state.new_http_protocol()
            self._http = TimedHttpConnection(protocol, self._transport, state.limits)
            rejection = self._http.data_received(head + rest, state.clock())
            if rejection is not None:
                self._reject_http(rejection)
            if state.hub.shutting_down:
                protocol.shutdown()  # answers this request and no further one

    def _queue_handshake(self, head: bytes, rest: bytes) -> None:
        rejection = self._state.hub.session_rejection or (SERVER_FULL if self.health_only else None)
        if rejection is not None:
            self._reject(rejection)
            return
        self._queued_head = head
        self._keep_early_data(rest)
        self._state.handshakes.submit(self._complete_handshake)

    def _keep_early_data(self, data: bytes) -> None:
        """Keep what a client sends before it has the handshake's response, within a limit."""
        self._buffer += data
        if len(self._buffer) > self._state.limits.message_bytes:
            self._reject(LARGE_HEAD)

    def _complete_handshake(self) -> None:
        state = self._state
        state.pending_heads.pop(self, None)
        if self._discard_until or self._transport.is_closing():
            return
        handshake = check_handshake(
            self._queued_head, state.policy, any_origin=state.conformance_echo
        )
        if isinstance(handshake, Rejection):
            self._reject(handshake)
            return
        client = state.policy.proxies.client_address(self.peer, handshake.forwarded)
        if client != self.peer:
            key = limit_key(client)
            if not state.hub.address_limiter.admit_request(key, state.clock()):
                self._reject(RATE_LIMITED)
                return
            if not self._claim(key):
                return
        self._upgrade(handshake, client, bytes(self._buffer))

    def _upgrade(self, handshake: AcceptedHandshake, client: str, early: bytes) -> None:
        state = self._state
        self._transport.write(handshake.response)
        websocket = WebSocketConnection(self._transport, state.limits, state.clock, self.slot)
        self.slot.transfer(self, websocket)
        if state.conformance_echo:
            websocket.consumer = Echo(websocket)
        else:
            websocket.consumer = state.hub.admit(websocket, client, handshake.origin)
        websocket.serve(early)

    # Rejection.

    def _reject_http(self, rejection: Rejection) -> None:
        """Reject a request that the HTTP stack has begun to read."""
        http = cast("TimedHttpConnection", self._http)
        if not http.protocol.may_reject:
            self._transport.abort()  # the rejection would be taken for another response
            return
        self._reject(rejection)
        http.protocol.abandon_responses()  # otherwise the stack would write to a stream that has ended

    def _reject(self, rejection: Rejection) -> None:
        """Write the response and end our side; further input is discarded for a moment."""
        self._state.pending_heads.pop(self, None)
        self._state.hub.rejections[rejection.code] += 1
        self._discard_until = self._state.clock() + self._state.limits.linger_ms
        self._buffer = bytearray()
        closing.write_and_close(self._transport, http_response(rejection))
