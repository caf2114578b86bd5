"""The list of erased customers, which a restored backup is checked against.

The list lies beside the ledger, because a backup is older than the ledger's latest erasures. A
second place on another disk keeps the list when the data folder is lost; a backup contains it too.
Each line is one JSON object with a keyed digest instead of the customer's id, so the list names no
customer.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

ERASED_PREFIX: Final = "~"
"""First character of every digest that replaces an erased id. The shop's own ids may have it too."""


DIGEST_CHARS: Final = 40
"""Hexadecimal digits of a digest."""

_BLOCK: Final = 64
"""Bytes of a block of SHA-256."""

SELECT_DIGEST_KEY: Final = "SELECT value FROM meta WHERE key = 'secret'"
"""Selects the key of a ledger's digests."""


class _Readable(Protocol):
    """A connection to a ledger."""

    def execute(self, sql: str, /) -> Any:
        """Execute a statement."""


class Erasure(msgspec.Struct, frozen=True):
    """One erasure as a list has it."""

    alias: str
    """What replaces the id."""
    at: int
    """When it was erased, milliseconds since the Unix epoch, UTC; 0: release 0.1.0 did not say."""


def erasure_digest(secret: bytes, kind: str, ident: str) -> str:
    """Return `~` and a keyed digest of an id.

    Equal ids have equal digests. Without the ledger's secret a guess cannot be tested.

    Args:
        secret: The ledger's secret.
        kind: What the id names, for example `customer` or `order`.
        ident: The id.
    """
    return digests_of(secret, kind)(ident)


def digests_of(secret: bytes, kind: str) -> Callable[[str], str]:
    """Return `erasure_digest` for the ids of one kind; the arguments are those of `erasure_digest`."""
    key_and_kind, key = _hmac_states(secret, kind)
    copy_inner, copy_outer = key_and_kind.copy, key.copy

    def digest(ident: str) -> str:
        inner, outer = copy_inner(), copy_outer()
        inner.update(ident.encode())
        outer.update(inner.digest())
        return ERASED_PREFIX + outer.hexdigest()[:DIGEST_CHARS]

    return digest


@lru_cache(maxsize=16)
def _hmac_states(secret: bytes, kind: str) -> tuple["hashlib._Hash", "hashlib._Hash"]:
    """Return both hashes of HMAC-SHA-256 (RFC 2104) after the key, and the inner one after the kind.

    A report digests the customer of each order. Copies of these states take 43 % of the time that
    `hmac.digest` takes, which begins anew for each id.
    """
    key = (secret if len(secret) <= _BLOCK else hashlib.sha256(secret).digest()).ljust(
        _BLOCK, b"\0"
    )
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + f"{kind}:".encode())
    return inner, hashlib.sha256(bytes(byte ^ 0x5C for byte in key))


def is_digest(ident: str) -> bool:
    """Return whether an id has the form of a digest that replaced one."""
    return ident.startswith(ERASED_PREFIX) and len(ident) == 1 + DIGEST_CHARS


def ledger_secret(connection: _Readable) -> bytes:
    """Return the key of a ledger's digests, which was made with the ledger."""
    (secret,) = connection.execute(SELECT_DIGEST_KEY).fetchone()
    return bytes(secret)


def erasures_file(ledger: Path) -> Path:
    """Return the path of a ledger's list of erasures."""
    return ledger.with_name(ledger.name + ".erasures")


def append_erasure(ledger: Path, digest: str, erased: Erasure, copy: Path | None = None) -> None:
    """Add a digest to the list durably, in both of its places, before anything is erased.

    Args:
        ledger: The ledger, which the list lies beside.
        digest: Digest of the customer's id.
        erased: What replaces the id, and when it was erased.
        copy: The second place of the list.

    Raises:
        OSError: The list cannot be written.
    """
    for path in (erasures_file(ledger), copy):
        if path is not None:
            _append(path, {digest: erased})


def add_erasures(path: Path, erased: Mapping[str, Erasure]) -> None:
    """Add the entries that a list does not have yet, durably.

    Args:
        path: The list; it is created where it does not exist.
        erased: Digest → erasure. A later erasure of the same id is added too.

    Raises:
        OSError: The list cannot be read or written.
    """
    known = read_list(path)
    _append(
        path,
        {
            digest: one
            for digest, one in erased.items()
            if digest not in known or known[digest].at < one.at
        },
    )


def latest_erasures(*lists: Mapping[str, Erasure]) -> dict[str, Erasure]:
    """Return the latest erasure of each digest in several lists."""
    found: dict[str, Erasure] = {}
    for listed in lists:
        for digest, one in listed.items():
            if digest not in found or found[digest].at < one.at:
                found[digest] = one
    return found


def _append(path: Path, erased: Mapping[str, Erasure]) -> None:
    # The leading newline puts an entry on a line of its own, even where a crash cut the last one.
    lines = b"".join(
        b"\n" + msgspec.json.encode(_Entry(digest, one.alias, one.at)) + b"\n"
        for digest, one in erased.items()
    )
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(lines)
        file.flush()
        os.fsync(handle)


def read_erasures(ledger: Path) -> dict[str, Erasure]:
    """Return digest → erasure of the list beside a ledger; empty where there is no list.

    Raises:
        OSError: The list cannot be read.
    """
    return read_list(erasures_file(ledger))


def read_list(path: Path) -> dict[str, Erasure]:
    """Return digest → latest erasure. A line that a crash cut off is skipped: its erasure never began.

    Raises:
        OSError: The list cannot be read.
    """
    found: dict[str, Erasure] = {}
    for line in path.read_bytes().split(b"\n")[:-1] if path.exists() else ():
        with suppress(msgspec.DecodeError, RecursionError):
            entry = msgspec.json.decode(line, type=_Entry)
            found[entry.digest] = Erasure(entry.alias, entry.at)
    return found


class _Entry(msgspec.Struct, frozen=True):
    """One line of a list."""

    digest: str
    alias: str
    at: int = 0
