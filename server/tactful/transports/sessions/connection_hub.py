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
from tactful.transports.admission.message_quotas import ROUNDS, TokenBucket, TokenBuckets
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
        self.desk = desk
        self.policy = policy
        self.clock = clock
        self.memory = MemoryGuard(policy.limits.memory_bytes)
        self.shares = TokenBuckets(policy.limits.rhythm, policy.limits.per_address)
        self.callers = AddressLimiter(policy.limits)
        self.refusals: Counter[str] = Counter()  # of connections and requests, by code
        self.present: set[ClientConnection] = set()
        self.leaving = False  # whoever comes now is told at once when to come back
        self.dismissed = False  # nobody is taken in any more
        self._spread_s = 1
        self._told = 0
        self.closes: Counter[int] = Counter()  # by code; codes of the client's invention count as 0
        self.messages = 0

    @property
    def closed_with(self) -> Rejection | None:
        """Why nobody new comes in; None: they may."""
        if self.dismissed:
            return SHUTTING_DOWN
        return SERVER_FULL if self.memory.short else None

    def report_key_check(self, address: str, right: bool) -> None:
        """A server key came from there: a system of the shop comes as often as it likes."""
        take = self.callers.trust if right else self.callers.closed
        take(limit_key(address), self.clock())

    def admit(self, link: MessageTransport, peer: str, origin: str) -> "ClientConnection":
        """Open a conversation."""
        exchange = ClientConnection(self, link, peer, origin)
        self.present.add(exchange)
        exchange.guarded(self.desk.open, exchange)
        return exchange

    def remove(self, exchange: "ClientConnection", code: int) -> None:
        """A conversation has ended."""
        self.present.discard(exchange)
        if code in _FAULTS:
            flooded = code == close_codes.TOO_FAST.code
            self.callers.closed(limit_key(exchange.peer), self.clock(), flooded=flooded)
        self.closes[code if code in _KNOWN_CODES or code == 1006 else 0] += 1
        exchange.guarded(self.desk.closed, exchange)

    def announce_shutdown(self, spread_s: int) -> None:
        """Tell everybody when to come back: evenly spread over `spread_s` seconds."""
        self.leaving, self._spread_s = True, max(1, spread_s)
        for exchange in list(self.present):
            exchange.say_goodbye()

    def next_bye(self) -> bytes:
        """The next goodbye: each asks to come back a little later than the one before it."""
        place, self._told = self._told, self._told + 1
        share = max(1, -(-len(self.present) // self._spread_s))
        retry = 1 + place // share % self._spread_s
        return encode(Bye(code=close_codes.GOING_AWAY.code, retry=retry))

    def close_all(self) -> None:
        """Close whoever is still here, and take nobody in."""
        self.leaving = self.dismissed = True
        for exchange in list(self.present):
            exchange.close(close_codes.GOING_AWAY, "The server restarts.")


class ClientConnection:
    """One conversation: between the link that carries it and the desk that answers it."""

    __slots__ = (
        "_conversation", "_link", "_of_address", "_of_session", "_reading", "_reception",
        "_unsettled", "_welcomed", "attached", "origin", "peer",
    )  # fmt: skip

    def __init__(
        self, reception: ConnectionHub, link: MessageTransport, peer: str, origin: str
    ) -> None:
        self._reception = reception
        self._link = link
        rhythm = reception.policy.limits.rhythm
        self._conversation = Conversation(rhythm, reception.clock())
        self.peer = peer
        self.origin = origin
        self.attached: object | None = None
        self._reading = False
        self._welcomed = False  # the desk has sent something: `welcome`, before all else
        self._unsettled = 0  # frames that the shares have not been charged with yet
        self._of_session: TokenBucket | None = None
        key = limit_key(peer)
        limited = key not in reception.policy.limits.unlimited
        now = reception.clock()
        self._of_address = reception.shares.of_address(key, now) if limited else None

    # What the desk may do.

    @property
    def taken(self) -> int:
        """The highest `n` taken in."""
        return self._conversation.taken

    @taken.setter
    def taken(self, n: int) -> None:
        self._conversation.taken = n

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
            if self._reception.leaving:
                self.say_goodbye()

    def say_goodbye(self) -> None:
        """Say when to come back; to who waits for the welcome, after it."""
        if self._welcomed:
            self._link.send(self._reception.next_bye())

    def close(self, code: CloseCode, reason: str = "") -> None:
        """End the connection."""
        self._link.close(code, reason)

    def may_open(self) -> bool:
        """Count a session that is new to us against the address."""
        reception = self._reception
        return reception.callers.open(limit_key(self.peer), reception.clock())

    def join_session(self, session: str) -> None:
        """Share what may be said with the session's other connections, and with those before."""
        shares = self._reception.shares
        shares.let_go(self._of_session)
        self._of_session = shares.of_session(session, self._reception.clock())

    # What the link reports.

    def begin(self, now: int) -> None:
        """Some bytes have arrived: the peer lives."""
        self._reading = True
        self._conversation.hear(now)

    def spend(self, size: int) -> bool:
        """Charge a frame that is no message."""
        self._unsettled += 1
        return self._conversation.spend(size) is None

    def text(self, payload: bytes) -> None:
        """Take in one message, or close with the reason why not."""
        conversation = self._conversation
        self._unsettled += 1
        problem = conversation.spend(len(payload))
        if problem is not None:
            return self._refuse(problem)
        message = decode(payload)
        if type(message) is ProtocolError:
            return self._refuse(message)
        verdict = conversation.take(message)
        if verdict is True:
            self._reception.messages += 1
            try:  # as `guarded` does, which costs 0.15 µs
                self._reception.desk.receive(self, message)
            except Exception as error:  # noqa: BLE001 - it costs this connection, not the process
                self._failed(error)
        elif verdict is not False:
            self._refuse(verdict)
        return None

    def binary(self, payload: bytes) -> None:
        """Refuse: the protocol is text."""
        del payload
        self.close(close_codes.NOT_TEXT, "Send text, not binary.")

    def end(self) -> None:
        """Acknowledge what this read brought, once, and never before the welcome."""
        self._reading = False
        if self._unsettled >= ROUNDS and not self._settle():
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

    def slow(self) -> None:
        """The peer lags."""
        self.guarded(self._reception.desk.slow, self)

    def caught_up(self) -> None:
        """The peer lags no longer."""
        self.guarded(self._reception.desk.caught_up, self)

    def lost(self, code: int) -> None:
        """The link is gone."""
        self._settle()
        for share in (self._of_address, self._of_session):
            self._reception.shares.let_go(share)
        self._reception.remove(self, code)

    def guarded(self, call: Callable[..., None], *arguments: object) -> None:
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
        return all(share.spend(said, now) for share in held)

    def _acknowledge(self) -> None:
        owed = self._conversation.answer()
        if owed is not None:
            self._link.send(encode(owed))

    def _refuse(self, problem: ProtocolError) -> None:
        self.close(problem.close, problem.text)
