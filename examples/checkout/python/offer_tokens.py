"""Verification of Tactful's offer tokens: compact JWS, signed with EdDSA over Ed25519.

Only Python's standard library, which has no Ed25519: its verification (RFC 8032, 5.1.7) is here. It
handles no secret, so it needs no protection against timing attacks. It takes about 5 ms. If PyJWT or
cryptography is installed, use that instead: it is far faster.
"""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode


class Refused(Exception):
    """The offer or the order is refused; `code` says why, `status` is the HTTP status."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(a, b):
    """Return the sum of two points of the curve, in extended coordinates."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    g, h = 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    """Return the multiple of a point."""
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def point_of(raw):
    """Return the point that 32 bytes encode (RFC 8032, 5.1.3); raise ValueError if they encode none."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    squared = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(squared, (P + 3) // 8, P)
    if (x * x - squared) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - squared) % P or (x == 0 and sign):
        raise ValueError("not a point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def signature_holds(public, message, signature):
    """Return whether an Ed25519 key signed a message (RFC 8032, 5.1.7)."""
    s = int.from_bytes(signature[32:], "little")
    if len(public) != 32 or len(signature) != 64 or s >= L:
        return False
    try:
        key, r = point_of(public), point_of(signature[:32])
    except ValueError:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    left = times(s, BASE)
    right = add(r, times(int.from_bytes(digest, "little") % L, key))
    return (
        not (left[0] * right[2] - right[0] * left[2]) % P
        and not (left[1] * right[2] - right[1] * left[2]) % P
    )


BASE = point_of((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


CLAIMS = {
    "currency": str, "exp": int, "holder": str, "iat": int, "max_qty": int, "offer": str,
    "rulebook": str, "sku": str, "territory": str, "unit": int,
}  # fmt: skip
BOUNDS = {
    "at_most": int,
    "level": str,
    "percent_bp": int,
}  # only in the token of an offer with a `level`
LEVELS = ("item", "order", "shipping")  # the order in which offers are redeemed


def base64url(raw):
    """Return bytes as base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def written(value):
    """Return canonical JSON: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def decoded(text):
    """Decode canonical base64url; raise ValueError for any other spelling of the same bytes."""
    if "+" in text or "/" in text:  # other spellings of "-" and "_", which Python decodes as well
        raise ValueError("not canonical")
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64url(raw) != text:
        raise ValueError("not canonical")
    return raw


def verify(token, keys, now):
    """Return the claims of a token that one of the keys signed, and that has not ended.

    `keys`: kid → public key. `now`: seconds since the Unix epoch. Raises Refused for any other token.
    """
    try:
        header, payload, signature = token.split(".")
        raw, signed = decoded(payload), decoded(signature)
    except ValueError:
        raise Refused(401, "token.malformed") from None
    if len(token) > 4096 or len(signed) != 64:
        raise Refused(401, "token.malformed")
    # Each key has exactly one valid header, so headers are compared and never parsed.
    headers = {
        base64url(written({"alg": "EdDSA", "kid": kid, "typ": "offer+jwt"})): kid for kid in keys
    }
    if header not in headers:
        raise Refused(401, "token.key")
    if not signature_holds(keys[headers[header]], f"{header}.{payload}".encode(), signed):
        raise Refused(401, "token.signature")
    claims = claims_in(raw)
    if now >= claims["exp"]:
        raise Refused(410, "token.expired")
    return claims


def claims_in(raw):
    """Return the claims if they are spelt as Tactful spells them; raise Refused otherwise.

    Claims of a later version are kept and not judged.
    """
    try:
        claims = json.loads(raw)
        types = {name: type(value) for name, value in claims.items()}
    except (ValueError, AttributeError):
        raise Refused(401, "token.malformed") from None
    right = CLAIMS.items() <= types.items()
    right = right and all(types.get(name, kind) is kind for name, kind in BOUNDS.items())
    right = right and claims.get("level", "order") in LEVELS[1:]
    if not right or written(claims) != raw or claims["unit"] < 0:
        raise Refused(401, "token.malformed")
    return claims
