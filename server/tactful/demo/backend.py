"""Backend of the demo shop, which calls Tactful over HTTP with the server key."""

import asyncio
import time
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import quote

import jwt
import msgspec
from msgspec import Struct

from tactful.runtime.ports.environment import Clock

TIMEOUT_S: Final = 10
"""Seconds to wait for a response."""
IDENTITY_LIFETIME_S: Final = 300
"""Seconds that a signed identity is valid."""
ATTEMPTS: Final = 3
"""Requests for a redemption whose outcome is unknown."""


class ServerReply(Struct, frozen=True):
    """An HTTP response: its status and decoded JSON body."""

    status: int
    body: Any
    took_ms: float = 0.0
    """Milliseconds from the request to the end of the response."""

    @property
    def ok(self) -> bool:
        """Whether the request succeeded."""
        return self.status < 400


class ShopBackend:
    """Reports facts, signs identities, verifies tokens offline, and redeems them."""

    def __init__(self, *, port: int, server_key: str, identity_secret: str, clock: Clock) -> None:
        self._port = port
        self._headers = {
            "Authorization": f"Bearer {server_key}",
            "Content-Type": "application/json",
        }
        self._secret = identity_secret
        self._clock = clock

    async def report_facts(self, facts: list[dict[str, Any]]) -> ServerReply:
        """Report facts with `POST /v1/facts`."""
        return await self.request("POST", "/v1/facts", facts)

    async def redeem(
        self, token: str, order: str, lines: list[dict[str, Any]], customer: str | None
    ) -> ServerReply:
        """Redeem a token with `POST /v1/redemptions`; repeat the request where the outcome is unknown."""
        body = {"token": token, "order": order, "territory": "DE", "lines": lines}
        if customer:
            body["customer"] = customer
        reply = await self.request("POST", "/v1/redemptions", body)
        for _ in range(ATTEMPTS - 1):
            if reply.status < 500:
                break
            reply = await self.request("POST", "/v1/redemptions", body)
        return reply

    async def cancel_redemption(self, order: str) -> ServerReply:
        """Cancel an order's redemptions with `POST /v1/redemptions/{order}/cancel`."""
        return await self.request("POST", f"/v1/redemptions/{quote(order)}/cancel", {})

    async def request(self, method: str, path: str, body: object = None) -> ServerReply:
        """Send one request to the running server."""
        return await asyncio.to_thread(self._request, method, path, body)

    def _request(self, method: str, path: str, body: object) -> ServerReply:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        try:
            payload = None if body is None else msgspec.json.encode(body)
            asked = time.perf_counter()
            connection.request(method, path, payload, self._headers)
            answer = connection.getresponse()
            raw = answer.read()
            took_ms = (time.perf_counter() - asked) * 1000
            return ServerReply(answer.status, msgspec.json.decode(raw) if raw else None, took_ms)
        finally:
            connection.close()

    def sign_identity(self, customer: str) -> str:
        """Return a JWT that identifies the customer to the widget."""
        now = self._clock.now() // 1000
        claims = {"sub": customer, "aud": "tactful", "iat": now, "exp": now + IDENTITY_LIFETIME_S}
        return jwt.encode(claims, self._secret, algorithm="HS256")

    async def verify_token(self, token: str) -> dict[str, Any] | None:
        """Return the claims of an offer's token; None: it was not signed with a published key, or ended."""
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
        # PyJWT compares with the machine's clock, but the demo's clock may be ahead of it.
        return claims if claims["exp"] > self._clock.now() // 1000 else None
