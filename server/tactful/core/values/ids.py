"""Ids that the server issues, and the test whether a text is one of them.

An id is a prefix for its kind, and random bytes in canonical base64url without padding (RFC 4648, section 5).
The random bytes are an argument, because the core draws none. Each function that makes an id raises `ValueError`
if it is given another number of bytes than `ID_BYTES` or `SECRET_BYTES`.
"""

import hashlib
import hmac
import re
from base64 import b64decode, urlsafe_b64encode
from typing import Final

ID_BYTES: Final = 16
"""128 bits: an id cannot be guessed, and two never collide, so that no store has to be asked."""

SECRET_BYTES: Final = 32
"""256 bits for the secret that proves that a browser may resume a session."""

OFFER: Final = "of_"
SESSION: Final = "se_"
SHOPPER: Final = "an_"
DECISION: Final = "de_"
REDEMPTION: Final = "rd_"
RESUME: Final = "rs_"
PREFIXES: Final = (OFFER, SESSION, SHOPPER, DECISION, REDEMPTION, RESUME)

# The last character carries only the remaining bits. Restricting it gives each id exactly one spelling.
_ID_BODY: Final = "[A-Za-z0-9_-]{21}[AQgw]"
_LONG_BODY: Final = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
_PATTERNS: Final = {
    prefix: re.compile(prefix + (_LONG_BODY if prefix == RESUME else _ID_BODY), re.ASCII)
    for prefix in PREFIXES
}


def base64url(raw: bytes) -> str:
    """Return canonical base64url without padding (RFC 4648, section 5)."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """Return the bytes of base64url without padding; other spellings of them are read as well.

    Raises:
        ValueError: The text is not base64.
    """
    # Not `urlsafe_b64decode`, which from Python 3.15 on warns of the letters of the other alphabet.
    return b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))


def offer_id(entropy: bytes) -> str:
    """Return `of_…`, the id of an offer; the shopper's browser knows it."""
    return _prefixed(OFFER, entropy, ID_BYTES)


def session_id(entropy: bytes) -> str:
    """Return `se_…`, the id of a session; it does not resume the session without the secret."""
    return _prefixed(SESSION, entropy, ID_BYTES)


def shopper_id(entropy: bytes) -> str:
    """Return `an_…`, the id of a shopper whose identity is not known."""
    return _prefixed(SHOPPER, entropy, ID_BYTES)


def decision_id(entropy: bytes) -> str:
    """Return `de_…`, the id of a decision record; it never reaches a browser."""
    return _prefixed(DECISION, entropy, ID_BYTES)


def redemption_id(entropy: bytes) -> str:
    """Return `rd_…`, the id of a redemption; the checkout knows it."""
    return _prefixed(REDEMPTION, entropy, ID_BYTES)


def resume_secret(entropy: bytes) -> str:
    """Return `rs_…`, the secret with which a browser resumes its session; only its digest is stored."""
    return _prefixed(RESUME, entropy, SECRET_BYTES)


def is_id(text: str, prefix: str) -> bool:
    """Return whether `text` is a well-formed id with that prefix, in its only spelling."""
    return _PATTERNS[prefix].fullmatch(text) is not None


def resume_digest(secret: str) -> bytes:
    """Return the digest that is stored of a resume secret: a leaked ledger resumes no session."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def resumes(secret: str, digest: bytes) -> bool:
    """Return whether `secret` belongs to `digest`; the comparison takes constant time."""
    return is_id(secret, RESUME) and hmac.compare_digest(resume_digest(secret), digest)


def _prefixed(prefix: str, entropy: bytes, size: int) -> str:
    if len(entropy) != size:
        message = f"an id with the prefix {prefix} takes {size} random bytes, not {len(entropy)}"
        raise ValueError(message)
    return prefix + base64url(entropy)
