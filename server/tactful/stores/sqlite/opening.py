"""Opening of a ledger file, with checks of its identity, integrity and durability settings.

No file is changed before it is known to be a ledger. The checks run in this order: identity and
version, write-ahead log, settings, migrations, a bounded look at every table.
"""

import sqlite3
from pathlib import Path
from typing import Final

from tactful.runtime.ports.ledger import LedgerError, LedgerFullError
from tactful.stores.relational.tables import change_rows
from tactful.stores.sqlite.error_translation import NOT_UTF8, is_disk_full
from tactful.stores.sqlite.migrations import (
    APPLICATION_ID,
    SchemaVersion,
    migrate,
    newest_schema,
    schema_version,
)
from tactful.stores.sqlite.sqlite_connection import SqliteConnection
from tactful.stores.sqlite.wal_check import has_lost_transactions, read_salts, wal_path

BUSY_MS: Final = 5_000
"""Milliseconds for which SQLite waits for a lock of another process."""
WAL_SIZE_LIMIT: Final = 64 * 1024 * 1024
"""Bytes to which the write-ahead log is cut back after a checkpoint."""
WAL_CHECK_ATTEMPTS: Final = 10
"""How often a log is examined that another process still writes to."""

MOVED_SUFFIX: Final = ".moved"
"""What follows the name of a ledger that was moved into a database."""

_SETTINGS: Final = (
    # (pragma, value to set, value that must be read back)
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("secure_delete", "ON", 1),
    ("foreign_keys", "ON", 1),
    ("temp_store", "MEMORY", 2),
    ("wal_autocheckpoint", "0", 0),  # the writer does it, between commits: see writer.checkpoints
    ("cache_size", "-32768", -32768),  # KiB
    ("journal_size_limit", str(WAL_SIZE_LIMIT), WAL_SIZE_LIMIT),
)


def connect(path: Path) -> SqliteConnection:
    """Return a connection in autocommit mode, which one thread at a time may use.

    Raises:
        sqlite3.Error: The file cannot be opened.
    """
    connection = sqlite3.connect(
        path,
        timeout=BUSY_MS / 1000,
        isolation_level=None,
        check_same_thread=False,
        factory=SqliteConnection,
    )
    connection.row_factory = None
    return connection


def open_writer(path: Path) -> SqliteConnection:
    """Check and migrate a ledger, or make a new one, and return the connection that writes to it.

    Raises:
        LedgerError: The file is foreign, damaged, locked, of a newer version, or cannot be written. The
            message says which, and what to do.
        LedgerFullError: The disk is full.
    """
    connection: SqliteConnection | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # Only the server may read customers' data. SQLite gives the log the same rights.
            path.touch(mode=0o600)
        connection = connect(path)
        _check_identity(connection, path)
        _check_wal(connection, path)
        for pragma, value, expected in _SETTINGS:
            _set(connection, pragma, value, expected)
        migrate(connection)
        _check_tables(connection, path)
        change_rows.recent_heads(connection)
    except (sqlite3.Error, OSError) as error:
        _close_if_open(connection)
        if is_disk_full(error):
            raise LedgerFullError(_FULL.format(path=path)) from error
        raise LedgerError(_error_text(error, path), retry=False) from error
    except UnicodeDecodeError as error:
        # SQLite quotes the damaged part of a schema in its message, which Python then cannot decode.
        _close_if_open(connection)
        raise LedgerError(f"{path} is damaged: {_REMEDY}", retry=False) from error
    except BaseException:
        _close_if_open(connection)
        raise
    return connection


def _salts(path: Path) -> tuple[int, int] | None:
    try:
        return read_salts(wal_path(path))
    except ValueError as error:
        raise LedgerError(f"{wal_path(path)}: {error}: {_REMEDY}", retry=False) from error


def _check_wal(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a log whose middle is damaged, because it held acknowledged transactions.

    A server that is being replaced may still write to the log or move it into the file. A log that
    changes between two looks is therefore examined again, and so is one that SQLite could not look at.
    Damage is reported only in a log that no longer changes.
    """
    for _ in range(WAL_CHECK_ATTEMPTS):
        salts = _salts(path)
        if salts is None:
            return
        valid = _valid_frames(connection)
        # Other salts, or no answer: another process restarted or moved the log meanwhile.
        if valid is None or _salts(path) != salts:
            continue
        if not has_lost_transactions(wal_path(path), salts, valid):
            return
        if (_valid_frames(connection), _salts(path)) == (valid, salts):
            message = f"{wal_path(path)}: whole transactions follow a bad one: {_REMEDY}"
            raise LedgerError(message, retry=False)


def _valid_frames(connection: sqlite3.Connection) -> int | None:
    """Return how many frames SQLite accepts; None: it could not look, as another process moves them."""
    busy, valid, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return None if busy else max(int(valid), 0)


def _close_if_open(connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        connection.close()


def _check_identity(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a foreign database, or one of a newer version, before anything is changed in it."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION_ID and (tables or application or version):
        message = (
            f"{path} is a database, but not a Tactful ledger; name another file or folder,"
            " nothing was changed in it"
        )
        raise LedgerError(message, retry=False)
    refuse_unknown_schema(path, schema_version(connection))


def refuse_unknown_schema(path: Path, schema: SchemaVersion) -> None:
    """Refuse a ledger that a newer version has changed beyond what this program can work with.

    Raises:
        LedgerError: The message names both schemas, and what to do.
    """
    if not schema.is_known:
        raise LedgerError(
            f"{path} has schema {schema.number}, and only programs that know schema"
            f" {schema.compatible_since} can work with it; this program knows schemas up to"
            f" {newest_schema()}. Start the newer version that wrote it, or restore an older backup.",
            retry=False,
        )


def _set(connection: sqlite3.Connection, pragma: str, value: str, expected: object) -> None:
    connection.execute(f"PRAGMA {pragma}={value}").fetchall()
    (actual,) = connection.execute(f"PRAGMA {pragma}").fetchone()
    if actual != expected:
        message = (
            f"PRAGMA {pragma} is {actual} and not {value}: this SQLite cannot write durably;"
            " use another build of SQLite or another file system"
        )
        raise LedgerError(message, retry=False)


def _check_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Read the first rows of every table and the newest rows of the large ones.

    This finds a damaged root page or a truncated file in bounded time, whatever the size.
    `tactful backup` checks every page of the copy that it makes.
    """
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    for (table,) in tables:
        connection.execute(f'SELECT * FROM "{table}" LIMIT 16').fetchall()  # noqa: S608
    for table in ("facts", "steps", "entries"):
        connection.execute(f"SELECT * FROM {table} ORDER BY id DESC LIMIT 16").fetchall()  # noqa: S608
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    actual = path.stat().st_size
    # Before a checkpoint the file may be shorter than the database: the rest is in the log.
    if actual > pages * size and actual % size:
        message = f"{path} ends inside a page: {_REMEDY}"
        raise LedgerError(message, retry=False)


_FULL: Final = "{path}: the disk is full. Free some space; a server that starts waits for it."
_REMEDY: Final = (
    "it is damaged. Restore a backup with `tactful restore`,"
    " and keep the damaged file for examination"
)


def _error_text(error: Exception, path: Path) -> str:
    if isinstance(error, OSError):
        return f"{path}: {error.strerror}; give the server a folder that it may write to"
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return f"{path} is not an SQLite database; name another file, or restore a backup over it"
    damage = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_ERROR}
    if code in damage or str(error).startswith(NOT_UTF8):
        return f"{path} cannot be read ({error}): {_REMEDY}"
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return f"{path} cannot be written ({error}); give the server a folder that it may write to"
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return f"{path} is locked by another process ({error}); one server writes to one ledger"
    return f"{path}: {error}"
