"""HTTP responses that reject a connection or request before the application sees it."""

import http

from tactful.protocol.problems import PROBLEM_JSON, problem_body
from tactful.transports.admission.access_policy import Rejection

SERVER_FULL = Rejection(503, "server.full", "The server is full.", retry_s=10)
SHUTTING_DOWN = Rejection(503, "server.leaving", "The server is shutting down.", retry_s=1)
RATE_LIMITED = Rejection(
    429, "address.hurried", "Too many requests come from this address.", retry_s=5
)
ADDRESS_FULL = Rejection(429, "address.full", "Too many connections from this address.", retry_s=30)

_EXTRA_HEADERS = {
    405: "Allow: GET\r\n",
    426: "Upgrade: websocket\r\n",
}


def rejection_body(rejection: Rejection) -> bytes:
    """Return the problem details (RFC 9457) of a rejection as JSON."""
    title = http.HTTPStatus(rejection.status).phrase
    return problem_body(rejection.status, title, rejection.code, rejection.detail)


def http_response(rejection: Rejection) -> bytes:
    """Return a whole HTTP/1.1 response, after which the connection is closed.

    For connections that never reach the HTTP stack, such as a handshake that fails.
    """
    body = rejection_body(rejection)
    headers = _EXTRA_HEADERS.get(rejection.status, "")
    if rejection.retry_s is not None:
        headers += f"Retry-After: {rejection.retry_s}\r\n"
    head = (
        f"HTTP/1.1 {rejection.status} {http.HTTPStatus(rejection.status).phrase}\r\n"
        f"Content-Type: {PROBLEM_JSON}\r\nContent-Length: {len(body)}\r\n"
        f"Cache-Control: no-store\r\nConnection: close\r\n{headers}\r\n"
    )
    return head.encode("ascii") + body
