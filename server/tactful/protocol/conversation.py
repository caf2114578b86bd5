"""The rules of one connection: order, numbering, pace and deadlines, without I/O.

All times are milliseconds of a clock that never goes back; the caller passes them in. The rules are
those of `server/PROTOCOL.md`, section 3.
"""

from enum import Enum

import msgspec

from tactful.protocol import close_codes
from tactful.protocol.codec import ProtocolError
from tactful.protocol.messages import Ack, ClientMessage, Hello


class ProtocolTiming(msgspec.Struct, frozen=True, kw_only=True):
    """Deadlines and rates of one connection, each with its reason."""

    hello_ms: int = 5_000
    """Time for `hello`. A widget sends it with its first frame; 5 s covers a bad mobile network."""
    heartbeat_ms: int = 15_000
    """Period of heartbeats. A widget hides its offers after 30 s of silence, so one may be lost."""
    silent_ms: int = 44_000
    """Silence after which a client is dropped: two unanswered pings, within 45 s including the sweep."""
    per_second: int = 100
    """Messages a second. No shopper clicks faster: beyond that the client is a program."""
    burst: int = 1_000
    """Messages at once: a resend after a reconnect, or a page that reports itself in parts."""
    unit_bytes: int = 4_096
    """Bytes that count as one message. A large message costs as much as several small ones."""


class DueActions(Enum):
    """The action that is due when a deadline has passed."""

    NOTHING = 0
    HEARTBEAT = 1


TOO_FAST = ProtocolError(close_codes.TOO_FAST, "Too many messages.")
HELLO_FIRST = ProtocolError(close_codes.NO_HELLO, "The first message must be hello.")
HELLO_LATE = ProtocolError(close_codes.NO_HELLO, "No hello in time.")
HELLO_ONCE = ProtocolError(close_codes.BAD_MESSAGE, "hello comes once.")
SILENT = ProtocolError(close_codes.SILENT, "Nothing was received for too long.")


class Conversation:
    """The protocol state of one connection."""

    __slots__ = (
        "_ack_pending", "_acknowledged_n", "_full_at_us", "_heartbeat_at", "_last_activity", "_opened",
        "_resume_hello_n", "_timing", "hello_received", "highest_n",
    )  # fmt: skip

    def __init__(self, timing: ProtocolTiming, now: int) -> None:
        self._timing = timing
        self._opened = self._last_activity = self._heartbeat_at = now
        self._full_at_us = 0  # the token bucket (GCRA): when it is full again, in microseconds
        self._ack_pending = False
        self._resume_hello_n = 0  # the n of a `hello` that resumes, while lower ones may still come
        self._acknowledged_n = 0
        self.hello_received = False
        self.highest_n = 0
        """The highest `n` received; the session handler raises it when a session is resumed."""

    def record_activity(self, now: int) -> None:
        """Record that bytes have arrived: any bytes show that the client is there."""
        self._last_activity = now

    def charge(self, size: int) -> ProtocolError | None:
        """Charge a frame of `size` bytes, received at the last activity, against the rate.

        Returns:
            `None` if the frame is within the rate, else the error with which to close.
        """
        timing = self._timing
        now_us = self._last_activity * 1_000
        step = 1_000_000 // timing.per_second
        filled = self._full_at_us if self._full_at_us > now_us else now_us
        full_at = filled + step * (1 + size // timing.unit_bytes)
        if full_at - now_us > timing.burst * step:
            return TOO_FAST
        self._full_at_us = full_at
        return None

    def receive(self, message: ClientMessage) -> bool | ProtocolError:
        """Check order and number of a message.

        Returns:
            `True` if it is new and must be handled, `False` if it was received before, or the error
            with which to close.
        """
        if type(message) is Hello:
            return self._receive_hello(message)
        if not self.hello_received:
            return HELLO_FIRST
        if message.n is None:
            return True
        self._ack_pending = True
        return self._count(message.n)

    def pending_ack(self) -> Ack | None:
        """Return the acknowledgement of what was received since the last one, if there is any.

        A client forgets every message up to the acknowledged number. A resuming `hello` may arrive
        before older messages that the client sends again. Until those have arrived, the number of
        the `hello` is not acknowledged. A server that has no record of the client cannot know
        of such messages, and acknowledges the `hello`.
        """
        if not self._ack_pending:
            return None
        self._ack_pending = False
        highest, hello = self.highest_n, self._resume_hello_n
        gap = 0 < highest < hello - 1
        reached = highest if gap or highest > hello else hello
        if reached > self._acknowledged_n:
            self._acknowledged_n = reached
        return Ack(n=self._acknowledged_n)

    def due(self, now: int) -> DueActions | ProtocolError:
        """Return what is due at `now`: a heartbeat, the error with which to close, or nothing."""
        timing = self._timing
        if not self.hello_received and now - self._opened >= timing.hello_ms:
            return HELLO_LATE
        if now - self._last_activity >= timing.silent_ms:
            return SILENT
        if now - self._heartbeat_at >= timing.heartbeat_ms:
            self._heartbeat_at = now
            return DueActions.HEARTBEAT
        return DueActions.NOTHING

    def _receive_hello(self, hello: Hello) -> bool | ProtocolError:
        if self.hello_received:
            return HELLO_ONCE
        self.hello_received = True
        self._ack_pending = hello.n is not None
        if hello.n is not None and hello.resume is None:
            self.highest_n = hello.n
        else:
            self._resume_hello_n = hello.n or 0
        return True

    def _count(self, n: int) -> bool:
        """Return whether `n` is new: the highest so far, or repeated after a `hello` with a higher `n`."""
        if n > self.highest_n and n > self._resume_hello_n:
            self._resume_hello_n = 0
        elif n <= self.highest_n or n == self._resume_hello_n:
            return False
        self.highest_n = n
        return True
