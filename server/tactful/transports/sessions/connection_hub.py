"""Who is connected: opens conversations with the desk, counts them, and says goodbye to all."""

import logging
from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from tactful.protocol import close_codes
from tactful.protocol.close_codes import CloseCode
from tactful.protocol.codec import HEARTBEAT, ProtocolError, decode, encode
from tactful.protocol.conversation import TOO_FAST, Conversation, DueActions
from tactful.protocol.messages import Bye
from tactful.transports.admission.access_policy import AccessPolicy, Rejection
from tactful.transports.admission.address_limits import AddressLimiter
from tactful.transports.admission.client_address import limit_key
from tactful.transports.admission.memory_guard import MemoryGuard
from tactful.transports.admission.message_quotas import (
    MESSAGES_PER_CHARGE,
    TokenBucket,
    TokenBuckets,
)
from tactful.transports.admission.rejections import SERVER_FULL, SHUTTING_DOWN
from tactful.transports.sessions.ports import SessionHandler

log = logging.getLogger("tactful.sessions")

_FAULTS = frozenset(
    each.code for each in (close_codes.BAD_FRAME, close_codes.NOT_TEXT, close_codes.NOT_UTF8,
                           close_codes.TOO_LARGE, close_codes.BAD_MESSAGE, close_codes.NO_HELLO,
                           close_codes.TOO_FAST)
)  # fmt: skip
_KNOWN_CODES = frozenset(row.code for row in close_codes.TABLE)


def monotonic_ms() -> int:
    """Milliseconds of a clock that never goes back."""
    return int(monotonic() * 1_000)


class MessageTransport(Protocol):
    """What carries a conversation: a WebSocket of ours, one of a host server, or a stream."""

    @property
    def buffered(self) -> int:
        """Bytes not yet taken by the kernel."""

    def send(self, payload: bytes) -> None:
        """Send one message."""

    def send_heartbeat(self, heartbeat: bytes) -> None:
        """Send a sign of life, unless there is enough to read already."""

    def close(self, code: CloseCode, reason: str = "") -> None:
        """End the connection."""


class ConnectionHub:
    """Everybody who is connected, whatever carries them, and the desk that answers."""

    def __init__(
        self, desk: SessionHandler, policy: AccessPolicy, clock: Callable[[], int] = monotonic_ms
    ) -> None:
        self.handler = desk
        self.policy = policy
        self.clock = clock
        self.memory_guard = MemoryGuard(policy.limits.memory_bytes)
        self.quotas = TokenBuckets(policy.limits.timing, policy.limits.per_address)
        self.address_limiter = AddressLimiter(policy.limits)
        self.rejections: Counter[str] = Counter()  # of connections and requests, by code
        self.connections: set[ClientConnection] = set()
        self.shutting_down = False  # whoever comes now is told at once when to come back
        self.closed = False  # nobody is taken in any more
        self._spread_s = 1
        self._told = 0
        self.close_counts: Counter[int] = (
            Counter()
        )  # by code; codes of the client's invention count as 0
        self.messages_received = 0

    @property
    def session_rejection(self) -> Rejection | None:
        """Why nobody new comes in; None: they may."""
        if self.closed:
            return SHUTTING_DOWN
        return SERVER_FULL if self.memory_guard.refusing else None

    def report_key_check(self, address: str, right: bool) -> None:
        """A server key came from there: a system of the shop comes as often as it likes."""
        take = self.address_limiter.trust if right else self.address_limiter.penalize
        take(limit_key(address), self.clock())

    def admit(self, link: MessageTransport, peer: str, origin: str) -> "ClientConnection":
        """Open a conversation."""
        exchange = ClientConnection(self, link, peer, origin)
        self.connections.add(exchange)
        exchange.call_handler(self.handler.connection_opened, exchange)
        return exchange

    def remove(self, exchange: "ClientConnection", code: int) -> None:
        """A conversation has ended."""
        self.connections.discard(exchange)
        if code in _FAULTS:
            flooded = code == close_codes.TOO_FAST.code
            self.address_limiter.penalize(
                limit_key(exchange.address), self.clock(), flooded=flooded
            )
        self.close_counts[code if code in _KNOWN_CODES or code == 1006 else 0] += 1
        exchange.call_handler(self.handler.connection_closed, exchange)

    def announce_shutdown(self, spread_s: int) -> None:
        """Tell everybody when to come back: evenly spread over `spread_s` seconds."""
        self.shutting_down, self._spread_s = True, max(1, spread_s)
        for exchange in list(self.connections):
            exchange.send_bye()

    def next_bye(self) -> bytes:
        """The next goodbye: each asks to come back a little later than the one before it."""
        place, self._told = self._told, self._told + 1
        share = max(1, -(-len(self.connections) // self._spread_s))
        retry = 1 + place // share % self._spread_s
        return encode(Bye(code=close_codes.GOING_AWAY.code, retry=retry))

    def close_all(self) -> None:
        """Close whoever is still here, and take nobody in."""
        self.shutting_down = self.closed = True
        for exchange in list(self.connections):
            exchange.close(close_codes.GOING_AWAY, "The server restarts.")


class ClientConnection:
    """One conversation: between the link that carries it and the desk that answers it."""

    __slots__ = (
        "_conversation", "_link", "_of_address", "_of_session", "_reading", "_reception",
        "_unsettled", "_welcomed", "address", "attached", "origin",
    )  # fmt: skip

    def __init__(
        self, reception: ConnectionHub, link: MessageTransport, peer: str, origin: str
    ) -> None:
        self._reception = reception
        self._link = link
        rhythm = reception.policy.limits.timing
        self._conversation = Conversation(rhythm, reception.clock())
        self.address = peer
        self.origin = origin
        self.attached: object | None = None
        self._reading = False
        self._welcomed = False  # the desk has sent something: `welcome`, before all else
        self._unsettled = 0  # frames that the shares have not been charged with yet
        self._of_session: TokenBucket | None = None
        key = limit_key(peer)
        limited = key not in reception.policy.limits.unlimited
        now = reception.clock()
        self._of_address = reception.quotas.for_address(key, now) if limited else None

    # What the desk may do.

    @property
    def highest_n(self) -> int:
        """The highest `n` taken in."""
        return self._conversation.highest_n

    @highest_n.setter
    def highest_n(self, n: int) -> None:
        self._conversation.highest_n = n

    @property
    def buffered(self) -> int:
        """Bytes sent and not yet taken by the kernel."""
        return self._link.buffered

    def send(self, payload: bytes) -> None:
        """Send one encoded message."""
        self._link.send(payload)
        if not self._welcomed:
            self._welcomed = True
            if not self._reading:
                self._acknowledge()
            if self._reception.shutting_down:
                self.send_bye()

    def send_bye(self) -> None:
        """Say when to come back; to who waits for the welcome, after it."""
        if self._welcomed:
            self._link.send(self._reception.next_bye())

    def close(self, code: CloseCode, reason: str = "") -> None:
        """End the connection."""
        self._link.close(code, reason)

    def may_open_session(self) -> bool:
        """Count a session that is new to us against the address."""
        reception = self._reception
        return reception.address_limiter.admit_session(limit_key(self.address), reception.clock())

    def join_session(self, session: str) -> None:
        """Share what may be said with the session's other connections, and with those before."""
        shares = self._reception.quotas
        shares.release(self._of_session)
        self._of_session = shares.for_session(session, self._reception.clock())

    # What the link reports.

    def begin_read(self, now: int) -> None:
        """Some bytes have arrived: the peer lives."""
        self._reading = True
        self._conversation.record_activity(now)

    def charge_frame(self, size: int) -> bool:
        """Charge a frame that is no message."""
        self._unsettled += 1
        return self._conversation.charge(size) is None

    def receive_text(self, payload: bytes) -> None:
        """Take in one message, or close with the reason why not."""
        conversation = self._conversation
        self._unsettled += 1
        problem = conversation.charge(len(payload))
        if problem is not None:
            return self._refuse(problem)
        message = decode(payload)
        if type(message) is ProtocolError:
            return self._refuse(message)
        verdict = conversation.receive(message)
        if verdict is True:
            self._reception.messages_received += 1
            try:  # as `guarded` does, which costs 0.15 µs
                self._reception.handler.message_received(self, message)
            except Exception as error:  # noqa: BLE001 - it costs this connection, not the process
                self._failed(error)
        elif verdict is not False:
            self._refuse(verdict)
        return None

    def receive_binary(self, payload: bytes) -> None:
        """Refuse: the protocol is text."""
        del payload
        self.close(close_codes.NOT_TEXT, "Send text, not binary.")

    def end_read(self) -> None:
        """Acknowledge what this read brought, once, and never before the welcome."""
        self._reading = False
        if self._unsettled >= MESSAGES_PER_CHARGE and not self._settle():
            self._refuse(TOO_FAST)
        elif self._welcomed:
            self._acknowledge()

    def tick(self, now: int) -> None:
        """Do what the clock asks for."""
        due = self._conversation.due(now)
        if due is DueActions.HEARTBEAT:
            if self._welcomed:
                self._link.send_heartbeat(HEARTBEAT)
        elif due is not DueActions.NOTHING:
            self._refuse(due)

    def client_lagging(self) -> None:
        """The peer lags."""
        self.call_handler(self._reception.handler.client_lagging, self)

    def client_caught_up(self) -> None:
        """The peer lags no longer."""
        self.call_handler(self._reception.handler.client_caught_up, self)

    def connection_lost(self, code: int) -> None:
        """The link is gone."""
        self._settle()
        for share in (self._of_address, self._of_session):
            self._reception.quotas.release(share)
        self._reception.remove(self, code)

    def call_handler(self, call: Callable[..., None], *arguments: object) -> None:
        """Contain a failure of the desk: it costs this connection, not the process."""
        try:
            call(*arguments)
        except Exception as error:  # noqa: BLE001 - see above
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        log.error("the desk failed; the connection is closed", exc_info=error)
        self.close(close_codes.INTERNAL, "The server failed.")

    def _settle(self) -> bool:
        """Charge the shares with what was said; no: they do not hold so much."""
        said, self._unsettled = self._unsettled, 0
        now = self._reception.clock()
        held = [share for share in (self._of_address, self._of_session) if share]
        return all(share.charge(said, now) for share in held)

    def _acknowledge(self) -> None:
        owed = self._conversation.pending_ack()
        if owed is not None:
            self._link.send(encode(owed))

    def _refuse(self, problem: ProtocolError) -> None:
        self.close(problem.close, problem.text)
