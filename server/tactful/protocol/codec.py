"""Encoding and decoding of messages as JSON."""

import json
import re
from typing import Any, Final, final

import msgspec

from tactful.protocol import close_codes
from tactful.protocol.close_codes import CloseCode
from tactful.protocol.messages import Accept, Cart, ClientMessage, Heartbeat, ServerMessage

REASON_BYTES = 123
"""Maximum bytes of a close reason: a control frame carries 125, with two for the code (RFC 6455, 5.5)."""


@final
class ProtocolError(msgspec.Struct, frozen=True, gc=False):
    """Why a connection must close."""

    close: CloseCode
    text: str
    """The reason in the close frame, at most 123 bytes in UTF-8."""

    @property
    def code(self) -> int:
        """The number in the close frame."""
        return self.close.code


_NOT_UTF8: Final = ProtocolError(close_codes.NOT_UTF8, "The text is not UTF-8.")
# An escape of JSON: a surrogate pair, half of one (group 1), or another one.
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_decode = msgspec.json.Decoder[ClientMessage](ClientMessage).decode
_encode = msgspec.json.Encoder().encode


def decode(payload: bytes) -> ClientMessage | ProtocolError:
    """Decode one message of a client. Invalid input returns an error; nothing is raised."""
    try:
        message: ClientMessage = _decode(payload)
        if type(message) is Accept or type(message) is Cart:
            reject_duplicate_keys(payload)
    except UnicodeDecodeError:
        return _NOT_UTF8
    except (msgspec.DecodeError, RecursionError, DuplicateKeysError) as problem:
        return _decode_repaired(payload, problem)
    return message


def _decode_repaired(payload: bytes, problem: Exception) -> ClientMessage | ProtocolError:
    """Decode a message again, with U+FFFD for each escape that is half of a surrogate pair.

    JavaScript writes such an escape where a text was cut inside an emoji (RFC 8259, section 8.2).
    UTF-8 cannot encode it. A rejection would end the session because of a shopper's search.
    """
    try:
        payload.decode()
    except UnicodeDecodeError:
        return _NOT_UTF8
    repaired = _ESCAPE.sub(lambda found: b"\\ufffd" if found[1] else found[0], payload)
    if repaired != payload:
        return decode(repaired)
    return ProtocolError(close_codes.BAD_MESSAGE, truncate_reason(str(problem)))


def encode(message: ServerMessage | ClientMessage) -> bytes:
    """Encode one message as compact JSON."""
    return _encode(message)


def truncate_reason(text: str) -> str:
    """Shorten a text to `REASON_BYTES` in UTF-8, never within a character."""
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= REASON_BYTES else raw[:REASON_BYTES].decode("utf-8", "ignore")


HEARTBEAT = encode(Heartbeat())
"""The encoded `heartbeat`, which is always the same."""


class DuplicateKeysError(Exception):
    """A JSON object has two values under one key."""


def reject_duplicate_keys(payload: bytes) -> None:
    """Check that no JSON object has a key twice.

    Parsers differ in which value they keep. A proxy that inspects the message could have checked the
    other one (RFC 8259, section 4).

    Raises:
        DuplicateKeysError: A key appears twice in one object.
    """
    json.loads(payload, object_pairs_hook=_reject_duplicates)


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise DuplicateKeysError("A key appears twice in one object.")
