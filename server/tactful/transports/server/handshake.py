"""Check of a WebSocket handshake: a fast path for browsers, the library for the rest.

The fast path accepts only heads that the library would accept with the same bytes; a property test
compares both. It takes 8 µs instead of 50 µs, so more clients can reconnect in the second after
a restart.
"""

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

# Printable field lines (RFC 9112), within the size and number that every parser accepts. Browsers
# send 15 lines, and proxies add some.
_COMMON_HEAD: Final = re.compile(
    rb"GET " + re.escape(SESSION_PATH.encode()) + rb" HTTP/1\.1\r\n"
    rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}: [\x21-\x7e](?:[\x20-\x7e]{0,2046}[\x21-\x7e])?\r\n){1,64}\r\n"
)
_KEY: Final = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==")  # 16 bytes in canonical Base64
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_CONNECTION_VALUES: Final = frozenset({"upgrade", "keep-alive, upgrade"})

# The library logs every handshake at level info; the server counts them instead.
frame_log = logging.getLogger("tactful.frames")
"""The logger that is passed to the WebSocket library."""
frame_log.setLevel(logging.WARNING)


class AcceptedHandshake(msgspec.Struct, frozen=True):
    """A handshake that may be completed."""

    response: bytes
    """The HTTP response with status 101."""
    origin: str
    """The value of the `Origin` header."""
    forwarded: tuple[str, ...]
    """The values of the `X-Forwarded-For` header."""


def check_handshake(
    head: bytes, policy: AccessPolicy, *, any_origin: bool = False
) -> AcceptedHandshake | Rejection:
    """Check a complete request head.

    Args:
        head: All bytes up to and including the empty line.
        policy: The names and origins that are accepted.
        any_origin: Accept every origin and subprotocol; for conformance suites, which have no page.
    """
    common = None if any_origin else accept_common(head, policy)
    return common or check_with_library(head, policy, any_origin=any_origin)


# The fast path.


def accept_common(head: bytes, policy: AccessPolicy) -> AcceptedHandshake | None:
    """Accept a head of the common form; `None` leaves the decision to the library."""
    if _COMMON_HEAD.fullmatch(head) is None:
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
    acceptable = (
        get("upgrade", "").lower() == "websocket"
        and get("connection", "").lower() in _CONNECTION_VALUES
        and get("sec-websocket-version") == "13"
        and get("sec-websocket-protocol") == SUBPROTOCOL
        and _KEY.fullmatch(key) is not None
        and get("origin") in policy.origins
        and policy.check_host([get("host", "")]) is None
    )
    if not acceptable:
        return None
    hops = get("x-forwarded-for")
    return AcceptedHandshake(_response(key), fields["origin"], () if hops is None else (hops,))


def _response(key: str) -> bytes:
    """Build the response of RFC 6455, section 4.2.2, with the same bytes as the library."""
    proof = b64encode(sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()
    return (
        f"HTTP/1.1 101 Switching Protocols\r\nDate: {formatdate(usegmt=True)}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {proof}\r\n"
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
    ).encode()


# The slow path.


def check_with_library(
    head: bytes, policy: AccessPolicy, *, any_origin: bool = False
) -> AcceptedHandshake | Rejection:
    """Check a head of any form, with the parser and the rules of the WebSocket library."""
    library = ServerProtocol(
        subprotocols=None if any_origin else [Subprotocol(SUBPROTOCOL)], logger=frame_log
    )
    library.receive_data(head)
    events = library.events_received()
    if not events or not isinstance(events[0], Request):
        return _unreadable(library)
    request = events[0]
    origins = request.headers.get_all("Origin")
    # A browser that opens this URL as a page sends no upgrade. A 426 explains more than a 403.
    check_origin = not any_origin and "Upgrade" in request.headers
    rejection = (
        _check_path(request)
        or policy.check_host(request.headers.get_all("Host"))
        or (policy.check_origin(origins) if check_origin else None)
    )
    return rejection or _accept(library, request, "".join(origins))


def _check_path(request: Request) -> Rejection | None:
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
    """Return the rejection for a line or field that is too large, or for input that is not HTTP."""
    answer = b"".join(library.data_to_send())[:12]
    if answer.startswith(b"HTTP/1.1 4"):
        return Rejection(int(answer[9:12]), "head.too_large", "The request head is too large.")
    return Rejection(400, "head.malformed", "This is not a valid HTTP/1.1 request.")
