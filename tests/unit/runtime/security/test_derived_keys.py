"""Each use of the identity secret has a key of its own, which never changes."""

import hashlib
import hmac

from tactful.runtime.security.derived_keys import KeyUse, derived_key


def rfc5869(secret: bytes, info: bytes) -> str:
    """HKDF with SHA-256, no salt and one block of output, as the RFC writes it."""
    pseudorandom = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    return hmac.new(pseudorandom, info + b"\x01", hashlib.sha256).hexdigest()


def test_a_derived_key_is_hkdf_with_the_label_of_its_use() -> None:
    uses: tuple[KeyUse, ...] = ("identity-hmac", "links")
    for use in uses:
        assert derived_key("a secret", use) == rfc5869(b"a secret", f"tactful {use} v1".encode())


def test_keys_of_different_uses_or_secrets_differ() -> None:
    assert derived_key("a", "links") != derived_key("a", "identity-hmac")
    assert derived_key("a", "links") != derived_key("b", "links")
