"""Who may use the endpoints of the shop's own servers?"""

import hmac
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from tactful.api.problems import ProblemError

Endpoint = Callable[[Request], Awaitable[Response]]


class ServerKey:
    """The bearer key of one shop; without one, every endpoint that wants it is closed."""

    def __init__(
        self, key: str | None, judged: Callable[[str, bool], None] = lambda _, __: None
    ) -> None:
        """`judged`: is told which address has shown the key, or another one."""
        self._key = key.encode() if key else None
        self._judged = judged

    def check(self, request: Request) -> None:
        """Raise a 401 unless the request carries the key."""
        if self._key is None:
            raise ProblemError(
                401,
                "key.unset",
                "This server has no server key: set TACTFUL_SERVER_KEY and start it again.",
            )
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        same = hmac.compare_digest(given.strip().encode(), self._key)
        right = same and scheme.lower() == "bearer"
        if request.client is not None:
            self._judged(request.client.host, right)
        if not right:
            raise ProblemError(
                401, "key.wrong", "Send the server key as `Authorization: Bearer <key>`."
            )

    def guard(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint behind the key."""

        async def guarded(request: Request) -> Response:
            self.check(request)
            return await endpoint(request)

        return guarded
