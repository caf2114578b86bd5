"""One key for each use of the shop's identity secret.

The secret itself signs identity tokens only. A key that a page template or a newsletter program holds
is derived from it, so that what it signs is worth nothing elsewhere.
"""

from typing import Final, Literal

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KeyUse = Literal["identity-hmac", "links"]
"""What a derived key signs: customer ids in page templates, or links."""
_LABELS: Final[dict[KeyUse, bytes]] = {
    "identity-hmac": b"tactful identity-hmac v1",
    "links": b"tactful links v1",
}
_KEY_BYTES: Final = 32


def derived_key(secret: str, use: KeyUse) -> str:
    """Return the key of one use, as 64 hexadecimal digits (HKDF with SHA-256, RFC 5869).

    The text is the key: template languages and JWT libraries take keys as text.

    Args:
        secret: The shop's identity secret.
        use: What the key signs.
    """
    function = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_LABELS[use])
    return function.derive(secret.encode()).hex()
