"""Does this request head become a session: the common one at once, else as the library judges."""

import http
import logging
import re
from base64 import b64encode
from email.utils import formatdate
from hashlib import sha1
from typing import Final

import msgspec
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from tactful.transports.admission.access_policy import (
    SESSION_PATH,
    SUBPROTOCOL,
    AccessPolicy,
    Rejection,
)

# Fields as RFC 9110 has them, printable, and no larger and no more than any parser takes; browsers
# send 15 and proxies add some.
_HEAD: Final = re.compile(
    rb"GET " + re.escape(SESSION_PATH.encode()) + rb" HTTP/1\.1\r\n"
    rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}: [\x21-\x7e](?:[\x20-\x7e]{0,2046}[\x21-\x7e])?\r\n){1,64}\r\n"
)
_KEY: Final = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==")  # 16 bytes in Base64 and no other spelling
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
_HOPPING: Final = frozenset({"upgrade", "keep-alive, upgrade"})


class AcceptedHandshake(msgspec.Struct, frozen=True):
    """A handshake that stands: the bytes of the answer, the page's origin, the hops before us."""

    response: bytes
    origin: str
    forwarded: tuple[str, ...]


def accept_common(head: bytes, policy: AccessPolicy) -> AcceptedHandshake | None:
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
        and policy.check_host([get("host", "")]) is None
    )
    if not common:
        return None
    hops = get("x-forwarded-for")
    return AcceptedHandshake(_response(key), fields["origin"], () if hops is None else (hops,))


def _response(key: str) -> bytes:
    """RFC 6455 section 4.2.2, byte for byte as the library writes it."""
    proof = b64encode(sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()
    return (
        f"HTTP/1.1 101 Switching Protocols\r\nDate: {formatdate(usegmt=True)}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {proof}\r\n"
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
    ).encode()


# The library notes each handshake at level info; the door counts them instead.
frame_log = logging.getLogger("tactful.frames")
frame_log.setLevel(logging.WARNING)


def check_handshake(
    head: bytes, policy: AccessPolicy, *, any_page: bool = False
) -> AcceptedHandshake | Rejection:
    """Judge a complete request head; `any_page` lets conformance suites in, which have no page."""
    plain = None if any_page else accept_common(head, policy)
    return plain or check_with_library(head, policy, any_page=any_page)


def check_with_library(
    head: bytes, policy: AccessPolicy, *, any_page: bool = False
) -> AcceptedHandshake | Rejection:
    """Judge what is uncommon, or to be refused."""
    library = ServerProtocol(
        subprotocols=None if any_page else [Subprotocol(SUBPROTOCOL)], logger=frame_log
    )
    library.receive_data(head)
    events = library.events_received()
    if not events or not isinstance(events[0], Request):
        return _unreadable(library)
    request = events[0]
    origins = request.headers.get_all("Origin")
    refusal = _judge_path(request) or (
        policy.check_host(request.headers.get_all("Host"))
        or (None if any_page or "Upgrade" not in request.headers else policy.check_origin(origins))
    )
    return refusal or _accept(library, request, "".join(origins))


def _judge_path(request: Request) -> Rejection | None:
    if request.path.partition("?")[0] == SESSION_PATH:
        return None
    return Rejection(404, "path.unknown", f"WebSockets are at {SESSION_PATH}.")


def _accept(
    library: ServerProtocol, request: Request, origin: str
) -> AcceptedHandshake | Rejection:
    response = library.accept(request)
    if response.status_code != http.HTTPStatus.SWITCHING_PROTOCOLS:
        detail = bytes(response.body).decode("utf-8", "replace").partition("\n")[0]
        return Rejection(response.status_code, "handshake.refused", detail)
    hops = tuple(request.headers.get_all("X-Forwarded-For"))
    return AcceptedHandshake(response.serialize(), origin, hops)


def _unreadable(library: ServerProtocol) -> Rejection:
    """Say what the library found: a line or a field too large, or no HTTP at all."""
    answer = b"".join(library.data_to_send())[:12]
    if answer.startswith(b"HTTP/1.1 4"):
        return Rejection(int(answer[9:12]), "head.too_large", "The request head is too large.")
    return Rejection(400, "head.malformed", "This is not a valid HTTP/1.1 request.")
