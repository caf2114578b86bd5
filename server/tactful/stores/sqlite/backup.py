"""How is a ledger copied while it is in use, and how does a copy become the ledger again?

A copy is older than the ledger: people who were erased since are erased from it before it serves.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.shared import erasures
from tactful.stores.shared.erasures import erasure_digest, ledger_secret
from tactful.stores.sqlite import customer_data as sqlite_people
from tactful.stores.sqlite.migrations import APPLICATION_ID, newest_schema
from tactful.stores.sqlite.opening import connect, open_writer
from tactful.stores.sqlite.reconcile import reconcile

PAGES_A_STEP: Final = 2_000
Progress = Callable[[int, int], None]
"""Told (pages done, pages in all)."""


def _no_progress(done: int, whole: int) -> None:
    """Tells nobody."""


def backup(ledger: Path, target: Path, progress: Progress = _no_progress) -> None:
    """Copy the ledger as it is at this instant into a new, checked file; it may be in use meanwhile."""
    if target.exists():
        raise LedgerError(f"{target} exists; a backup never overwrites one", retry=False)
    if not ledger.exists():
        raise LedgerError(f"{ledger} does not exist; there is nothing to back up", retry=False)
    draft = target.with_name(target.name + ".part")
    draft.unlink(missing_ok=True)
    with _translated_errors(ledger), closing(connect(ledger)) as source:
        # Within one read transaction the copy neither restarts nor mixes instants when others write.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM meta").fetchone()
        with closing(connect(draft)) as copy:
            source.backup(
                copy,
                pages=PAGES_A_STEP,
                progress=lambda _, left, whole: progress(whole - left, whole),
            )
            copy.execute("PRAGMA journal_mode=DELETE").fetchall()
    check_copy(draft)
    _fsync(draft)
    draft.rename(target)
    _fsync(target.parent)


def restore(copy: Path, ledger: Path, progress: Progress = _no_progress) -> int:
    """Make a backup the ledger, and forget again whom the list of erasures names; how many those were.

    Refused while a server writes to the ledger. What was there before is kept beside it.
    """
    check_copy(copy)
    draft = ledger.with_name(ledger.name + ".restoring")
    ledger.parent.mkdir(parents=True, exist_ok=True)
    draft.unlink(missing_ok=True)
    with (
        _translated_errors(copy),
        closing(connect(copy)) as source,
        closing(connect(draft)) as made,
    ):
        source.backup(
            made,
            pages=PAGES_A_STEP,
            progress=lambda _, left, whole: progress(whole - left, whole),
        )
    again = _erase_again(draft, erasures.read_erasures(ledger))
    with _translated_errors(ledger), _write_lock(ledger):
        for suffix in ("", "-wal"):
            kept = ledger.with_name(ledger.name + suffix)
            if kept.exists():
                kept.rename(ledger.with_name(f"{ledger.name}.before-restore{suffix}"))
        ledger.with_name(ledger.name + "-shm").unlink(missing_ok=True)
        draft.rename(ledger)
    _fsync(ledger.parent)
    return again


def check_copy(copy: Path) -> None:
    """Check every page, index and sum of a copy; `LedgerError` says what is wrong."""
    if not copy.exists():
        raise LedgerError(f"{copy} does not exist", retry=False)
    with _translated_errors(copy), closing(connect(copy)) as made:
        (application,) = made.execute("PRAGMA application_id").fetchone()
        (version,) = made.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION_ID:
            raise LedgerError(f"{copy} is not a copy of a Tactful ledger", retry=False)
        if version > newest_schema():
            message = f"{copy} has schema {version}, this program knows up to {newest_schema()}: update it"
            raise LedgerError(message, retry=False)
        found = [row[0] for row in made.execute("PRAGMA integrity_check(10)")]
        if found != ["ok"]:
            raise LedgerError(f"{copy} is damaged: {'; '.join(found)}", retry=False)
        if wrong := reconcile(made):
            raise LedgerError(f"{copy} does not add up: {'; '.join(wrong)}", retry=False)


def _erase_again(draft: Path, erased: dict[str, str]) -> int:
    """Forget everybody in a copy whose digest is listed, and leave no byte of them."""
    connection = open_writer(draft)
    with closing(connection):
        secret = ledger_secret(connection)
        again = 0
        for (customer,) in connection.execute(_CUSTOMERS).fetchall() if erased else ():
            alias = erased.get(erasure_digest(secret, "customer", customer))
            if alias:
                connection.execute("BEGIN IMMEDIATE")
                sqlite_people.erase(connection, customer, alias)
                connection.execute("COMMIT")
                again += 1
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return again


_CUSTOMERS: Final = """
  SELECT id FROM subjects WHERE kind = 'customer'
  UNION SELECT shopper FROM contacts
  UNION SELECT customer FROM sessions WHERE customer IS NOT NULL
  UNION SELECT customer FROM entries WHERE customer IS NOT NULL
  UNION SELECT customer FROM offers WHERE customer IS NOT NULL"""


@contextmanager
def _write_lock(ledger: Path) -> Iterator[None]:
    """Hold the write lock of the ledger that is to be replaced, so that no server writes to it."""
    if not ledger.exists():
        yield
        return
    with closing(connect(ledger)) as held:
        held.execute("PRAGMA busy_timeout=1000")
        try:
            held.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
            held.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                yield  # it is damaged, which may be why it is being replaced
                return
            message = f"{ledger} is in use; stop the server, then restore"
            raise LedgerError(message, retry=False) from error
        except sqlite3.DatabaseError:
            yield
            return
        yield


@contextmanager
def _translated_errors(path: Path) -> Iterator[None]:
    """Errors of SQLite in words that name the file."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise LedgerError(f"{path} cannot be used: {error}", retry=False) from error


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
