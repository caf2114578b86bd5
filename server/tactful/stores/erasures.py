"""Whom must a restored backup forget again?

A list of keyed digests beside the ledger, one JSON object a line: a backup is older than its list.
"""

import os
from contextlib import suppress
from pathlib import Path

import msgspec


def file_of(ledger: Path) -> Path:
    """Where the list of a ledger lies."""
    return ledger.with_name(ledger.name + ".erasures")


def remember(ledger: Path, digest: str, alias: str) -> None:
    """Add a digest durably, before anything is erased."""
    # It begins on a line of its own, even after a crash in the middle of the one before.
    line = b"\n" + msgspec.json.encode({"digest": digest, "alias": alias}) + b"\n"
    handle = os.open(file_of(ledger), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line)
        os.fsync(handle)
    finally:
        os.close(handle)


def remembered(ledger: Path) -> dict[str, str]:
    """Digest → alias; a line that was cut off by a crash names nobody and is skipped."""
    path = file_of(ledger)
    found: dict[str, str] = {}
    for line in path.read_bytes().split(b"\n")[:-1] if path.exists() else ():
        with suppress(msgspec.DecodeError):
            entry = msgspec.json.decode(line, type=dict[str, str])
            found[entry["digest"]] = entry["alias"]
    return found
