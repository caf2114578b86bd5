"""Offline verification of offer tokens: compact JWS, signed with EdDSA over Ed25519."""

import json
import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tactful_bridge.errors import TokenRefusedError

LONGEST: Final = 4096
"""The most characters of a token; a longer text is refused without parsing."""
# Header, payload and a signature of 64 bytes, whose last character carries two bits only.
_COMPACT: Final = re.compile(
    r"([A-Za-z0-9_-]{1,512})\.([A-Za-z0-9_-]{1,3400})\.([A-Za-z0-9_-]{85}[AQgw])", re.ASCII
)
_LEVELS: Final = ("order", "shipping")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferClaims:
    """What a token promises. Amounts are minor units; instants are seconds since the Unix epoch, UTC."""

    offer: str
    sku: str
    territory: str
    currency: str
    """ISO 4217 code."""
    unit: int
    """The price of one unit, or of one unit if nothing else is ordered where there is a `level`."""
    max_qty: int
    """The most units at this price."""
    iat: int
    """When the token was issued."""
    exp: int
    """When the promise ends, unless the offer is held by then."""
    rulebook: str
    holder: str
    """A keyed digest of the session or customer; only Tactful can compare it."""
    level: str | None = None
    """`order` or `shipping`; `None`: the promise is a price of the item."""
    at_most: int | None = None
    percent_bp: int | None = None
    min_order: int | None = None
    """The least total of the order's items that the promise needs."""


_TYPES: Final = {
    field.name: (int if "int" in str(field.type) else str) for field in fields(OfferClaims)
}
_REQUIRED: Final = frozenset(
    {"offer", "sku", "territory", "currency", "unit", "max_qty", "iat", "exp", "rulebook", "holder"}
)


def keys_of(document: object) -> dict[str, Ed25519PublicKey]:
    """Return the keys of a JWK Set (RFC 7517) by their `kid`; keys of another kind are left out.

    Args:
        document: The parsed body of `/.well-known/jwks.json`.

    Raises:
        ValueError: The document is no JWK Set, or a key in it is broken.
    """
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("The server's key document is no JWK Set.")  # noqa: TRY004 -- its content is wrong
    return {
        str(jwk["kid"]): Ed25519PublicKey.from_public_bytes(_bytes_of(str(jwk["x"])))
        for jwk in document["keys"]
        if isinstance(jwk, dict) and jwk.get("crv") == "Ed25519" and {"kid", "x"} <= jwk.keys()
    }


def verify(token: str, keys: Mapping[str, Ed25519PublicKey], now: int) -> OfferClaims:
    """Return the claims of a token that one of the keys signed, and whose offer has not ended.

    Claims of later servers that are not known here are ignored.

    Args:
        token: Any text.
        keys: The server's public keys by their `kid`.
        now: Milliseconds since the Unix epoch, UTC.

    Raises:
        TokenRefusedError: For any other text.
    """
    found = _COMPACT.fullmatch(token) if len(token) <= LONGEST else None
    if found is None:
        raise TokenRefusedError("token.malformed")
    # Each key has exactly one header, byte for byte. No header is ever parsed, so that no header
    # can name another algorithm or key (RFC 8725, section 2.1).
    key = next((key for kid, key in keys.items() if _header_of(kid) == found[1]), None)
    if key is None:
        raise TokenRefusedError("token.key")
    try:
        key.verify(_bytes_of(found[3]), f"{found[1]}.{found[2]}".encode("ascii"))
    except InvalidSignature:
        raise TokenRefusedError("token.signature") from None
    claims = _claims_in(found[2])
    if now >= claims.exp * 1000:
        raise TokenRefusedError("token.expired")
    return claims


def _claims_in(payload: str) -> OfferClaims:
    """Return the claims of a payload if it is their only spelling; raise TokenRefusedError otherwise."""
    try:
        raw = _bytes_of(payload)
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise TokenRefusedError("token.malformed") from None
    if not isinstance(found, dict) or _canonical(found) != raw or _base64url(raw) != payload:
        raise TokenRefusedError("token.malformed")
    known = {name: value for name, value in found.items() if name in _TYPES}
    # `True` is an integer for isinstance, and none for the server.
    right = known.keys() >= _REQUIRED and all(
        type(value) is _TYPES[name] for name, value in known.items()
    )
    if not right or known.get("level", "order") not in _LEVELS:
        raise TokenRefusedError("token.malformed")
    claims = OfferClaims(**known)
    if claims.unit < 0 or claims.max_qty < 1:
        raise TokenRefusedError("token.malformed")
    return claims


def _header_of(kid: str) -> str:
    return _base64url(_canonical({"alg": "EdDSA", "kid": kid, "typ": "offer+jwt"}))


def _canonical(value: object) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    # A lone surrogate has no UTF-8; the bytes that are compared never contain one.
    return text.encode("utf-8", "surrogatepass")


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes_of(text: str) -> bytes:
    # Not `urlsafe_b64decode`, which from Python 3.15 on warns of the letters of the other alphabet.
    return b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
