"""The endpoint at which a shop's plugin exchanges a one-time code for a key of its own."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api.bodies import json_response, read_body
from tactful.api.explanation_shapes import Shape
from tactful.api.problems import ProblemError
from tactful.runtime.security.bridge_keys import BRIDGE_SCOPES, BridgeKeys
from tactful.runtime.security.derived_keys import derived_key


class PairingBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What a plugin sends."""

    code: Annotated[str, Meta(min_length=1, max_length=2_048)]
    """The code as the operator gave it, or its part before the `@`."""
    shop: Annotated[str, Meta(max_length=2_048)] = ""
    """The origin of the shop's pages, such as `https://shop.example`."""


class PairingAnswer(Shape, frozen=True, kw_only=True):
    """What a shop's plugin gets for its one-time code."""

    key: str
    """The key of this plugin, for `Authorization: Bearer`. It is kept nowhere else."""
    id: str
    """The id by which the operator revokes the key."""
    scopes: list[str]
    server: str
    """The server's public address, without a slash at its end."""
    jwks: str
    widget: str
    territory: str | None
    """The default territory of the server; null: it has none."""
    identity_key: str | None
    """Signs customer ids for the widget, as text; null: the server takes no identities."""
    origin_allowed: bool | None
    """Whether pages of the shop may open sessions; null: the plugin named no shop."""


class PairingTerms(Struct, frozen=True):
    """What the server tells every plugin."""

    origins: Sequence[str]
    """Origins from which pages may open sessions."""
    territory: str | None
    """The default territory."""
    identity_secret: str | None
    """A plugin gets a key that is derived from it."""

    @property
    def identity_key(self) -> str | None:
        """The key that signs customer ids in page templates; None: no secret is set."""
        secret = self.identity_secret
        return None if secret is None else derived_key(secret, "identity-hmac")


def pairing_routes(
    keys: BridgeKeys, terms: PairingTerms, report: Callable[[str, bool], None]
) -> Sequence[BaseRoute]:
    """Return the route.

    Args:
        keys: The keys of plugins.
        terms: What a plugin gets beside its key.
        report: Called with a client's address and whether its code was right, for rate limits.
    """

    async def pair(request: Request) -> Response:
        body = await read_body(request, PairingBody, 8_192)
        found = keys.pair(body.code.partition("@")[0].strip(), body.shop)
        if request.client is not None:
            report(request.client.host, found is not None)
        if found is None:
            raise ProblemError(
                403,
                "pairing.refused",
                "The code is wrong, has ended, or was used. Make a new one with `tactful keys pair`.",
            )
        answer: dict[str, Any] = {
            "key": found.key,
            "id": found.ident,
            "scopes": list(BRIDGE_SCOPES),
            "server": found.url,
            "jwks": f"{found.url}/.well-known/jwks.json",
            "widget": f"{found.url}/widget/v1.js",
            "territory": terms.territory,
            "identity_key": terms.identity_key,
            "origin_allowed": body.shop in terms.origins if body.shop else None,
        }
        return json_response(answer)

    return (Route("/v1/pair", pair, methods=["POST"]),)
