"""Compaction of a ledger that no server uses, into a file without free pages.

Pruned and erased rows leave free pages, which later rows fill, so that a ledger does not shrink by
itself. A compacted copy is written beside the ledger, checked, and renamed over it.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.sqlite.backup import check_copy
from tactful.stores.sqlite.opening import connect, open_writer


class Compaction(Struct, frozen=True):
    """What a compaction did."""

    before_bytes: int
    """Size of the ledger before, without its write-ahead log."""
    after_bytes: int
    """Size of the ledger afterwards."""


def room_needed(ledger: Path) -> int:
    """Return the bytes that a compaction needs on the ledger's disk: those of all pages in use.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    try:
        with closing(connect(ledger)) as made:
            (pages,) = made.execute("PRAGMA page_count").fetchone()
            (free,) = made.execute("PRAGMA freelist_count").fetchone()
            (size,) = made.execute("PRAGMA page_size").fetchone()
    except sqlite3.Error as error:
        raise LedgerError(f"{ledger} cannot be read: {error}", retry=False) from error
    return int(pages - free) * int(size)


def compact(ledger: Path, draft: Path) -> Compaction:
    """Replace a ledger by a copy of itself without free pages.

    A crash leaves the ledger as it was, or compacted. The caller holds the lock of the data folder.

    Args:
        ledger: The ledger, which is migrated first if its schema is older.
        draft: Where the copy is written, on the file system of the ledger; it must not exist.

    Raises:
        LedgerError: Another process uses the ledger, the disk is full, or the copy is not sound. The
            ledger is unchanged.
    """
    open_writer(ledger).close()
    with closing(connect(ledger)) as made:
        try:
            # No other process may have the file open, not even to read: closing a replaced file would
            # delete the log of the new one. In this mode the lock outlives the transaction.
            made.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
            made.execute("PRAGMA busy_timeout=1000")
            made.execute("BEGIN EXCLUSIVE")
            made.execute("COMMIT")
            made.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            before = ledger.stat().st_size
            draft.touch(mode=0o600)
            made.execute("VACUUM INTO ?", (str(draft),))
            check_copy(draft)
            _fsync(draft)
            # The log is empty, so nothing of it can be read into the new file.
            draft.rename(ledger)
            for suffix in ("-wal", "-shm"):
                ledger.with_name(ledger.name + suffix).unlink(missing_ok=True)
            _fsync(ledger.parent)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise _in_use(ledger) from error
            raise LedgerError(f"{ledger} cannot be compacted: {error}", retry=False) from error
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(f"{ledger} cannot be compacted: {error}", retry=False) from error
    return Compaction(before, ledger.stat().st_size)


def _in_use(ledger: Path) -> LedgerError:
    return LedgerError(
        f"{ledger} is read by another process. Stop that process, then compact.", retry=False
    )


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
