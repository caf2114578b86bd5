"""What do the ids that the server makes look like, and which text is one of them?

An id is a prefix that tells its kind, then random bytes in canonical base64url without padding.
The randomness is an argument: the core draws none.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from typing import Final

ID_BYTES: Final = 16
"""128 bits: unguessable, and free of collisions without asking a store."""

SECRET_BYTES: Final = 32
"""256 bits for what proves that a browser may resume a session."""

OFFER: Final = "of_"
SESSION: Final = "se_"
SHOPPER: Final = "an_"
DECISION: Final = "de_"
REDEMPTION: Final = "rd_"
RESUME: Final = "rs_"
PREFIXES: Final = (OFFER, SESSION, SHOPPER, DECISION, REDEMPTION, RESUME)

# The last character carries only the bits left over, so each id has exactly one spelling.
_ID_BODY: Final = "[A-Za-z0-9_-]{21}[AQgw]"
_LONG_BODY: Final = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
_PATTERNS: Final = {
    prefix: re.compile(prefix + (_LONG_BODY if prefix == RESUME else _ID_BODY), re.ASCII)
    for prefix in PREFIXES
}


def base64url(raw: bytes) -> str:
    """Canonical base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def offer_id(entropy: bytes) -> str:
    """`of_…`, the id of an offer, known to its browser."""
    return _prefixed(OFFER, entropy, ID_BYTES)


def session_id(entropy: bytes) -> str:
    """`se_…`, the id of a session; alone it resumes nothing."""
    return _prefixed(SESSION, entropy, ID_BYTES)


def shopper_id(entropy: bytes) -> str:
    """`an_…`, the id of a shopper whose identity is not known."""
    return _prefixed(SHOPPER, entropy, ID_BYTES)


def decision_id(entropy: bytes) -> str:
    """`de_…`, the id of a decision record; it never reaches a browser."""
    return _prefixed(DECISION, entropy, ID_BYTES)


def redemption_id(entropy: bytes) -> str:
    """`rd_…`, the id of a redemption, known to the checkout."""
    return _prefixed(REDEMPTION, entropy, ID_BYTES)


def resume_secret(entropy: bytes) -> str:
    """`rs_…`, what a browser shows to resume its session; only its digest is stored."""
    return _prefixed(RESUME, entropy, SECRET_BYTES)


def is_id(text: str, prefix: str) -> bool:
    """Whether `text` is a well-formed id of that kind, in its only spelling."""
    return _PATTERNS[prefix].fullmatch(text) is not None


def resume_digest(secret: str) -> bytes:
    """What is stored of a resume secret: a leaked database resumes no session."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def resumes(secret: str, digest: bytes) -> bool:
    """Whether `secret` is the one behind `digest`, in a time that does not tell how close it came."""
    return is_id(secret, RESUME) and hmac.compare_digest(resume_digest(secret), digest)


def _prefixed(prefix: str, entropy: bytes, size: int) -> str:
    if len(entropy) != size:
        message = f"an id with the prefix {prefix} takes {size} random bytes, not {len(entropy)}"
        raise ValueError(message)
    return prefix + base64url(entropy)
