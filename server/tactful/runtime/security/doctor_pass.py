"""Doctor passes: signed permission for a page of one origin to ask why an item has no offer."""

from typing import Any, Final

import jwt

from tactful.core.values.calendar import MINUTE
from tactful.runtime.security.signing_keys import SigningKeys

LIFETIME_MS: Final = 30 * MINUTE
"""Milliseconds for which a pass is valid: one look at the shop's pages."""
PASS_TYPE: Final = "tactful-doctor+jwt"  # noqa: S105 (a media type)
"""The `typ` of the header (RFC 8725, section 3.11), so that no other token is taken for a pass."""
FRAGMENT: Final = "tactful-doctor"
"""The part of a page's URL after `#` that holds a pass: browsers send it to no server."""


def issue_pass(keys: SigningKeys, origin: str, now: int) -> str:
    """Return a pass for the pages of an origin (JWT, RFC 7519, signed with HS256).

    Args:
        keys: The shop's keys.
        origin: Origin of the pages, such as `https://shop.example`.
        now: Milliseconds since the Unix epoch, UTC.
    """
    claims = {"origin": origin, "exp": (now + LIFETIME_MS) // 1000}
    return jwt.encode(claims, _key(keys), algorithm="HS256", headers={"typ": PASS_TYPE})


def pass_origin(keys: SigningKeys, token: str, now: int) -> str | None:
    """Return the origin of a pass.

    Args:
        keys: The shop's keys.
        token: Text that should be a pass.
        now: Milliseconds since the Unix epoch, UTC.

    Returns:
        The origin; `None`: the pass has ended, or this server did not sign it.
    """
    options: Any = {"require": ["origin", "exp"], "verify_exp": False}  # `Clock` decides
    try:
        found = jwt.decode_complete(token, _key(keys), algorithms=["HS256"], options=options)
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    claims = found["payload"]
    valid = isinstance(claims["exp"], int) and claims["exp"] * 1000 > now
    if found["header"].get("typ") != PASS_TYPE or not valid:
        return None
    return str(claims["origin"])


def _key(keys: SigningKeys) -> bytes:
    return keys.derived_key("doctor-pass")
