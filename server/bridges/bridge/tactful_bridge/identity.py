"""Signed identities: proof to the widget's server of the customer who is logged in."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Final

LONGEST_LIFE: Final = 600
"""Seconds of the longest life that a server accepts (`server/PROTOCOL.md`, Identities)."""


def sign_identity(secret: str, customer: str, now: int, life: int = 300, group: str = "") -> str:
    """Return a JWT (RFC 7519, HS256) for `tactful('identify', …)`.

    Args:
        secret: The identity secret of the server.
        customer: The platform's id of the customer, never taken from the page.
        now: Seconds since the Unix epoch, UTC.
        life: Seconds for which it is valid, at most `LONGEST_LIFE`.
        group: The customer's price group; empty: none.
    """
    claims: dict[str, object] = {
        "sub": customer,
        "aud": "tactful",
        "iat": now,
        "exp": now + min(life, LONGEST_LIFE),
    }
    if group:
        claims["group"] = group
    head = {"alg": "HS256", "typ": "tactful-identity+jwt"}
    signed = f"{_part(head)}.{_part(claims)}"
    digest = hmac.digest(secret.encode("utf-8"), signed.encode("ascii"), hashlib.sha256)
    return f"{signed}.{_base64url(digest)}"


def sign_customer(key: str, customer: str, now: int, life: int = 300) -> dict[str, object]:
    """Return an identity for `tactful('identify', …)`, signed with the key of a pairing.

    Args:
        key: The identity key that the server gave, as text.
        customer: The platform's id of the customer, never taken from the page.
        now: Seconds since the Unix epoch, UTC.
        life: Seconds for which it is valid, at most `LONGEST_LIFE`.
    """
    expires = now + min(life, LONGEST_LIFE)
    signed = f"{customer}|{expires}".encode()
    digest = hmac.new(key.encode("ascii"), signed, hashlib.sha256).hexdigest()
    return {"customer": customer, "expires": expires, "hmac": digest}


def _part(value: Mapping[str, object]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode("utf-8"))


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
