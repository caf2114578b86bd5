"""Passwords of operators, and the codes of their second factor."""

import asyncio
import hashlib
import hmac
import os
import secrets
from base64 import b32encode
from typing import Final
from urllib.parse import quote

from msgspec import Struct

from tactful.core.values.phrases import phrase

LEAST_CHARACTERS: Final = 12
"""Characters that a password needs. There are no other rules: length is what counts."""
MOST_CHARACTERS: Final = 256
_COST: Final = {"n": 2**14, "r": 8, "p": 5, "dklen": 32}
"""Parameters of scrypt (RFC 7914): 16 MiB, and some 0.2 s of one core, for each attempt."""
_STEP: Final = 30
"""Seconds for which a code of the second factor is shown (RFC 6238)."""
_DIGITS: Final = 6
RECOVERY_CODES: Final = 10
"""Recovery codes of an account."""
SECRET_BYTES: Final = 20
"""Bytes of the secret of a second factor, as RFC 4226 recommends."""


class PasswordDigest(Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept of a password."""

    salt: bytes
    digest: bytes


class PasswordHasher:
    """Computes digests beside the event loop, two at a time, so that attempts cannot use up memory."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(2)
        self._nobody = PasswordDigest(os.urandom(16), os.urandom(32))

    async def digest(self, password: str) -> PasswordDigest:
        """Return what is to be kept of a new password."""
        salt = os.urandom(16)
        return PasswordDigest(salt, await self._scrypt(password, salt))

    async def matches(self, password: str, kept: PasswordDigest | None) -> bool:
        """Return whether a password is the right one.

        Without a kept digest the answer is no and takes as long, so that nobody learns which accounts
        there are.
        """
        known = kept or self._nobody
        found = await self._scrypt(password[:MOST_CHARACTERS], known.salt)
        return hmac.compare_digest(found, known.digest) and kept is not None

    async def _scrypt(self, password: str, salt: bytes) -> bytes:
        raw = password.encode("utf-8", "surrogatepass")
        async with self._places:
            return await asyncio.to_thread(hashlib.scrypt, raw, salt=salt, **_COST)


def password_problem(password: str, name: str) -> str | None:
    """Return what is wrong with a new password, in a sentence; `None`: it can be used."""
    if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        return phrase(
            "A password has {least} to {most} characters. Choose another one.",
            least=LEAST_CHARACTERS,
            most=MOST_CHARACTERS,
        )
    if name.casefold() in password.casefold() or len(set(password)) < 5:
        return "This password is easy to guess. Choose one without your name and with other characters."
    return None


def new_secret() -> bytes:
    """Return a new secret of a second factor."""
    return secrets.token_bytes(SECRET_BYTES)


def new_recovery_codes() -> list[str]:
    """Return new recovery codes of 80 random bits, such as `k3fq-z7mw-2hxa-pd5c`."""
    texts = [b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    return ["-".join(text[at : at + 4] for at in range(0, 16, 4)) for text in texts]


def secret_text(secret: bytes) -> str:
    """Return the secret as an authenticator reads it, in base 32."""
    return b32encode(secret).decode()


def enrolment_uri(secret: bytes, name: str, shop: str) -> str:
    """Return the `otpauth` URI of a secret, which authenticators open."""
    label = quote(f"{shop}:{name}", safe=":")
    return f"otpauth://totp/{label}?secret={secret_text(secret)}&issuer={quote(shop, safe='')}"


def code_at(secret: bytes, step: int) -> str:
    """Return the code of a secret for a step of 30 seconds (RFC 4226, section 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}}"


def step_of_code(secret: bytes, code: str, now: int) -> int | None:
    """Return the step for which a code is right, one before or after an instant too; `None`: it is wrong.

    Args:
        secret: The secret of the second factor.
        code: What was typed; spaces are ignored.
        now: Milliseconds since the Unix epoch, UTC.
    """
    typed = "".join(code.split()).encode("utf-8", "surrogatepass")
    present = now // 1000 // _STEP
    found = None
    for step in (present - 1, present, present + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), typed):
            found = step
    return found
