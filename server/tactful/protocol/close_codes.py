"""Which close codes there are, what each means, and what the widget does after it."""

from enum import Enum
from typing import Final

import msgspec


class ReconnectAdvice(Enum):
    """What a client may do once the connection has closed."""

    RECONNECT = "reconnect"  # when it next has something to say; nothing was wrong
    RESUME = "resume"  # soon, with full jitter (or after `bye.retry`), presenting `resume`
    STOP = "stop"  # not before the next page load: the same again would fail the same


class CloseCode(msgspec.Struct, frozen=True):
    """One row of the table in `server/PROTOCOL.md`."""

    code: int
    name: str
    meaning: str
    afterwards: ReconnectAdvice


NORMAL: Final = CloseCode(1000, "normal", "The client is done.", ReconnectAdvice.RECONNECT)
GOING_AWAY: Final = CloseCode(
    1001,
    "going_away",
    "The server restarts or stops; `bye` said when to return.",
    ReconnectAdvice.RESUME,
)
BAD_FRAME: Final = CloseCode(
    1002, "bad_frame", "A frame breaks RFC 6455 or the limit on fragments.", ReconnectAdvice.RESUME
)
NOT_TEXT: Final = CloseCode(
    1003, "not_text", "A binary message; this protocol is text.", ReconnectAdvice.STOP
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
    4409, "replaced", "A newer connection of the session took this place.", ReconnectAdvice.STOP
)
SILENT: Final = CloseCode(
    4410, "silent", "Nothing was heard for 45 s, pongs included.", ReconnectAdvice.RESUME
)
TOO_FAST: Final = CloseCode(
    4429,
    "too_fast",
    "More messages than the connection, its session or its address may send.",
    ReconnectAdvice.RESUME,
)

TABLE: Final = (
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
    TOO_FAST,
)
