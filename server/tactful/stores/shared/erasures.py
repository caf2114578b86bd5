"""Whom must a restored backup forget again?

A list of keyed digests beside the ledger, one JSON object a line: a backup is older than its list.
"""

import hmac
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

ERASED_PREFIX: Final = "~"
"""Begins every id that stands for one that was erased; the shop's own ids may do so too."""


def erasure_digest(secret: bytes, kind: str, ident: str) -> str:
    """`~` and a keyed digest: the same for the same id, and no way back without the ledger's secret."""
    return ERASED_PREFIX + hmac.digest(secret, f"{kind}:{ident}".encode(), "sha256").hex()[:40]


def ledger_secret(connection: sqlite3.Connection) -> bytes:
    """The key of a ledger's digests, made with it."""
    (secret,) = connection.execute("SELECT value FROM meta WHERE key = 'secret'").fetchone()
    return bytes(secret)


def erasures_file(ledger: Path) -> Path:
    """Where the list of a ledger lies."""
    return ledger.with_name(ledger.name + ".erasures")


def append_erasure(ledger: Path, digest: str, alias: str) -> None:
    """Add a digest durably, before anything is erased."""
    # It begins on a line of its own, even after a crash in the middle of the one before.
    line = b"\n" + msgspec.json.encode({"digest": digest, "alias": alias}) + b"\n"
    handle = os.open(erasures_file(ledger), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line)
        os.fsync(handle)
    finally:
        os.close(handle)


def read_erasures(ledger: Path) -> dict[str, str]:
    """Digest → alias; a line that was cut off by a crash names nobody and is skipped."""
    path = erasures_file(ledger)
    found: dict[str, str] = {}
    for line in path.read_bytes().split(b"\n")[:-1] if path.exists() else ():
        with suppress(msgspec.DecodeError):
            entry = msgspec.json.decode(line, type=dict[str, str])
            found[entry["digest"]] = entry["alias"]
    return found
