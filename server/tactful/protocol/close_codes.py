"""The close codes of a session connection, and what a client does after each."""

from enum import Enum
from typing import Final

import msgspec


class ReconnectAdvice(Enum):
    """What a client may do after the connection has closed."""

    RECONNECT = "reconnect"
    """Connect again when there is a message to send; nothing was wrong."""
    RESUME = "resume"
    """Connect again soon with `resume`: after `bye.retry`, or with full jitter."""
    RESUME_VISIBLE = "resume when visible"
    """Connect again with `resume`, but not before the page is visible, so that two tabs on two
    servers do not take the session from each other."""
    STOP = "stop"
    """Do not connect before the next page load: the same attempt would fail again."""


class CloseCode(msgspec.Struct, frozen=True):
    """One close code, a row of the table in `server/PROTOCOL.md`, section 6."""

    code: int
    """The number in the close frame (RFC 6455, section 7.4)."""
    name: str
    """A stable name for logs and tools."""
    meaning: str
    """Why the connection was closed, as the manual says it."""
    afterwards: ReconnectAdvice
    """What a client may do next."""


NORMAL: Final = CloseCode(1000, "normal", "The client is done.", ReconnectAdvice.RECONNECT)
GOING_AWAY: Final = CloseCode(
    1001,
    "going_away",
    "The server restarts or stops; `bye` said when to reconnect.",
    ReconnectAdvice.RESUME,
)
BAD_FRAME: Final = CloseCode(
    1002, "bad_frame", "A frame breaks RFC 6455 or the limit on fragments.", ReconnectAdvice.RESUME
)
NOT_TEXT: Final = CloseCode(
    1003, "not_text", "A binary message; the protocol is text.", ReconnectAdvice.STOP
)
NOT_UTF8: Final = CloseCode(1007, "not_utf8", "A text message is not UTF-8.", ReconnectAdvice.STOP)
TOO_LARGE: Final = CloseCode(
    1009, "too_large", "A message exceeds 65,536 bytes.", ReconnectAdvice.STOP
)
INTERNAL: Final = CloseCode(
    1011, "internal", "The server failed; the message may be sent again.", ReconnectAdvice.RESUME
)
BAD_MESSAGE: Final = CloseCode(
    4400,
    "bad_message",
    "Not JSON, an unknown message or field, or a value out of bounds.",
    ReconnectAdvice.STOP,
)
NO_HELLO: Final = CloseCode(
    4401, "no_hello", "The first message is not `hello`, or it is late.", ReconnectAdvice.STOP
)
ORIGIN: Final = CloseCode(
    4403, "origin", "The page's origin is not on the shop's list.", ReconnectAdvice.STOP
)
SLOW: Final = CloseCode(
    4408, "slow", "The client does not read what it is sent.", ReconnectAdvice.RESUME
)
REPLACED: Final = CloseCode(
    4409, "replaced", "A newer connection of the session replaced this one.", ReconnectAdvice.STOP
)
SILENT: Final = CloseCode(
    4410, "silent", "Nothing was received for 45 s, not even a pong.", ReconnectAdvice.RESUME
)
MOVED: Final = CloseCode(
    4411,
    "moved",
    "Another server of the shop has taken over the session.",
    ReconnectAdvice.RESUME_VISIBLE,
)
TOO_FAST: Final = CloseCode(
    4429,
    "too_fast",
    "More messages than the connection, its session or its address may send.",
    ReconnectAdvice.RESUME,
)

TABLE: Final = (  # in the order of the manual
    NORMAL,
    GOING_AWAY,
    BAD_FRAME,
    NOT_TEXT,
    NOT_UTF8,
    TOO_LARGE,
    INTERNAL,
    BAD_MESSAGE,
    NO_HELLO,
    ORIGIN,
    SLOW,
    REPLACED,
    SILENT,
    MOVED,
    TOO_FAST,
)
