"""The bytes of an HTTP answer that refuses, for peers that never reach an HTTP stack."""

import http

import msgspec

from tactful.transports.admission.access_policy import Rejection

SERVER_FULL = Rejection(503, "server.full", "The server is full.", retry_s=10)
SHUTTING_DOWN = Rejection(503, "server.leaving", "The server is going away.", retry_s=1)
RATE_LIMITED = Rejection(429, "address.hurried", "This address comes too often.", retry_s=5)
ADDRESS_FULL = Rejection(429, "address.full", "Too many connections from this address.", retry_s=30)

_ADDED = {
    405: "Allow: GET\r\n",
    426: "Upgrade: websocket\r\n",
}


def problem_body(refusal: Rejection) -> bytes:
    """The body: RFC 9457 problem details."""
    return msgspec.json.encode(
        {
            "type": "about:blank",
            "title": http.HTTPStatus(refusal.status).phrase,
            "status": refusal.status,
            "code": refusal.code,
            "detail": refusal.detail,
        }
    )


def http_response(refusal: Rejection) -> bytes:
    """The whole answer; the connection closes after it."""
    body = problem_body(refusal)
    added = _ADDED.get(refusal.status, "")
    if refusal.retry_s is not None:
        added += f"Retry-After: {refusal.retry_s}\r\n"
    head = (
        f"HTTP/1.1 {refusal.status} {http.HTTPStatus(refusal.status).phrase}\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
        f"Cache-Control: no-store\r\nConnection: close\r\n{added}\r\n"
    )
    return head.encode("ascii") + body
