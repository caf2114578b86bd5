"""The meaning of SQLite errors: which ledger error to raise, with which advice."""

import errno
import sqlite3
from typing import Final

from tactful.runtime.ports.ledger import LedgerBrokenError, LedgerError, LedgerFullError

_BROKEN: Final = frozenset({
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
})  # fmt: skip
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
NOT_UTF8: Final = "Could not decode to UTF-8"
"""How Python reports a stored text that is not UTF-8. Such an error has no SQLite code."""
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
# The shared-memory index could not grow because the disk is full. Nothing was written yet.
_NO_ROOM: Final = frozenset({sqlite3.SQLITE_IOERR_SHMSIZE})


def is_disk_full(error: sqlite3.Error | OSError) -> bool:
    """Return whether an error says that the disk is full, or a quota is used."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    extended = getattr(error, "sqlite_errorcode", 0)
    return extended & 0xFF == sqlite3.SQLITE_FULL or extended in _NO_ROOM


def translate_error(error: sqlite3.Error, path: str) -> LedgerError:
    """Return the error to raise instead, which says what happened, where, and what to do.

    Args:
        error: What SQLite raised.
        path: The file, for the message.

    Returns:
        `LedgerFullError` where the disk is full, `LedgerBrokenError` where the file can no longer be
        trusted, else `LedgerError`: with `retry` for a lock, without for a mistake in a statement.
    """
    extended = getattr(error, "sqlite_errorcode", 0)
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    code = extended & 0xFF
    if is_disk_full(error):
        return LedgerFullError(
            f"{path}: the disk is full ({name}); free some space, the server recovers by itself"
        )
    if code in _DAMAGED or str(error).startswith(NOT_UTF8):
        return LedgerBrokenError(
            f"{path} cannot be read: {error} ({name}): it is damaged. Nothing is promised or redeemed"
            " any more: restore a backup with `tactful restore`, and keep the damaged file"
        )
    if code in _BROKEN:
        return LedgerBrokenError(
            f"{path}: {error} ({name}); nothing is promised or redeemed until a restart:"
            " check the disk, then restart the server"
        )
    if code in _BUSY:
        return LedgerError(f"{path}: locked by another process for 5 s ({name}); try again")
    return LedgerError(f"{path}: {error} ({name})", retry=False)
