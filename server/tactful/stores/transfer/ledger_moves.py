"""Moves of a ledger between a SQLite file and a PostgreSQL database, verified by digests.

A move reads the source in one transaction, and writes the target in one transaction or into a file that
is renamed at the end. So a move that fails has moved nothing.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

import psycopg

from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.postgres.database_opening import MOVED_MARK, prepare
from tactful.stores.postgres.error_meanings import translate_error
from tactful.stores.postgres.raw_connection import RawConnection, connect
from tactful.stores.postgres.target import Target
from tactful.stores.sqlite.opening import MOVED_SUFFIX, open_writer
from tactful.stores.sqlite.opening import connect as connect_sqlite
from tactful.stores.transfer.moved_tables import (
    MovedTable,
    TableDigest,
    compare,
    tables_of,
)

ROWS_AT_ONCE: Final = 2_000
"""Rows that are held in memory at a time."""
LONGEST_S: Final = 3600
"""Seconds for which one answer of the database is waited for."""
Progress = Callable[[str, int], None]
"""Called with (table, rows) for each table that was moved."""
_COLUMNS: Final = """
  SELECT table_name, column_name, data_type FROM information_schema.columns
  WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position"""
_LOCK_WRITER: Final = """
  SELECT lease_until > (extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM writer FOR UPDATE"""
_MARK: Final = """
  INSERT INTO meta (key, value) VALUES (%s, %s)
  ON CONFLICT (key) DO UPDATE SET value = excluded.value"""


def move_to_postgres(source: Path, target: Target, progress: Progress) -> None:
    """Move the ledger of a data folder into an empty database.

    The file keeps its rows under another name, and no server opens it any more.

    Args:
        source: The ledger; no process uses it.
        target: The database.
        progress: Called for each table.

    Raises:
        LedgerError: The database holds a ledger, is used by a server, or a table differs afterwards.
    """
    open_writer(source).close()  # migrates it, and moves its log into the file
    prepare(target)
    with (
        _translated_errors(source, target),
        closing(connect_sqlite(source)) as reading,
        _locked(target) as writing,
    ):
        reading.execute("BEGIN")
        for table in _tables(writing):
            if table.name == "meta":
                writing.execute("DELETE FROM meta WHERE key = 'secret'")
            elif writing.execute(f"SELECT 1 FROM {table.name} LIMIT 1").fetchone():  # noqa: S608
                message = f"{target.place} holds a ledger already; name an empty database"
                raise LedgerError(message, retry=False)
            read, written = TableDigest(), TableDigest()
            _write_postgres(writing, table, read.reading(reading.execute(table.query)))
            for _ in written.reading(_read_postgres(writing, table)):
                pass
            compare(table.name, read, written)
            progress(table.name, read.count)
    for suffix in ("-wal", "-shm"):
        source.with_name(source.name + suffix).unlink(missing_ok=True)
    source.rename(source.with_name(source.name + MOVED_SUFFIX))


def move_to_sqlite(source: Target, target: Path, progress: Progress) -> None:
    """Move the ledger of a database into a data folder.

    The database keeps its rows, and no server opens it any more.

    Args:
        source: The database.
        target: The ledger, which does not exist yet.
        progress: Called for each table.

    Raises:
        LedgerError: A server uses the database, or a table differs afterwards.
    """
    prepare(source)
    draft = target.with_name(f"{target.name}.part")
    draft.unlink(missing_ok=True)
    with _translated_errors(draft, source), _locked(source) as reading:
        copy_to_sqlite(reading, draft, progress)
        reading.execute(_MARK, (MOVED_MARK, str(target.resolve()).encode()))
    draft.rename(target)


def snapshot_to_sqlite(source: Target, target: Path) -> None:
    """Copy the ledger of a database as it is at this instant into a new file, beside its server.

    Raises:
        LedgerError: The database cannot be read.
    """
    with _translated_errors(target, source), closing(connect(source)) as reading:
        reading.deadline_s = LONGEST_S
        reading.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        copy_to_sqlite(reading, target, lambda *_: None)
        reading.execute("COMMIT")


def copy_to_sqlite(reading: RawConnection, target: Path, progress: Progress) -> None:
    """Copy all rows of a database into a new file, and compare them.

    Args:
        reading: In a transaction.
        target: The file, which does not exist yet.
        progress: Called for each table.

    Raises:
        LedgerError: A table differs afterwards.
    """
    with closing(open_writer(target)) as writing:
        writing.execute("BEGIN IMMEDIATE")
        writing.execute("DELETE FROM meta WHERE key = 'secret'")
        for table in _tables(reading):
            read, written = TableDigest(), TableDigest()
            _write_sqlite(writing, table, read.reading(_read_postgres(reading, table)))
            for _ in written.reading(writing.execute(table.query)):
                pass
            compare(table.name, read, written)
            progress(table.name, read.count)
        writing.execute("COMMIT")
        writing.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _tables(connection: RawConnection) -> list[MovedTable]:
    return tables_of(connection.execute(_COLUMNS).fetchall())


def _read_postgres(connection: RawConnection, table: MovedTable) -> Iterator[tuple[Any, ...]]:
    with connection.cursor(name="moved", binary=True) as cursor:
        cursor.itersize = ROWS_AT_ONCE
        cursor.execute(table.query)
        yield from cursor


def _write_postgres(
    connection: RawConnection, table: MovedTable, rows: Iterable[tuple[Any, ...]]
) -> None:
    flags = [place for place, (_, kind) in enumerate(table.columns) if kind == "boolean"]
    sql = f"COPY {table.name} ({table.names}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(sql) as copy:
        copy.set_types([kind for _, kind in table.columns])
        for row in rows:
            values = list(row)
            for place in flags:
                values[place] = bool(values[place])
            copy.write_row(values)
    if table.numbered:
        connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', '{table.numbered}'),"  # noqa: S608
            f" coalesce(max({table.numbered}), 1), max({table.numbered}) IS NOT NULL)"
            f" FROM {table.name}"
        )


def _write_sqlite(
    connection: sqlite3.Connection, table: MovedTable, rows: Iterator[tuple[Any, ...]]
) -> None:
    marks = ", ".join("?" for _ in table.columns)
    sql = f"INSERT INTO {table.name} ({table.names}) VALUES ({marks})"  # noqa: S608
    while part := list(islice(rows, ROWS_AT_ONCE)):
        connection.executemany(sql, part)


@contextmanager
def _locked(target: Target) -> Iterator[RawConnection]:
    """Yield a connection in a transaction during which no server writes to the database.

    Raises:
        LedgerError: A server uses it.
    """
    with closing(connect(target)) as made:
        made.deadline_s = LONGEST_S
        with made.transaction():
            (is_held,) = made.execute(_LOCK_WRITER).fetchone() or (False,)
            if is_held:
                message = f"{target.place} is in use; stop the server, then move"
                raise LedgerError(message, retry=False)
            yield made


@contextmanager
def _translated_errors(file: Path, target: Target) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise translate_error(error, target.place) from error
    except sqlite3.Error as error:
        raise LedgerError(f"{file} cannot be used: {error}", retry=False) from error
