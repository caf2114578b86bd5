"""What do these bytes say, and how is this message written?"""

import json
from typing import Any, final

import msgspec

from tactful.protocol import close_codes
from tactful.protocol.close_codes import CloseCode
from tactful.protocol.messages import Accept, Cart, ClientMessage, Heartbeat, ServerMessage

REASON_BYTES = 123  # a control frame carries 125 bytes, two of them the code: RFC 6455 section 5.5


@final
class ProtocolError(msgspec.Struct, frozen=True, gc=False):
    """Why a connection must close: the close code, and a text of at most 123 bytes."""

    close: CloseCode
    text: str

    @property
    def code(self) -> int:
        """The number that travels in the close frame."""
        return self.close.code


_decode = msgspec.json.Decoder[ClientMessage](ClientMessage).decode
_encode = msgspec.json.Encoder().encode


def decode(payload: bytes) -> ClientMessage | ProtocolError:
    """Read one message; whatever a hostile client writes ends here, as a value."""
    try:
        message: ClientMessage = _decode(payload)
        if type(message) is Accept or type(message) is Cart:
            reject_duplicate_keys(payload)
    except UnicodeDecodeError:
        return ProtocolError(close_codes.NOT_UTF8, "The text is not UTF-8.")
    except (msgspec.DecodeError, RecursionError, DuplicateKeysError) as problem:
        return ProtocolError(close_codes.BAD_MESSAGE, truncate_reason(str(problem)))
    return message


def encode(message: ServerMessage | ClientMessage) -> bytes:
    """Write one message as compact JSON."""
    return _encode(message)


def truncate_reason(text: str) -> str:
    """Shorten a text to what fits into a close frame, never inside a character."""
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= REASON_BYTES else raw[:REASON_BYTES].decode("utf-8", "ignore")


HEARTBEAT = encode(Heartbeat())


class DuplicateKeysError(Exception):
    """An object has two values under one key; the text says so."""


def reject_duplicate_keys(payload: bytes) -> None:
    """Refuse JSON with two values under one key: a reader before us may have judged the other one."""
    json.loads(payload, object_pairs_hook=_each_once)


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise DuplicateKeysError("A key appears twice in one object.")
