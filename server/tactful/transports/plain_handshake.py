"""Is this the handshake that browsers send, and how is it accepted?

It costs a quarter of what the library's parser takes, and a storm is nothing but handshakes. Whatever
is in any way uncommon, and all that must be refused, is the library's to judge.
"""

import re
from base64 import b64encode
from email.utils import formatdate
from hashlib import sha1
from typing import Final

import msgspec

from tactful.transports.policy import SESSION_PATH, SUBPROTOCOL, Policy

# Fields as RFC 9110 has them, printable, and no larger and no more than any parser takes; browsers
# send 15 and proxies add some.
_HEAD: Final = re.compile(
    rb"GET " + re.escape(SESSION_PATH.encode()) + rb" HTTP/1\.1\r\n"
    rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}: [\x21-\x7e](?:[\x20-\x7e]{0,2046}[\x21-\x7e])?\r\n){1,64}\r\n"
)
_KEY: Final = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==")  # 16 bytes in Base64 and no other spelling
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
_HOPPING: Final = frozenset({"upgrade", "keep-alive, upgrade"})


class Accepted(msgspec.Struct, frozen=True):
    """A handshake that stands: the bytes of the answer, the page's origin, the hops before us."""

    response: bytes
    origin: str
    forwarded: tuple[str, ...]


def accept(head: bytes, policy: Policy) -> Accepted | None:
    """Accept a complete request head; None: ask the library."""
    if _HEAD.fullmatch(head) is None:
        return None
    lines = head[:-4].decode("ascii").split("\r\n")[1:]
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        fields[name.lower()] = value
    if len(fields) != len(lines) or "content-length" in fields or "transfer-encoding" in fields:
        return None
    get = fields.get
    key = get("sec-websocket-key", "")
    common = (
        get("upgrade", "").lower() == "websocket"
        and get("connection", "").lower() in _HOPPING
        and get("sec-websocket-version") == "13"
        and get("sec-websocket-protocol") == SUBPROTOCOL
        and _KEY.fullmatch(key) is not None
        and get("origin") in policy.origins
        and policy.judge_host([get("host", "")]) is None
    )
    if not common:
        return None
    hops = get("x-forwarded-for")
    return Accepted(_response(key), fields["origin"], () if hops is None else (hops,))


def _response(key: str) -> bytes:
    """RFC 6455 section 4.2.2, byte for byte as the library writes it."""
    proof = b64encode(sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()
    return (
        f"HTTP/1.1 101 Switching Protocols\r\nDate: {formatdate(usegmt=True)}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {proof}\r\n"
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
    ).encode()
