"""What does the demo shop's own server ask of Tactful? Over HTTP with the server key, as any shop would."""

import asyncio
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import quote

import jwt
import msgspec
from msgspec import Struct

from tactful.runtime.ports.environment import Clock

TIMEOUT_S: Final = 10
IDENTITY_LIFETIME_S: Final = 300
"""How long a statement of who is logged in is good for."""
ATTEMPTS: Final = 3


class ServerReply(Struct, frozen=True):
    """Status and decoded body."""

    status: int
    body: Any

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.status < 400


class ShopBackend:
    """Reports facts, signs identities, verifies tokens offline and redeems them."""

    def __init__(self, *, port: int, server_key: str, identity_secret: str, clock: Clock) -> None:
        self._port = port
        self._headers = {
            "Authorization": f"Bearer {server_key}",
            "Content-Type": "application/json",
        }
        self._secret = identity_secret
        self._clock = clock

    async def report_facts(self, facts: list[dict[str, Any]]) -> ServerReply:
        """`POST /v1/facts`."""
        return await self.request("POST", "/v1/facts", facts)

    async def redeem(self, token: str, order: str, lines: list[dict[str, Any]]) -> ServerReply:
        """`POST /v1/redemptions`; where the outcome is unknown, the same question again."""
        body = {"token": token, "order": order, "territory": "DE", "lines": lines}
        reply = await self.request("POST", "/v1/redemptions", body)
        for _ in range(ATTEMPTS - 1):
            if reply.status < 500:
                break
            reply = await self.request("POST", "/v1/redemptions", body)
        return reply

    async def cancel_redemption(self, order: str) -> ServerReply:
        """`POST /v1/redemptions/{order}/cancel`: an order that came to nothing keeps no offer."""
        return await self.request("POST", f"/v1/redemptions/{quote(order)}/cancel", {})

    async def request(self, method: str, path: str, body: object = None) -> ServerReply:
        """One request to `/v1/...` of the running server."""
        return await asyncio.to_thread(self._request, method, path, body)

    def _request(self, method: str, path: str, body: object) -> ServerReply:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        try:
            payload = None if body is None else msgspec.json.encode(body)
            connection.request(method, path, payload, self._headers)
            answer = connection.getresponse()
            raw = answer.read()
            return ServerReply(answer.status, msgspec.json.decode(raw) if raw else None)
        finally:
            connection.close()

    def sign_identity(self, customer: str) -> str:
        """A signed statement of who is logged in, for the widget."""
        now = self._clock.now() // 1000
        claims = {"sub": customer, "iat": now, "exp": now + IDENTITY_LIFETIME_S}
        return jwt.encode(claims, self._secret, algorithm="HS256")

    async def verify_token(self, token: str) -> dict[str, Any] | None:
        """The claims of an offer's token under Tactful's published keys; None: it is not theirs."""
        published = await self.request("GET", "/.well-known/jwks.json")
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = next(
                one for one in jwt.PyJWKSet.from_dict(published.body).keys if one.key_id == kid
            )
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=["EdDSA"], options={"verify_exp": False, "verify_iat": False}
            )
        except (jwt.PyJWTError, StopIteration):
            return None
        # The demo's clock may be ahead of the machine's, which is all that PyJWT knows.
        return claims if claims["exp"] > self._clock.now() // 1000 else None
