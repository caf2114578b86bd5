"""The front door: one connection from its first byte to the stack that serves it.

A head must be complete in time and within its size. What asks for `/v1/session` is judged here and
becomes a WebSocket; everything else goes to the HTTP stack, and is watched there.
"""

import asyncio
from typing import cast

from tactful.transports.admission.access_policy import PROBE_PATHS, SESSION_PATH, Rejection
from tactful.transports.admission.client_address import limit_key
from tactful.transports.admission.limits import AdmissionResult
from tactful.transports.admission.rejections import (
    ADDRESS_FULL,
    RATE_LIMITED,
    SERVER_FULL,
    http_response,
)
from tactful.transports.server import closing as last_words
from tactful.transports.server.echo import Echo
from tactful.transports.server.handshake import AcceptedHandshake, check_handshake
from tactful.transports.server.http_protocol import NOT_HTTP
from tactful.transports.server.http_timeouts import LARGE_HEAD, SLOW_HEAD, TimedHttpConnection
from tactful.transports.server.server_state import ConnectionSlot, ListenerState
from tactful.transports.server.websocket import WebSocketConnection

CLOSED_PROTOCOL = asyncio.Protocol()
"""What a connection talks to that nobody has let in."""

_HEAD_END = b"\r\n\r\n"
_FIRST_CAPITAL, _LAST_CAPITAL = b"AZ"
_SPARED = PROBE_PATHS | {"/metrics"}


class IncomingConnection(asyncio.Protocol):
    """One connection until it is known what it wants, and after that if it wants HTTP."""

    __slots__ = ("_deaf_until", "_head", "_house", "_http", "_opened", "_queued", "_taken_over",
                 "_transport", "health_only", "peer", "slot")  # fmt: skip

    def __init__(self, house: ListenerState) -> None:
        self._house = house
        self._transport: asyncio.Transport
        self.slot: ConnectionSlot
        self._head = bytearray()
        self._opened = house.clock()
        self.peer = ""
        self._deaf_until = 0
        self.health_only = False  # only a health check may pass
        self._taken_over = False  # the HTTP stack has handed an upgrade back
        self._http: TimedHttpConnection | None = None
        self._queued = b""  # the head of a handshake that waits for its turn

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the peer in, or turn it away."""
        self._transport = cast("asyncio.Transport", transport)
        before = self._transport.get_protocol()
        if isinstance(before, IncomingConnection) and before is not self:
            self._take_over(before)
        else:
            self.peer = _address(transport)
            self._accept()

    def data_received(self, data: bytes) -> None:
        """Collect the head; later, pass everything on."""
        if self._deaf_until:
            return
        if self._http is not None:
            self._refuse_if(self._http.data_received(data, self._house.clock()))
            return
        if self._queued:
            self._keep_early(data)
            return
        head = self._head
        searched = max(0, len(head) - len(_HEAD_END))
        head += data
        end = head.find(_HEAD_END, searched) + len(_HEAD_END)
        complete = end >= len(_HEAD_END)
        if not _FIRST_CAPITAL <= head[0] <= _LAST_CAPITAL:
            self._refuse(NOT_HTTP)  # a method is written in capitals; this is TLS or noise
        elif (end if complete else len(head)) > self._house.limits.head_bytes:
            self._refuse(LARGE_HEAD)
        elif complete:
            self._route(bytes(head[:end]), bytes(head[end:]))

    def pause_writing(self) -> None:
        """The peer reads slowly."""
        if self._http is not None:
            self._http.pause_writing(self._house.clock())

    def resume_writing(self) -> None:
        """The peer has caught up."""
        if self._http is not None:
            self._http.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        self._stop_waiting()
        if self._http is not None:
            self._http.protocol.connection_lost(exc)
        self.slot.release(self)

    def abort(self) -> None:
        """Drop the connection."""
        self._transport.abort()

    def tick(self, now: int) -> None:
        """The sweep has come by: is this taking too long?"""
        if self._deaf_until:
            if now >= self._deaf_until:
                self._transport.abort()
        elif self._http is not None:
            self._refuse_if(self._http.tick(now))
            if self._http.stalled(now):
                self._transport.abort()
        elif self._queued:
            if now - self._opened >= self._house.limits.queue_ms:
                self._refuse(SERVER_FULL)
        elif now - self._opened >= self._house.limits.head_ms:
            if self._head:
                self._refuse(SLOW_HEAD)
            else:
                self._transport.close()

    # Who may come in.

    def _accept(self) -> None:
        house = self._house
        proxied = house.policy.proxies.trusts(self.peer)
        welcome = proxied or house.hub.address_limiter.admit_request(
            limit_key(self.peer), self._opened
        )
        if not welcome and not house.hub.address_limiter.may_explain(self._opened):
            house.reject_silently(limit_key(self.peer))
            self._transport.set_protocol(CLOSED_PROTOCOL)
            self._transport.abort()
            return
        self.slot = ConnectionSlot(house, self)
        house.pending_heads[self] = self._opened
        verdict = house.admission.count_in()
        if welcome:
            self._admit(verdict, proxied=proxied)
        else:
            self._refuse(RATE_LIMITED)

    def _admit(self, verdict: AdmissionResult, *, proxied: bool) -> None:
        self.health_only = verdict is AdmissionResult.HEALTH_ONLY
        if verdict is AdmissionResult.FULL:
            self._refuse(SERVER_FULL)
            self._transport.close()  # at once: what lingers takes a descriptor
        elif not proxied:
            self._claim(self.peer)

    def _claim(self, address: str) -> bool:
        if self.slot.claim_address(limit_key(address)):
            return True
        self._refuse(ADDRESS_FULL)
        return False

    def _take_over(self, before: "IncomingConnection") -> None:
        """Take the place of the door whose HTTP stack has met an upgrade on a used connection."""
        self.peer = before.peer
        self.slot = before.slot
        self.health_only = before.health_only
        self._taken_over = True
        self.slot.transfer(before, self)

    # Where to.

    def _route(self, head: bytes, rest: bytes) -> None:
        self._head = bytearray()
        path = _path(head)
        if not path:
            self._refuse(NOT_HTTP)
        elif self._taken_over or path == SESSION_PATH:
            self._to_session(head, rest)
        elif self.health_only and path not in _SPARED:
            self._refuse(SERVER_FULL)
        else:
            self._stop_waiting()
            self._http = TimedHttpConnection(
                self._house.new_http_protocol(), self._transport, self._house.limits
            )
            self._refuse_if(self._http.data_received(head + rest, self._house.clock()))
            if self._house.hub.shutting_down:
                self._http.protocol.shutdown()  # answer this request, and no further one

    def _to_session(self, head: bytes, rest: bytes) -> None:
        house = self._house
        closed = house.hub.session_rejection or (SERVER_FULL if self.health_only else None)
        if closed is not None:
            self._refuse(closed)
            return
        self._queued = head
        self._keep_early(rest)
        house.handshakes.submit(self._shake_hands)

    def _keep_early(self, data: bytes) -> None:
        """A client may send messages before it has our answer; a few."""
        self._head += data
        if len(self._head) > self._house.limits.message_bytes:
            self._refuse(LARGE_HEAD)

    def _shake_hands(self) -> None:
        self._stop_waiting()
        if self._deaf_until or self._transport.is_closing():
            return
        house, head, early = self._house, self._queued, bytes(self._head)
        judged = check_handshake(head, house.policy, any_page=house.conformance_echo)
        if isinstance(judged, Rejection):
            self._refuse(judged)
            return
        client = house.policy.proxies.client_address(self.peer, judged.forwarded)
        if client != self.peer:
            if not house.hub.address_limiter.admit_request(limit_key(client), house.clock()):
                self._refuse(RATE_LIMITED)
                return
            if not self._claim(client):
                return
        self._upgrade(judged, client, early)

    def _upgrade(self, judged: AcceptedHandshake, client: str, early: bytes) -> None:
        house = self._house
        self._transport.write(judged.response)
        link = WebSocketConnection(self._transport, house.limits, house.clock, self.slot)
        self.slot.transfer(self, link)
        if house.conformance_echo:
            link.consumer = Echo(link)
        else:
            link.consumer = house.hub.admit(link, client, judged.origin)
        link.serve(early)

    def _stop_waiting(self) -> None:
        self._house.pending_heads.pop(self, None)

    # Turning away.

    def _refuse_if(self, refusal: Rejection | None) -> None:
        if refusal is None:
            return
        if self._http is not None and self._http.answering:
            self._transport.abort()
            return
        self._refuse(refusal)
        if self._http is not None:
            self._http.protocol.abandon_responses()  # else it writes its answer on a line that has ended

    def _refuse(self, refusal: Rejection) -> None:
        """Say why and end our side; what the peer still sends is read and dropped for a moment."""
        self._stop_waiting()
        self._house.hub.rejections[refusal.code] += 1
        self._deaf_until = self._house.clock() + self._house.limits.linger_ms
        self._head = bytearray()
        last_words.write_and_close(self._transport, http_response(refusal))


def _address(transport: asyncio.BaseTransport) -> str:
    """The peer's address; a peer on a Unix socket has none and counts as this machine."""
    name = transport.get_extra_info("peername")
    return str(name[0]) if isinstance(name, tuple) else "127.0.0.1"


def _path(head: bytes) -> str:
    """The path of a request line, without its query; empty if the line is not one."""
    parts = head[: head.find(b"\r\n")].split(b" ")
    return parts[1].partition(b"?")[0].decode("latin-1") if len(parts) == 3 else ""
