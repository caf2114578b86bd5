"""Error responses of the HTTP API: problem documents (RFC 9457) with a stable code.

A client never sees a traceback, and the log never names a customer.
"""

from typing import Any, Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route

from tactful.protocol.problems import PROBLEM_JSON, problem_body
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.security.key_files import KeyFileError

log = structlog.get_logger("tactful.http")

TITLES: Final = {
    400: "The request cannot be understood",
    401: "The key is missing or wrong",
    403: "Not allowed",
    404: "Not found",
    405: "Not with this method",
    409: "It conflicts with what stands",
    410: "It has ended",
    413: "Too large",
    415: "Not in this format",
    422: "It does not fit",
    429: "Too many",
    500: "The server failed",
    503: "Not at the moment",
}

RETRY_S: Final = {429: "1", 503: "2"}
"""HTTP status → the seconds after which a retry is worthwhile."""


class ProblemError(Exception):
    """A request that is answered with a problem document."""

    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        """Describe the problem.

        Args:
            status: The HTTP status.
            code: The stable problem code.
            detail: What is wrong and what to do.
            more: Extension members of the document.
        """
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.more = more


def problem(status: int, code: str, detail: str, **more: Any) -> Response:
    """Return a problem document as a response.

    Args:
        status: The HTTP status.
        code: The stable problem code.
        detail: What is wrong and what to do.
        more: Extension members of the document.
    """
    body = problem_body(status, TITLES.get(status, "Error"), code, detail, **more)
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status in RETRY_S:
        headers["Retry-After"] = RETRY_S[status]
    return Response(body, status, headers, PROBLEM_JSON)


async def on_problem(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """Answer a `ProblemError`."""
    if not isinstance(error, ProblemError):
        raise error
    return problem(error.status, error.code, error.detail, **error.more)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer a request for a path or method that does not exist."""
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 404:
        return problem(404, "http.not_found", f"There is nothing at {request.url.path}.")
    if error.status_code == 405:
        allowed = _allowed_methods(request)
        response = problem(
            405, "http.method", f"{request.method} is not allowed here; use {allowed}."
        )
        response.headers["Allow"] = allowed  # RFC 9110, section 15.5.6
        return response
    return problem(error.status_code, "http.error", str(error.detail))


def _allowed_methods(request: Request) -> str:
    """Return the methods of a path, which several routes may share."""
    methods: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    return ", ".join(sorted(methods))


async def on_ledger_error(request: Request, error: Exception) -> Response:
    """Answer a failure of the ledger, whose outcome may be unknown."""
    log.error("http.ledger", path=_endpoint(request), error=str(error))
    return problem(
        503,
        "ledger.unavailable",
        "The ledger failed, and the outcome is unknown. Repeat the same request.",
    )


async def on_key_error(request: Request, error: Exception) -> Response:
    """Answer a request that needs the signing keys, which cannot be used at the moment."""
    log.error("http.keys", path=_endpoint(request), error=str(error))
    return problem(
        503,
        "keys.unusable",
        "The signing keys cannot be used at the moment. Nothing was changed. Repeat the same request.",
    )


async def on_crash(request: Request, error: Exception) -> Response:
    """Answer a programming error; the log has the traceback, the client does not."""
    log.error("http.crash", path=_endpoint(request), error=repr(error), exc_info=error)
    return problem(500, "server.error", "The server failed; its log says how. Nothing was changed.")


def _endpoint(request: Request) -> str:
    """Return the path as its route is written, because the real one may contain a customer's id."""
    route = request.scope.get("route")
    return str(route.path) if isinstance(route, Route) else "unknown"


async def on_disconnect(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """Answer a client that disconnected while its request was read; the answer is never sent."""
    return problem(400, "body.cut_off", "The connection was closed before the end of the body.")


HANDLERS: Final[dict[Any, Any]] = {
    ProblemError: on_problem,
    HTTPException: on_http_error,
    LedgerError: on_ledger_error,
    KeyFileError: on_key_error,
    ClientDisconnect: on_disconnect,
    Exception: on_crash,
}
"""Exception → its handler, as Starlette takes them."""
