"""May this message pass now: sans-I/O rules of one connection's conversation.

Times are milliseconds of a clock that never goes back; the caller passes them in.
"""

from enum import Enum

import msgspec

from tactful.protocol import close_codes
from tactful.protocol.codec import ProtocolError
from tactful.protocol.messages import Ack, ClientMessage, Hello


class ProtocolTiming(msgspec.Struct, frozen=True, kw_only=True):
    """How often, how fast and how late: every number with its reason."""

    hello_ms: int = 5_000  # a widget says hello with its first frame; 5 s covers a bad mobile link
    heartbeat_ms: int = 15_000  # a widget hides its offers after 30 s of silence: one may be lost
    silent_ms: int = 44_000  # two pings unanswered; one sweep later it is still within 45 s
    per_second: int = 100  # no shopper clicks faster: beyond that it is a program
    burst: int = 1_000  # a resend after a reconnect, a page that reports itself in pieces
    unit_bytes: int = 4_096  # a large message costs as much as several small ones


class DueActions(Enum):
    """What the clock asks for."""

    NOTHING = 0
    HEARTBEAT = 1


TOO_FAST = ProtocolError(close_codes.TOO_FAST, "Too many messages.")
HELLO_FIRST = ProtocolError(close_codes.NO_HELLO, "The first message must be hello.")
HELLO_LATE = ProtocolError(close_codes.NO_HELLO, "No hello in time.")
HELLO_ONCE = ProtocolError(close_codes.BAD_MESSAGE, "hello comes once.")
SILENT = ProtocolError(close_codes.SILENT, "Nothing was heard for too long.")


class Conversation:
    """The state of one connection: greeted, numbered, paced and alive."""

    __slots__ = (
        "_beat", "_bucket_us", "_heard", "_hello", "_opened", "_owes", "_timing", "_told", "hello_received",
        "highest_n",
    )  # fmt: skip

    def __init__(self, timing: ProtocolTiming, now: int) -> None:
        self._timing = timing
        self._opened = self._heard = self._beat = now
        self._bucket_us = 0
        self._owes = False
        self.hello_received = False
        self._hello = 0  # the n of a hello that resumes, while numbers below it may still come
        self._told = 0  # the highest n acknowledged
        self.highest_n = 0  # the highest n taken in; the desk raises it when a conversation resumes

    def record_activity(self, now: int) -> None:
        """Note a sign of life: any bytes are one."""
        self._heard = now

    def charge(self, size: int) -> ProtocolError | None:
        """Charge one frame of `size` bytes, heard now, against the allowance.

        The bucket is one number: the instant at which it would be full again, in microseconds.
        """
        timing = self._timing
        now_us = self._heard * 1_000
        step = 1_000_000 // timing.per_second
        begun = self._bucket_us if self._bucket_us > now_us else now_us
        full_at = begun + step * (1 + size // timing.unit_bytes)
        if full_at - now_us > timing.burst * step:
            return TOO_FAST
        self._bucket_us = full_at
        return None

    def receive(self, message: ClientMessage) -> bool | ProtocolError:
        """Say whether a message is to be handled: yes, no (seen before), or why it must not be."""
        if type(message) is Hello:
            return self._greet(message)
        if not self.hello_received:
            return HELLO_FIRST
        if message.n is None:
            return True
        self._owes = True
        return self._count(message.n)

    def pending_ack(self) -> Ack | None:
        """The acknowledgement owed for what was taken since the last one, if any.

        A hello above a gap is not acknowledged before the gap is closed, for a client forgets what
        is acknowledged; where nothing is known of the client, there is no gap to be seen.
        """
        if not self._owes:
            return None
        self._owes = False
        taken, hello = self.highest_n, self._hello
        gap = 0 < taken < hello - 1
        reached = taken if gap or taken > hello else hello
        if reached > self._told:
            self._told = reached
        return Ack(n=self._told)

    def _greet(self, hello: Hello) -> bool | ProtocolError:
        if self.hello_received:
            return HELLO_ONCE
        self.hello_received = True
        self._owes = hello.n is not None
        if hello.n is not None and hello.resume is None:
            self.highest_n = hello.n
        else:
            self._hello = hello.n or 0
        return True

    def _count(self, n: int) -> bool:
        """Take a number that is new: above all others, or sent again after a hello above it."""
        if n > self.highest_n and n > self._hello:
            self._hello = 0
        elif n <= self.highest_n or n == self._hello:
            return False
        self.highest_n = n
        return True

    def due(self, now: int) -> DueActions | ProtocolError:
        """What must happen at this instant."""
        timing = self._timing
        if not self.hello_received and now - self._opened >= timing.hello_ms:
            return HELLO_LATE
        if now - self._heard >= timing.silent_ms:
            return SILENT
        if now - self._beat >= timing.heartbeat_ms:
            self._beat = now
            return DueActions.HEARTBEAT
        return DueActions.NOTHING
