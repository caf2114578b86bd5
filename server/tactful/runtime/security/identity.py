"""Who does a signed statement of the shop's server say this shopper is?"""

import hashlib
import hmac
from typing import Any, Final

import jwt
from msgspec import Struct

from tactful.runtime.ports.environment import Clock

LONGEST: Final = 600
"""Seconds that a JWT may live: `exp` - `iat`."""
LEEWAY: Final = 30
"""Seconds that the shop's clock may be ahead of ours."""


class VerifiedIdentity(Struct, frozen=True):
    """The shop's own id of the customer, and where the shop says they are."""

    customer: str
    territory: str | None = None


class IdentityVerifier:
    """Verifies identities under the shop's secret; without one, nobody is known."""

    def __init__(self, secret: str | None, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def verify_token(self, token: str) -> VerifiedIdentity | None:
        """A JWT, HS256, with `sub`, `iat`, `exp` at most 10 minutes later, and `nbf` heeded (RFC 7519)."""
        claims = self._claims(token, ["sub", "iat", "exp"])
        return self._judged(claims) if claims else None

    def link_purpose(self, token: str) -> str | None:
        """The purpose, claim `link`, of a link that the shop signed and whose `exp` has not come."""
        claims = self._claims(token, ["link", "exp"])
        if not claims or not isinstance(claims["exp"], int) or not isinstance(claims["link"], str):
            return None
        return claims["link"][:64] if claims["exp"] > self._clock.now() // 1000 else None

    def _claims(self, token: str, required: list[str]) -> dict[str, Any] | None:
        """The claims under the shop's signature; when they end is judged by the shop's one clock."""
        if not self._secret:
            return None
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._secret,
                algorithms=["HS256"],
                options={
                    "require": required,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                    "verify_aud": False,
                },
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            return None
        return claims

    def _judged(self, claims: dict[str, Any]) -> VerifiedIdentity | None:
        issued, ends, subject = claims["iat"], claims["exp"], claims["sub"]
        now = self._clock.now() // 1000
        starts = claims.get("nbf", 0)
        numbers = all(isinstance(one, int) for one in (issued, ends, starts))
        if not numbers or not isinstance(subject, str) or not 0 < len(subject) <= 128:
            return None
        if ends <= now or max(issued, starts) > now + LEEWAY or ends - issued > LONGEST:
            return None
        territory = claims.get("territory")
        return VerifiedIdentity(subject, territory if isinstance(territory, str) else None)

    def verify_hmac(self, customer: str, digest: str) -> VerifiedIdentity | None:
        """The hex HMAC-SHA256 of the customer id, for shops that have only a template language."""
        if not self._secret:
            return None
        expected = hmac.new(self._secret.encode(), customer.encode(), hashlib.sha256).hexdigest()
        same = hmac.compare_digest(expected.encode(), digest.lower().encode())
        # A template that knows nobody signs an empty id all the same.
        return VerifiedIdentity(customer) if same and customer else None
