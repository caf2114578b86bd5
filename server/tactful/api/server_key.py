"""Authentication of a shop's own systems with the server key."""

import hmac
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from tactful.api.problems import ProblemError

Endpoint = Callable[[Request], Awaitable[Response]]


class ServerKey:
    """The bearer key (RFC 6750) of one shop; without a key, guarded endpoints reject every request."""

    def __init__(
        self, key: str | None, report: Callable[[str, bool], None] = lambda _, __: None
    ) -> None:
        """Create the check.

        Args:
            key: The configured key, or `None`.
            report: Called with a client's address and whether its key was right, for rate limits.
        """
        self._key = key.encode() if key else None
        self._report = report

    def check(self, request: Request) -> None:
        """Check that a request carries the key.

        Raises:
            ProblemError: 401 `key.unset` without a configured key, 401 `key.wrong` otherwise.
        """
        if self._key is None:
            raise ProblemError(
                401,
                "key.unset",
                "This server has no server key. Set TACTFUL_SERVER_KEY and start it again.",
            )
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        same = hmac.compare_digest(given.strip().encode(), self._key)
        right = same and scheme.lower() == "bearer"
        if request.client is not None:
            self._report(request.client.host, right)
        if not right:
            raise ProblemError(
                401, "key.wrong", "Send the server key as `Authorization: Bearer <key>`."
            )

    def guard(self, endpoint: Endpoint) -> Endpoint:
        """Return `endpoint` behind the check."""

        async def guarded(request: Request) -> Response:
            self.check(request)
            return await endpoint(request)

        return guarded
