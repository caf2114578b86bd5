"""Authentication of a shop's systems: the server key, a token, or the key of a plugin."""

import hmac
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from tactful.api.problems import ProblemError
from tactful.runtime.audit_changes import acting_as
from tactful.runtime.security.api_tokens import ApiTokens, TokenScope
from tactful.runtime.security.bridge_keys import BridgeKeys

Endpoint = Callable[[Request], Awaitable[Response]]
_GRANTED_TO: Final = "tactful.granted_to"
"""Key of an ASGI scope under which the name of the token is that a request carries."""
_ROLE: Final = "tactful.role"
"""Key of an ASGI scope under which the role is that the audit log names for a request."""


class Grant(Struct, frozen=True):
    """What a token or the key of a plugin may do."""

    scopes: Collection[str]
    name: str = ""
    """The name of the token, for the audit log; empty for the key of a plugin."""


class ServerKey:
    """The bearer key (RFC 6750) of one shop; without a key, guarded endpoints reject every request."""

    def __init__(
        self,
        key: str | None,
        report: Callable[[str, bool], None] = lambda _, __: None,
        granted: Callable[[str], Grant | None] = lambda _: None,
    ) -> None:
        """Create the check.

        Args:
            key: The configured key, or `None`.
            report: Called with a client's address and whether its key was right, for rate limits.
            granted: Returns what a token or the key of a plugin may do; `None` for any other text.
        """
        self._key = key.encode() if key else None
        self._report = report
        self._granted = granted

    def check(self, request: Request, *scopes: TokenScope) -> None:
        """Check that a request carries a key that may do this.

        Args:
            request: The request.
            scopes: A token needs one of these; none: only the server key is accepted.

        Raises:
            ProblemError: 401 `key.unset` without a configured key, 401 `key.wrong` for another one,
                403 `key.scope` for a token or a plugin's key that may not do this.
        """
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else ""
        grant = self._granted(given)
        if grant is None and self._key is None:
            raise ProblemError(
                401,
                "key.unset",
                "This server has no server key. Set TACTFUL_SERVER_KEY and start it again.",
            )
        right = grant is not None or hmac.compare_digest(given.encode(), self._key or b"")
        if request.client is not None:
            self._report(request.client.host, right)
        if not right:
            raise ProblemError(
                401, "key.wrong", "Send the server key as `Authorization: Bearer <key>`."
            )
        request.scope[_ROLE] = "server key"
        if grant is None:
            return
        if not set(grant.scopes) & set(scopes):
            wanted = " or ".join(f"`{one}`" for one in scopes)
            needed = (
                f"a token with the scope {wanted}, or the server key"
                if scopes
                else "the server key"
            )
            raise ProblemError(403, "key.scope", f"This key may not do this. Use {needed}.")
        request.scope[_ROLE] = "token" if grant.name else "plugin"
        if grant.name:
            request.scope[_GRANTED_TO] = grant.name

    def guard(self, endpoint: Endpoint, *scopes: TokenScope) -> Endpoint:
        """Return `endpoint` behind the check; a token needs one of the scopes."""

        async def guarded(request: Request) -> Response:
            self.check(request, *scopes)
            with acting_as(request.scope[_ROLE]):
                return await endpoint(request)

        return guarded


def token_name(request: Request) -> str | None:
    """Return the name of the token that a checked request carries; `None`: it carries none."""
    name: str | None = request.scope.get(_GRANTED_TO)
    return name


def grants(plugins: BridgeKeys, tokens: ApiTokens) -> Callable[[str], Grant | None]:
    """Return a function that looks a key up among the keys of plugins and the tokens."""

    def granted(key: str) -> Grant | None:
        scopes = plugins.scopes_of(key)
        if scopes:
            return Grant(scopes)
        token = tokens.find(key)
        return Grant(token.scopes, token.name) if token else None

    return granted
