"""Does this request head become a session: the common one at once, else as the library judges."""

import http
import logging

from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from tactful.transports.plain_handshake import Accepted, accept
from tactful.transports.policy import SESSION_PATH, SUBPROTOCOL, Policy, Refusal

# The library notes each handshake at level info; the door counts them instead.
frame_log = logging.getLogger("tactful.frames")
frame_log.setLevel(logging.WARNING)


def judge(head: bytes, policy: Policy, *, any_page: bool = False) -> Accepted | Refusal:
    """Judge a complete request head; `any_page` lets conformance suites in, which have no page."""
    plain = None if any_page else accept(head, policy)
    return plain or judge_with_care(head, policy, any_page=any_page)


def judge_with_care(head: bytes, policy: Policy, *, any_page: bool = False) -> Accepted | Refusal:
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
        policy.judge_host(request.headers.get_all("Host"))
        or (None if any_page or "Upgrade" not in request.headers else policy.judge_origin(origins))
    )
    return refusal or _accept(library, request, "".join(origins))


def _judge_path(request: Request) -> Refusal | None:
    if request.path.partition("?")[0] == SESSION_PATH:
        return None
    return Refusal(404, "path.unknown", f"WebSockets are at {SESSION_PATH}.")


def _accept(library: ServerProtocol, request: Request, origin: str) -> Accepted | Refusal:
    response = library.accept(request)
    if response.status_code != http.HTTPStatus.SWITCHING_PROTOCOLS:
        detail = bytes(response.body).decode("utf-8", "replace").partition("\n")[0]
        return Refusal(response.status_code, "handshake.refused", detail)
    hops = tuple(request.headers.get_all("X-Forwarded-For"))
    return Accepted(response.serialize(), origin, hops)


def _unreadable(library: ServerProtocol) -> Refusal:
    """Say what the library found: a line or a field too large, or no HTTP at all."""
    answer = b"".join(library.data_to_send())[:12]
    if answer.startswith(b"HTTP/1.1 4"):
        return Refusal(int(answer[9:12]), "head.too_large", "The request head is too large.")
    return Refusal(400, "head.malformed", "This is not a valid HTTP/1.1 request.")
