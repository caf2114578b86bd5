"""The list of erased customers, which a restored backup is checked against.

The list lies beside the ledger, because a backup is older than the ledger's latest erasures. It holds
one JSON object a line, with a keyed digest instead of the customer's id: it names no customer.
"""

import hmac
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

ERASED_PREFIX: Final = "~"
"""First character of every digest that replaces an erased id. The shop's own ids may have it too."""


def erasure_digest(secret: bytes, kind: str, ident: str) -> str:
    """Return `~` and a keyed digest of an id.

    Equal ids have equal digests. Without the ledger's secret a guess cannot be tested.

    Args:
        secret: The ledger's secret.
        kind: What the id names, for example `customer` or `order`.
        ident: The id.
    """
    return ERASED_PREFIX + hmac.digest(secret, f"{kind}:{ident}".encode(), "sha256").hex()[:40]


def ledger_secret(connection: sqlite3.Connection) -> bytes:
    """Return the key of a ledger's digests, which was made with the ledger."""
    (secret,) = connection.execute("SELECT value FROM meta WHERE key = 'secret'").fetchone()
    return bytes(secret)


def erasures_file(ledger: Path) -> Path:
    """Return the path of a ledger's list of erasures."""
    return ledger.with_name(ledger.name + ".erasures")


def append_erasure(ledger: Path, digest: str, alias: str) -> None:
    """Add a digest to the list durably. Done before anything is erased.

    Raises:
        OSError: The list cannot be written.
    """
    # The leading newline puts the entry on a line of its own, even where a crash cut the last one.
    line = b"\n" + msgspec.json.encode({"digest": digest, "alias": alias}) + b"\n"
    handle = os.open(erasures_file(ledger), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line)
        os.fsync(handle)
    finally:
        os.close(handle)


def read_erasures(ledger: Path) -> dict[str, str]:
    """Return digest → alias. A line that a crash cut off is skipped: its erasure never began.

    Raises:
        OSError: The list cannot be read.
    """
    path = erasures_file(ledger)
    found: dict[str, str] = {}
    for line in path.read_bytes().split(b"\n")[:-1] if path.exists() else ():
        with suppress(msgspec.DecodeError):
            entry = msgspec.json.decode(line, type=dict[str, str])
            found[entry["digest"]] = entry["alias"]
    return found
