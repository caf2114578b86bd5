"""Authentication of a shop's own systems: with the server key, or with the key of a plugin."""

import hmac
from collections.abc import Awaitable, Callable, Collection
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from tactful.api.problems import ProblemError

Scope = Literal["facts:write", "redeem"]
"""What the key of a plugin may do; the server key may do everything."""
Endpoint = Callable[[Request], Awaitable[Response]]


class ServerKey:
    """The bearer key (RFC 6750) of one shop; without a key, guarded endpoints reject every request."""

    def __init__(
        self,
        key: str | None,
        report: Callable[[str, bool], None] = lambda _, __: None,
        plugin_scopes: Callable[[str], Collection[str]] = lambda _: (),
    ) -> None:
        """Create the check.

        Args:
            key: The configured key, or `None`.
            report: Called with a client's address and whether its key was right, for rate limits.
            plugin_scopes: Returns what the key of a plugin may do; nothing for any other text.
        """
        self._key = key.encode() if key else None
        self._report = report
        self._plugin_scopes = plugin_scopes

    def check(self, request: Request, scopes: Collection[Scope] = ()) -> None:
        """Check that a request carries a key that may do this.

        Args:
            request: The request.
            scopes: A plugin's key needs one of these; none: only the server key is accepted.

        Raises:
            ProblemError: 401 `key.unset` without a configured key, 401 `key.wrong` for another one,
                403 `key.scope` for the key of a plugin that may not do this.
        """
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else ""
        granted = self._plugin_scopes(given)
        if not granted and self._key is None:
            raise ProblemError(
                401,
                "key.unset",
                "This server has no server key. Set TACTFUL_SERVER_KEY and start it again.",
            )
        right = bool(granted) or hmac.compare_digest(given.encode(), self._key or b"")
        if request.client is not None:
            self._report(request.client.host, right)
        if not right:
            raise ProblemError(
                401, "key.wrong", "Send the server key as `Authorization: Bearer <key>`."
            )
        if granted and not set(granted) & set(scopes):
            raise ProblemError(
                403,
                "key.scope",
                "The key of a plugin may report facts and redeem offers only. Use the server key.",
            )

    def guard(self, endpoint: Endpoint, *scopes: Scope) -> Endpoint:
        """Return `endpoint` behind the check; a plugin's key needs one of the scopes."""

        async def guarded(request: Request) -> Response:
            self.check(request, scopes)
            return await endpoint(request)

        return guarded
