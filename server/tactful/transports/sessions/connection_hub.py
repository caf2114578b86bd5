"""All open session connections of one server, and the two ports on either side of them.

A `ClientConnection` stands between a `MessageTransport`, which carries its messages, and the
`SessionHandler`, which answers them. It applies the rules of `protocol/conversation.py`.
"""

import logging
from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Final, Protocol

from tactful.core.values.addresses import limit_key
from tactful.protocol import close_codes
from tactful.protocol.close_codes import CloseCode
from tactful.protocol.codec import HEARTBEAT, ProtocolError, decode, encode
from tactful.protocol.conversation import TOO_FAST, Conversation, DueActions
from tactful.protocol.messages import Bye, ClientMessage
from tactful.transports.admission.access_policy import AccessPolicy, Rejection
from tactful.transports.admission.address_limits import AddressLimiter
from tactful.transports.admission.memory_guard import MemoryGuard
from tactful.transports.admission.message_quotas import (
    MESSAGES_PER_CHARGE,
    TokenBucket,
    TokenBuckets,
)
from tactful.transports.admission.rejections import SERVER_FULL, SHUTTING_DOWN

log = logging.getLogger("tactful.sessions")

ABNORMAL: Final = 1006
"""The code of a connection that ended without a close frame (RFC 6455, section 7.1.5)."""
_VIOLATIONS = frozenset(
    each.code for each in (close_codes.BAD_FRAME, close_codes.NOT_TEXT, close_codes.NOT_UTF8,
                           close_codes.TOO_LARGE, close_codes.BAD_MESSAGE, close_codes.NO_HELLO,
                           close_codes.TOO_FAST)
)  # fmt: skip
_COUNTED_CODES = frozenset({ABNORMAL, *(row.code for row in close_codes.TABLE)})


def monotonic_ms() -> int:
    """Return the milliseconds of a clock that never goes back."""
    return int(monotonic() * 1_000)


class MessageTransport(Protocol):
    """The sending side: carries messages to one client. No method blocks."""

    @property
    def buffered(self) -> int:
        """Bytes not yet taken by the kernel."""

    def send(self, payload: bytes) -> None:
        """Send one encoded message."""

    def send_heartbeat(self, heartbeat: bytes) -> None:
        """Send a heartbeat, unless the client lags and has enough to read already."""

    def close(self, code: CloseCode, reason: str = "") -> None:
        """End the connection; messages sent afterwards are dropped."""


class SessionHandler(Protocol):
    """The receiving side: answers the messages of all connections. No method blocks.

    Each `connection_opened` is followed by exactly one `connection_closed`. An exception closes the
    connection and does not end the process.
    """

    def connection_opened(self, connection: "ClientConnection") -> None:
        """Prepare for a connection, whose first message will be `hello`."""

    def message_received(self, connection: "ClientConnection", message: ClientMessage) -> None:
        """Handle a message that keeps the protocol; the connection acknowledges it."""

    def client_lagging(self, connection: "ClientConnection") -> None:
        """Send only what cannot wait until the client has caught up."""

    def client_caught_up(self, connection: "ClientConnection") -> None:
        """Send the latest state: the client reads again."""

    def connection_closed(self, connection: "ClientConnection") -> None:
        """Forget a connection that has ended, for whatever reason."""


class ConnectionHub:
    """All session connections, whatever carries them, with their limits and counters."""

    def __init__(
        self, handler: SessionHandler, policy: AccessPolicy, clock: Callable[[], int] = monotonic_ms
    ) -> None:
        """Create a hub; `clock` returns milliseconds and never goes back."""
        self.handler = handler
        self.policy = policy
        self.clock = clock
        self.memory_guard = MemoryGuard(policy.limits.memory_bytes)
        self.quotas = TokenBuckets(policy.limits.timing, policy.limits.per_address)
        self.address_limiter = AddressLimiter(policy.limits)
        self.connections: set[ClientConnection] = set()
        self.shutting_down = False
        """Whether every session gets `bye` right after its `welcome`."""
        self.closed = False
        """Whether no session is admitted any more."""
        self.rejections: Counter[str] = Counter()
        """Rejected connections and requests, by problem code."""
        self.close_counts: Counter[int] = Counter()
        """Ended connections by close code; codes that a client invented count as 0."""
        self.messages_received = 0
        self._spread_s = 1
        self._byes_sent = 0

    @property
    def session_rejection(self) -> Rejection | None:
        """The rejection of new sessions; `None` while new sessions are admitted."""
        if self.closed:
            return SHUTTING_DOWN
        return SERVER_FULL if self.memory_guard.refusing else None

    def report_key_check(self, address: str, right: bool) -> None:
        """Exempt an address that presented the server key, or penalize one with a wrong key."""
        limiter = self.address_limiter
        report = limiter.trust if right else limiter.penalize
        report(limit_key(address), self.clock())

    def admit(self, transport: MessageTransport, address: str, origin: str) -> "ClientConnection":
        """Open a session connection.

        Args:
            transport: The transport that carries its messages.
            address: The client's address; behind trusted proxies, the address that they report.
            origin: The storefront's origin, one of the accepted ones.
        """
        connection = ClientConnection(self, transport, address, origin)
        self.connections.add(connection)
        connection.call_handler(self.handler.connection_opened)
        return connection

    def remove(self, connection: "ClientConnection", code: int) -> None:
        """Count a connection that has ended with a close code; a violation is charged to its address."""
        self.connections.discard(connection)
        if code in _VIOLATIONS:
            flooded = code == close_codes.TOO_FAST.code
            self.address_limiter.penalize(
                limit_key(connection.address), self.clock(), flooded=flooded
            )
        self.close_counts[code if code in _COUNTED_CODES else 0] += 1
        connection.call_handler(self.handler.connection_closed)

    def announce_shutdown(self, spread_s: int) -> None:
        """Send `bye` to all sessions, which spreads their reconnects over `spread_s` seconds."""
        self.shutting_down, self._spread_s = True, max(1, spread_s)
        for connection in list(self.connections):
            connection.send_bye()

    def next_bye(self) -> bytes:
        """Return the next `bye`: equally many connections are asked back in each second."""
        number, self._byes_sent = self._byes_sent, self._byes_sent + 1
        per_second = max(1, _ceiling_division(len(self.connections), self._spread_s))
        second = number // per_second % self._spread_s
        return encode(Bye(code=close_codes.GOING_AWAY.code, retry=1 + second))

    def close_all(self) -> None:
        """Close the remaining connections and admit no further session."""
        self.shutting_down = self.closed = True
        for connection in list(self.connections):
            connection.close(close_codes.GOING_AWAY, "The server restarts.")


class ClientConnection:
    """One session connection: between the transport that carries it and the session handler."""

    __slots__ = (
        "_address_quota", "_conversation", "_hub", "_in_read", "_session_quota", "_transport",
        "_uncharged", "_welcomed", "address", "attached", "origin",
    )  # fmt: skip

    def __init__(
        self, hub: ConnectionHub, transport: MessageTransport, address: str, origin: str
    ) -> None:
        self._hub = hub
        self._transport = transport
        self._conversation = Conversation(hub.policy.limits.timing, hub.clock())
        self.address = address
        """The client's address; behind trusted proxies, the address that they report."""
        self.origin = origin
        """The storefront's origin."""
        self.attached: object | None = None
        """State of the session handler; never read here."""
        self._in_read = False
        self._welcomed = False  # the handler has sent its first message, which is `welcome`
        self._uncharged = 0  # frames that the quotas have not been charged with yet
        self._session_quota: TokenBucket | None = None
        key = limit_key(address)
        limited = key not in hub.policy.limits.unlimited
        self._address_quota = hub.quotas.for_address(key, hub.clock()) if limited else None

    # Called by the session handler.

    @property
    def highest_n(self) -> int:
        """The highest `n` received.

        The handler raises it during the `hello` of a resumed session, so that messages that the
        client sends again are not handled twice.
        """
        return self._conversation.highest_n

    @highest_n.setter
    def highest_n(self, n: int) -> None:
        self._conversation.highest_n = n

    @property
    def buffered(self) -> int:
        """Bytes sent and not yet taken by the kernel."""
        return self._transport.buffered

    def send(self, payload: bytes) -> None:
        """Send one encoded message. Messages sent while a read is handled are written together."""
        self._transport.send(payload)
        if not self._welcomed:
            self._welcomed = True
            if not self._in_read:
                self._acknowledge()
            if self._hub.shutting_down:
                self.send_bye()

    def send_bye(self) -> None:
        """Send `bye`. Before the `welcome` nothing is sent; `send` then sends it after the `welcome`."""
        if self._welcomed:
            self._transport.send(self._hub.next_bye())

    def close(self, code: CloseCode, reason: str = "") -> None:
        """End the connection. Messages sent afterwards are dropped; `connection_closed` follows."""
        self._transport.close(code, reason)

    @property
    def charged_address(self) -> str:
        """The `limit_key` that costs are charged to; empty: an address without limits."""
        key = limit_key(self.address)
        return "" if key in self._hub.policy.limits.unlimited else key

    def may_open_session(self) -> bool:
        """Charge a new session to the client's address; return whether it is within the rate."""
        return self._hub.address_limiter.admit_session(limit_key(self.address), self._hub.clock())

    def join_session(self, session: str) -> None:
        """Share the message quota of a session with its other connections."""
        quotas = self._hub.quotas
        quotas.release(self._session_quota)
        self._session_quota = quotas.for_session(session, self._hub.clock())

    # Called by the transport.

    def begin_read(self, now: int) -> None:
        """Record that bytes have arrived at `now` (milliseconds): the client is there."""
        self._in_read = True
        self._conversation.record_activity(now)

    def charge_frame(self, size: int) -> bool:
        """Charge a frame of `size` bytes that is not a message; return whether it is within the rate."""
        self._uncharged += 1
        return self._conversation.charge(size) is None

    def receive_text(self, payload: bytes) -> None:
        """Handle one message, or close with the code of the rule that it breaks."""
        conversation = self._conversation
        self._uncharged += 1
        error = conversation.charge(len(payload))
        if error is not None:
            return self._close_with(error)
        message = decode(payload)
        if type(message) is ProtocolError:
            return self._close_with(message)
        new = conversation.receive(message)
        if new is True:
            self._hub.messages_received += 1
            try:  # inline: `call_handler` costs 0.15 µs a message
                self._hub.handler.message_received(self, message)
            except Exception as failure:  # noqa: BLE001 - it closes only this connection
                self._handler_failed(failure)
        elif new is not False:
            self._close_with(new)
        return None

    def receive_binary(self, payload: bytes) -> None:
        """Close: the protocol is text."""
        del payload
        self.close(close_codes.NOT_TEXT, "Send text, not binary.")

    def end_read(self) -> None:
        """Acknowledge all messages of a read at once, and never before the `welcome`."""
        self._in_read = False
        if self._uncharged >= MESSAGES_PER_CHARGE and not self._charge_quotas():
            self._close_with(TOO_FAST)
        elif self._welcomed:
            self._acknowledge()

    def tick(self, now: int) -> None:
        """Send a heartbeat or close the connection, if that is due at `now` (milliseconds)."""
        due = self._conversation.due(now)
        if due is DueActions.HEARTBEAT:
            if self._welcomed:
                self._transport.send_heartbeat(HEARTBEAT)
        elif due is not DueActions.NOTHING:
            self._close_with(due)

    def client_lagging(self) -> None:
        """Report to the handler that the client does not read the messages sent to it."""
        self.call_handler(self._hub.handler.client_lagging)

    def client_caught_up(self) -> None:
        """Report to the handler that the client reads again."""
        self.call_handler(self._hub.handler.client_caught_up)

    def connection_lost(self, code: int) -> None:
        """Charge the remaining frames, release the quotas and leave the hub, with this close code."""
        self._charge_quotas()
        for quota in (self._address_quota, self._session_quota):
            self._hub.quotas.release(quota)
        self._hub.remove(self, code)

    def call_handler(self, method: Callable[["ClientConnection"], None]) -> None:
        """Call a method of the handler. If it fails, this connection is closed; the process continues."""
        try:
            method(self)
        except Exception as failure:  # noqa: BLE001 - see above
            self._handler_failed(failure)

    def _handler_failed(self, failure: Exception) -> None:
        log.error("The session handler failed; the connection is closed.", exc_info=failure)
        self.close(close_codes.INTERNAL, "The server failed.")

    def _charge_quotas(self) -> bool:
        """Charge the quotas of address and session with the frames since the last time."""
        frames, self._uncharged = self._uncharged, 0
        now = self._hub.clock()
        quotas = [quota for quota in (self._address_quota, self._session_quota) if quota]
        return all(quota.charge(frames, now) for quota in quotas)

    def _acknowledge(self) -> None:
        ack = self._conversation.pending_ack()
        if ack is not None:
            self._transport.send(encode(ack))

    def _close_with(self, error: ProtocolError) -> None:
        self.close(error.close, error.text)


def _ceiling_division(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
