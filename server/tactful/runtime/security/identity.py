"""Verification of identities and links that the shop's server signed."""

import hashlib
import hmac
import re
from typing import Any, Final, TypeGuard

import jwt
from msgspec import Struct

from tactful.runtime.ports.environment import Clock

MAX_LIFETIME_S: Final = 600
"""The longest lifetime of an identity token: seconds between `iat` and `exp`."""
LEEWAY_S: Final = 30
"""Seconds by which the shop's clock may be ahead of this server's."""
MAX_CUSTOMER_CHARS: Final = 128
"""The most characters of a customer id."""
MAX_PURPOSE_CHARS: Final = 64
"""Characters that are kept of a link's purpose."""
_HALF: Final = re.compile("[\ud800-\udfff]")


class VerifiedIdentity(Struct, frozen=True):
    """A customer whose identity the shop's server has signed."""

    customer: str
    """The shop's own id of the customer."""
    territory: str | None = None
    """The territory (ISO 3166-1 or 3166-2) that the shop declares; None: it declares none."""


class IdentityVerifier:
    """Verifies signatures under the secret that the shop's server and this server share.

    Without a secret every shopper stays anonymous. A refusal never says why, so that no client can
    probe which customers exist.
    """

    def __init__(self, secret: str | None, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def verify_token(self, token: str) -> VerifiedIdentity | None:
        """Return the identity in a JSON Web Token (RFC 7519), signed with HS256 (RFC 7518).

        `sub`, `iat` and `exp` are required, `nbf` and `territory` are optional. `exp` is at most
        `MAX_LIFETIME_S` after `iat`.

        Returns:
            The identity; None: the token is not valid now.
        """
        claims = self._claims(token, ["sub", "iat", "exp"])
        return self._identity_of(claims) if claims else None

    def link_purpose(self, token: str) -> str | None:
        """Return the purpose (claim `link`) of a link that the shop signed.

        Returns:
            At most `MAX_PURPOSE_CHARS` characters; None: the signature is wrong or `exp` has passed.
        """
        claims = self._claims(token, ["link", "exp"])
        if not claims or not isinstance(claims["exp"], int) or not _is_text(claims["link"]):
            return None
        return (
            claims["link"][:MAX_PURPOSE_CHARS]
            if claims["exp"] > self._clock.now() // 1000
            else None
        )

    def _claims(self, token: str, required: list[str]) -> dict[str, Any] | None:
        """Return the claims if the signature is right.

        The library must not check the instants: `Clock` decides, not the machine's clock.
        """
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

    def _identity_of(self, claims: dict[str, Any]) -> VerifiedIdentity | None:
        """Return the identity in signed claims, unless a claim is malformed or out of time."""
        issued, ends, subject = claims["iat"], claims["exp"], claims["sub"]
        now = self._clock.now() // 1000
        starts = claims.get("nbf", 0)
        numbers = all(isinstance(one, int) for one in (issued, ends, starts))
        if not numbers or not _is_text(subject) or not 0 < len(subject) <= MAX_CUSTOMER_CHARS:
            return None
        if ends <= now or max(issued, starts) > now + LEEWAY_S or ends - issued > MAX_LIFETIME_S:
            return None
        territory = claims.get("territory")
        return VerifiedIdentity(subject, territory if _is_text(territory) else None)

    def verify_hmac(self, customer: str, digest: str) -> VerifiedIdentity | None:
        """Return the identity of a customer id that comes with its HMAC (RFC 2104).

        This serves shops whose pages have only a template language. The digest never expires, so it
        identifies the customer for as long as the secret is used.

        Args:
            customer: The shop's own id of the customer.
            digest: HMAC-SHA256 of the id in UTF-8, under the shop's secret, as hexadecimal text.

        Returns:
            The identity; None: the digest is wrong or the id is empty.
        """
        if not self._secret:
            return None
        expected = hmac.new(self._secret.encode(), customer.encode(), hashlib.sha256).hexdigest()
        same = hmac.compare_digest(expected.encode(), digest.lower().encode())
        # A template signs an empty id where no customer is logged in.
        return VerifiedIdentity(customer) if same and customer else None


def _is_text(value: object) -> TypeGuard[str]:
    """Return whether a claim is text that can be stored.

    JSON can escape half of a surrogate pair, which cannot be stored.
    """
    return isinstance(value, str) and _HALF.search(value) is None
