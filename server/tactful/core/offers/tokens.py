"""Signed offer tokens: a JSON Web Token that proves what an offer promises.

A token is a JWT (RFC 7519) as a compact JWS (RFC 7515) with EdDSA over Ed25519 (RFC 8037), so that any JWT
library can verify it. This reader is stricter than the standards: it accepts one spelling of each token and
nothing else. A token carries no personal data.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta, Struct

from tactful.core.values.ids import base64url, from_base64url
from tactful.core.values.money import AMOUNT_MAX, BP, Currency

MEDIA_TYPE: Final = "offer+jwt"
"""The `typ` of the header (RFC 8725, section 3.11): a JWT made for another purpose is no offer."""
LONGEST: Final = 4096
"""The most characters of a token; a longer text is refused without parsing."""
HOLDER_BYTES: Final = 16
"""The length of a holder digest: 128 bits cannot be guessed."""

TokenCode = Literal["token.malformed", "token.key", "token.signature", "token.expired"]
HolderKind = Literal["session", "customer"]

_Text = Annotated[str, Meta(min_length=1, max_length=128)]
_Seconds = Annotated[int, Meta(ge=0, le=2**53 - 1)]

# Header, payload and a signature of 64 bytes. Its last character carries only two bits, so only four
# characters are canonical there.
_COMPACT = re.compile(
    r"([A-Za-z0-9_-]{1,512})\.([A-Za-z0-9_-]{1,3400})\.([A-Za-z0-9_-]{85}[AQgw])", re.ASCII
)


class TokenClaims(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a token promises. The fields stand in alphabetical order, which is their canonical order.

    A later version may add claims. A reader ignores those that it does not know.
    """

    at_most: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)] | None = None
    """The deduction from the order or its shipping, or the maximum for `percent_bp`, in minor units."""
    currency: Currency
    exp: _Seconds
    """When it ends, in seconds since the Unix epoch (RFC 7519, section 4.1.4)."""
    holder: Annotated[str, Meta(min_length=22, max_length=22)]
    """A keyed digest of the session or customer that it is bound to (`holder_of`)."""
    iat: _Seconds
    """When it was issued, in seconds since the Unix epoch (RFC 7519, section 4.1.6)."""
    level: Literal["order", "shipping"] | None = None
    """What the offer is deducted from; `None`: it is a price of the item."""
    max_qty: Annotated[int, Meta(ge=1, le=1_000_000)]
    min_order: Annotated[int, Meta(ge=1, le=AMOUNT_MAX)] | None = None
    """The least total of the order's items, after offers on items and without shipping, in minor units."""
    offer: _Text
    percent_bp: Annotated[int, Meta(ge=1, le=BP)] | None = None
    """The share of the order or its shipping, in basis points."""
    rulebook: _Text
    sku: _Text
    territory: Annotated[str, Meta(min_length=2, max_length=6)]
    unit: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
    """The price of one unit if nothing else is ordered, in minor units."""


class TokenRefusal(Struct, frozen=True):
    """Why a text is not accepted as a token."""

    code: TokenCode


_ENCODE: Final = msgspec.json.Encoder().encode
_DECODE: Final = msgspec.json.Decoder(TokenClaims).decode
_DECODE_ANY: Final = msgspec.json.Decoder(dict[str, Any]).decode
_ENCODE_SORTED: Final = msgspec.json.Encoder(order="sorted").encode


def _public_jwk(public: Ed25519PublicKey) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": base64url(public.public_bytes_raw())}


def _kid_of(public: Ed25519PublicKey) -> str:
    # The thumbprint of RFC 7638: a key cannot be published under the id of another.
    return base64url(hashlib.sha256(_ENCODE(_public_jwk(public))).digest())


def _header_of(kid: str) -> str:
    return base64url(_ENCODE({"alg": "EdDSA", "kid": kid, "typ": MEDIA_TYPE}))


class TokenSigner:
    """Signs claims with one private key."""

    def __init__(self, private: bytes) -> None:
        """Load a key.

        Args:
            private: The 32-byte seed of an Ed25519 private key (RFC 8032, section 5.1.5).

        Raises:
            ValueError: It does not have 32 bytes.
        """
        self._key: Final = Ed25519PrivateKey.from_private_bytes(private)
        self.public: Final = self._key.public_key()
        self.kid: Final = _kid_of(self.public)
        self._header: Final = _header_of(self.kid)

    def sign(self, claims: TokenClaims) -> str:
        """Return the token; the same claims always give the same token (EdDSA is deterministic)."""
        signed = f"{self._header}.{base64url(_ENCODE(claims))}"
        return f"{signed}.{base64url(self._key.sign(signed.encode('ascii')))}"


class TokenVerifier:
    """Verifies tokens against a set of public keys."""

    def __init__(self, keys: Iterable[Ed25519PublicKey]) -> None:
        self._keys: Final = {_kid_of(key): key for key in keys}
        # Each key has exactly one header, byte for byte. No header is ever parsed, so no header can
        # name another algorithm or key (RFC 8725, section 2.1).
        self._by_header: Final = {_header_of(kid): key for kid, key in self._keys.items()}

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the JWK Set (RFC 7517, section 5) for `/.well-known/jwks.json`, in a stable order."""
        return {
            "keys": [
                {**_public_jwk(key), "kid": kid, "alg": "EdDSA", "use": "sig"}
                for kid, key in sorted(self._keys.items())
            ]
        }

    def verify(self, token: str, now: int) -> TokenClaims | TokenRefusal:
        """Return the claims of a token, or why it is refused.

        Args:
            token: Any text.
            now: Milliseconds since the Unix epoch, UTC; 0 accepts an expired token too.
        """
        found = _COMPACT.fullmatch(token) if len(token) <= LONGEST else None
        if found is None:
            return TokenRefusal("token.malformed")
        key = self._by_header.get(found[1])
        if key is None:
            return TokenRefusal("token.key")
        try:
            key.verify(from_base64url(found[3]), f"{found[1]}.{found[2]}".encode("ascii"))
        except InvalidSignature:
            return TokenRefusal("token.signature")
        claims = _canonical_claims(found[2])
        if claims is None:
            return TokenRefusal("token.malformed")
        return TokenRefusal("token.expired") if now >= claims.exp * 1000 else claims


def holder_of(secret: bytes, kind: HolderKind, ident: str) -> str:
    """Return the digest by which a token names its holder.

    Only the owner of `secret` can compute it, so that the token contains no personal data.

    Args:
        secret: The shop's holder secret.
        kind: Whether `ident` is a session or a customer.
        ident: The id of the session or customer.
    """
    message = f"{kind}:{ident}".encode("utf-8", "surrogatepass")
    return base64url(hmac.digest(secret, message, "sha256")[:HOLDER_BYTES])


def numeric_date(at_ms: int, *, end: bool = False) -> int:
    """Return milliseconds as a NumericDate (RFC 7519); an end is rounded up, so that no promise is cut short."""
    return -(-at_ms // 1000) if end else at_ms // 1000


def _canonical_claims(payload: str) -> TokenClaims | None:
    """Return the claims if the payload is their canonical spelling, else `None`."""
    try:
        body = from_base64url(payload)
        claims = _DECODE(body)
        if base64url(_ENCODE(claims)) == payload:
            return claims
        named = _DECODE_ANY(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    known = {name: named[name] for name in named if name in TokenClaims.__struct_fields__}
    # Claims of a later version are ignored, and the spelling is still the only one.
    is_canonical = _ENCODE_SORTED(named) == body and _ENCODE_SORTED(known) == _ENCODE(claims)
    return claims if is_canonical and base64url(body) == payload else None
