"""How is somebody erased recognised again without keeping who it was?"""

import hmac
import sqlite3
from typing import Final

ERASED: Final = "~"
"""Begins every id that stands for one that was erased; the shop's own ids may do so too."""


def digest_of(secret: bytes, kind: str, ident: str) -> str:
    """`~` and a keyed digest: the same for the same id, and no way back without the ledger's secret."""
    return ERASED + hmac.digest(secret, f"{kind}:{ident}".encode(), "sha256").hex()[:40]


def secret_of(connection: sqlite3.Connection) -> bytes:
    """The key of a ledger's digests, made with it."""
    (secret,) = connection.execute("SELECT value FROM meta WHERE key = 'secret'").fetchone()
    return bytes(secret)
