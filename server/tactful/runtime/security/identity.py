"""Verification of identities and links that the shop's server signed."""

import hashlib
import hmac
import json
import re
from typing import Any, Final, TypeGuard

import jwt
import structlog
from msgspec import Struct

from tactful.core.values.ids import from_base64url
from tactful.runtime.ports.environment import Clock
from tactful.runtime.security.derived_keys import derived_key

log = structlog.get_logger("tactful.identity")

MAX_LIFETIME_S: Final = 600
"""The longest lifetime of an identity token: seconds between `iat` and `exp`."""
LEEWAY_S: Final = 30
"""Seconds by which the shop's clock may be ahead of this server's."""
MAX_HMAC_LIFETIME_S: Final = 86_400
"""Seconds that a signed customer id may be valid for. Pages with it are rendered for every request."""
AUDIENCE: Final = "tactful"
"""The `aud` of identity tokens and links: a JWT that the shop signed for another service is refused."""
IDENTITY_TYPES: Final = frozenset({"JWT", "tactful-identity+jwt"})
"""The `typ` of an identity token's header. Most libraries write `JWT` unless told otherwise."""
LINK_TYPE: Final = "tactful-link+jwt"
"""The `typ` of a link's header (RFC 8725, section 3.11): a JWT made for another purpose is no link."""
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
    signed_at: int | None = None
    """When it was signed, milliseconds since the Unix epoch, UTC; None: the signature does not say."""
    group: str | None = None
    """The price group of the customer; None: the shop declares none."""


class IdentityVerifier:
    """Verifies signatures under the secret that the shop's server and this server share.

    Identity tokens are signed with the secret itself, customer ids in templates and links with keys
    that are derived from it. Without a secret every shopper stays anonymous. A refusal never says
    why, so that no client can probe which customers exist.
    """

    def __init__(self, secret: str | None, clock: Clock) -> None:
        self._secret = secret
        self._hmac_key = derived_key(secret, "identity-hmac").encode() if secret else b""
        self._link_key = derived_key(secret, "links") if secret else ""
        self._clock = clock
        self._warned: set[str] = set()

    def verify_token(self, token: str) -> VerifiedIdentity | None:
        """Return the identity in a JSON Web Token (RFC 7519), signed with HS256 (RFC 7518).

        `sub`, `aud`, `iat` and `exp` are required, `nbf` and `territory` are optional. `exp` is at
        most `MAX_LIFETIME_S` after `iat`. A token without `aud`, as releases up to 0.1.0 required,
        is still accepted; that form goes with the next release.

        Returns:
            The identity; None: the token is not valid now.
        """
        claims = self._claims(token, self._secret, ["sub", "iat", "exp"], IDENTITY_TYPES)
        found = self._identity_of(claims) if claims else None
        if found and claims and "aud" not in claims:
            self._warn_once("identity.token_without_audience")
        return found

    def link_purpose(self, token: str) -> str | None:
        """Return the purpose (claim `link`) of a link that the shop signed with the key of links.

        A link signed with the identity secret, as releases up to 0.1.0 required, is still accepted
        if its header does not name another type.

        Returns:
            At most `MAX_PURPOSE_CHARS` characters; None: the signature is wrong or `exp` has passed.
        """
        claims = self._claims(token, self._link_key, ["link", "exp"], frozenset({LINK_TYPE}))
        if claims is None:
            claims = self._claims(token, self._secret, ["link", "exp"], frozenset({"JWT"}))
            if claims:
                self._warn_once("link.signed_with_identity_secret")
        if not claims or not isinstance(claims["exp"], int) or not _is_text(claims["link"]):
            return None
        return (
            claims["link"][:MAX_PURPOSE_CHARS]
            if claims["exp"] > self._clock.now() // 1000
            else None
        )

    def _claims(
        self, token: str, key: str | None, required: list[str], types: frozenset[str]
    ) -> dict[str, Any] | None:
        """Return the claims if the signature, the type of the header and the audience are right.

        The library must not check the instants: `Clock` decides, not the machine's clock.
        """
        if not key:
            return None
        try:
            found = jwt.decode_complete(
                token,
                key,
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
        claims: dict[str, Any] = found["payload"]
        kind = found["header"].get("typ", "JWT")
        usable = isinstance(kind, str) and kind in types and _is_for_us(claims)
        return claims if usable else None

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
        territory, group = claims.get("territory"), claims.get("group")
        return VerifiedIdentity(
            subject,
            territory if _is_text(territory) else None,
            issued * 1000,
            group if _is_text(group) else None,
        )

    def verify_hmac(
        self, customer: str, digest: str, expires: int | None = None
    ) -> VerifiedIdentity | None:
        """Return the identity of a customer id that comes with its HMAC (RFC 2104).

        This serves shops whose pages have only a template language. The digest is over
        `<customer>|<expires>` under the derived key of this use. Without `expires` it is over the id
        alone under the identity secret, as in 0.1.0: that form never expires, and goes with the next
        release. An id that could be the first part of a token is refused in it.

        Args:
            customer: The shop's own id of the customer.
            digest: HMAC-SHA256 as hexadecimal text.
            expires: When the digest ends, in seconds since the Unix epoch; at most
                `MAX_HMAC_LIFETIME_S` from now. None: the form of 0.1.0.

        Returns:
            The identity; None: the digest is wrong or out of time, or the id is empty.
        """
        if not self._secret:
            return None
        if expires is None:
            key, text, usable = self._secret.encode(), customer, not _is_signing_input(customer)
        else:
            now = self._clock.now() // 1000
            key, text = self._hmac_key, f"{customer}|{expires}"
            usable = now < expires <= now + MAX_HMAC_LIFETIME_S
        expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        same = hmac.compare_digest(expected.encode(), digest.lower().encode())
        # A template signs an empty id where no customer is logged in.
        if not (same and usable and customer):
            return None
        if expires is None:
            self._warn_once("identity.hmac_without_expiry")
        return VerifiedIdentity(customer)

    def _warn_once(self, event: str) -> None:
        """Log that the shop uses a form that the next release refuses, once per process."""
        if event not in self._warned:
            self._warned.add(event)
            log.warning(event)


def _is_signing_input(text: str) -> bool:
    """Return whether a text begins like a token: a JSON object in base64url, and a point (RFC 7515).

    A digest of such a text would be the signature of a token.
    """
    head, point, _ = text.partition(".")
    try:
        header = json.loads(from_base64url(head))
    except (ValueError, RecursionError):
        return False
    return bool(point) and isinstance(header, dict)


def _is_for_us(claims: dict[str, Any]) -> bool:
    """Return whether the claims name this audience (RFC 7519, section 4.1.3), or none at all."""
    named = claims.get("aud", AUDIENCE)
    return AUDIENCE in named if isinstance(named, list) else named == AUDIENCE


def _is_text(value: object) -> TypeGuard[str]:
    """Return whether a claim is text that can be stored.

    JSON can escape half of a surrogate pair, which cannot be stored.
    """
    return isinstance(value, str) and _HALF.search(value) is None
