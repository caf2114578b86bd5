"""Backup of a ledger while it is in use, and restore of a backup.

A backup is older than the ledger. Customers who were erased since are erased from the restored copy
before a server uses it. The list of erasures names them by digest.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from msgspec import structs

from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import RestoredGap
from tactful.stores.relational.customers.repeated_erasures import CUSTOMERS, erase_again
from tactful.stores.relational.reconcile import CODES_SINCE, reconcile
from tactful.stores.relational.tables import code_rows, restored_gap
from tactful.stores.shared import erasures
from tactful.stores.shared.erasures import Erasure, ledger_secret
from tactful.stores.sqlite.migrations import APPLICATION_ID, schema_version
from tactful.stores.sqlite.opening import connect, open_writer, refuse_unknown_schema

PAGES_A_STEP: Final = 500
"""Pages copied between two calls of `progress`, and written to the disk before the next ones.

A commit of a server waits for what the disk has to write before it: 2 MB, not the whole ledger.
"""
Progress = Callable[[int, int], None]
"""Called with (pages done, pages in all)."""


def _no_progress(done: int, whole: int) -> None:
    """Report nothing."""


def backup(
    ledger: Path,
    target: Path,
    progress: Progress = _no_progress,
    check: Callable[[Path], None] | None = None,
) -> None:
    """Copy a ledger as it is at this instant into a new file, and check the copy.

    A server may use the ledger meanwhile. The file appears under its name only when it is whole,
    checked and on disk.

    Args:
        ledger: The ledger.
        target: The backup; it must not exist.
        progress: Called with (pages done, pages in all).
        check: Called with the copy, and raises `LedgerError` if it is not sound; None: `check_copy`.

    Raises:
        LedgerError: There is no ledger, the target exists, or the copy is not sound.
    """
    if target.exists():
        raise LedgerError(
            f"{target} exists already, and a backup never overwrites a file; name another file",
            retry=False,
        )
    if not ledger.exists():
        raise LedgerError(f"{ledger} does not exist; there is nothing to back up", retry=False)
    draft = target.with_name(target.name + ".part")
    draft.unlink(missing_ok=True)
    with _translated_errors(ledger), closing(connect(ledger)) as source:
        draft.touch(mode=0o600)
        # A read transaction fixes one instant. Without it, SQLite would restart the copy at each write
        # of another process.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM meta").fetchone()

        def step(_: int, left: int, whole: int) -> None:
            _fsync(draft)
            progress(whole - left, whole)

        with closing(connect(draft)) as copy:
            source.backup(copy, pages=PAGES_A_STEP, progress=step)
            copy.execute("PRAGMA journal_mode=DELETE").fetchall()
    (check or check_copy)(draft)
    _fsync(draft)
    draft.rename(target)
    _fsync(target.parent)


def restore(
    copy: Path,
    ledger: Path,
    erased: Mapping[str, Erasure] | None = None,
    gap: RestoredGap | None = None,
) -> int:
    """Replace the ledger by a copy, after erasing from it every customer on the list of erasures.

    The copy is renamed, not copied again. The files that were there before are kept beside it, with
    `.before-restore` in their names.

    Args:
        copy: The copy, on the file system of `ledger`.
        ledger: Where the ledger is to be.
        erased: Digest → erasure of further erasures. They are added to the list of the ledger.
        gap: What the backup knows nothing of; the restored ledger says it to its server.

    Returns:
        The number of customers that were erased again.

    Raises:
        LedgerError: The copy is not sound, or a server uses the ledger.
    """
    check_copy(copy)
    with _translated_errors(copy):
        copy.chmod(0o600)
        # Added before the ledger is replaced: after a crash between the two, the list is complete.
        erasures.add_erasures(erasures.erasures_file(ledger), erased or {})
        again = _erase_again(copy, erasures.read_erasures(ledger))
        if gap:
            with closing(connect(copy)) as marked:
                restored_gap.write_gap(marked, gap)
                if schema_version(marked).number >= CODES_SINCE:
                    code_rows.spend_ungiven(marked)
                marked.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        _fsync(copy)
    aside = name_aside(ledger)
    with _translated_errors(ledger), _write_lock(ledger):
        for suffix in ("", "-wal"):
            kept = ledger.with_name(ledger.name + suffix)
            if kept.exists():
                kept.rename(aside.with_name(aside.name + suffix))
        ledger.with_name(ledger.name + "-shm").unlink(missing_ok=True)
        copy.rename(ledger)
    _fsync(ledger.parent)
    return again


def confirm_orders(ledger: Path) -> RestoredGap | None:
    """Store that the orders of the gap are reported again; a server may use the ledger meanwhile.

    Returns:
        The gap that is closed; None: none is open.

    Raises:
        LedgerError: The ledger cannot be read or written.
    """
    with _translated_errors(ledger), closing(connect(ledger)) as made:
        gap = restored_gap.read_gap(made)
        if gap is None or gap.is_confirmed:
            return None
        restored_gap.write_gap(made, structs.replace(gap, is_confirmed=True))
    return gap


def name_aside(path: Path) -> Path:
    """Return the free name under which a restore keeps what was there before.

    A second restore must not overwrite what the first one kept, which may be the only good ledger.
    """
    aside, number = path.with_name(f"{path.name}.before-restore"), 1
    while aside.exists() or aside.with_name(f"{aside.name}-wal").exists():
        number += 1
        aside = path.with_name(f"{path.name}.before-restore-{number}")
    return aside


def refuse_if_in_use(ledger: Path) -> None:
    """Check that no process writes to the ledger that is to be replaced, before anything is copied.

    Raises:
        LedgerError: A process uses it.
    """
    with _translated_errors(ledger), _write_lock(ledger):
        pass


def count_customers(copy: Path, erased: Mapping[str, Erasure]) -> int:
    """Return the number of customers with data in a copy, without those listed as erased.

    Args:
        copy: The copy.
        erased: Digest → erasure; a copy still names the aliases.

    Raises:
        LedgerError: It cannot be read.
    """
    with _translated_errors(copy), closing(connect(copy)) as made:
        found = {customer for (customer,) in made.execute(CUSTOMERS)}
    return len(found - {one.alias for one in erased.values()})


def have_same_secret(copy: Path, ledger: Path) -> bool | None:
    """Return whether two files are states of one ledger; None: one of them cannot be read.

    Each ledger has a secret of its own, so its list of erasures is useless for any other ledger.
    """
    try:
        with closing(connect(copy)) as one, closing(connect(ledger)) as other:
            return ledger_secret(one) == ledger_secret(other)
    except (sqlite3.Error, TypeError):
        return None


def check_copy(copy: Path) -> None:
    """Check the identity, the schema version, every page and every balance of a copy.

    Raises:
        LedgerError: It is not a sound copy of a ledger that this program knows.
    """
    if not copy.exists():
        raise LedgerError(f"{copy} does not exist", retry=False)
    with _translated_errors(copy), closing(connect(copy)) as made:
        (application,) = made.execute("PRAGMA application_id").fetchone()
        if application != APPLICATION_ID:
            raise LedgerError(f"{copy} is not a copy of a Tactful ledger", retry=False)
        refuse_unknown_schema(copy, schema_version(made))
        found = [row[0] for row in made.execute("PRAGMA integrity_check(10)")]
        if found != ["ok"]:
            raise LedgerError(
                f"{copy} is damaged: {'; '.join(found)}. Use another backup", retry=False
            )
        if wrong := reconcile(made, schema_version(made).number):
            raise LedgerError(
                f"{copy} does not add up: {'; '.join(wrong)}. Use another backup", retry=False
            )


def _erase_again(draft: Path, erased: dict[str, Erasure]) -> int:
    """Erase from a copy what was erased after it was made; return how many customers and contacts."""
    connection = open_writer(draft)
    with closing(connection):
        count = erase_again(connection, erased)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return count


@contextmanager
def _write_lock(ledger: Path) -> Iterator[None]:
    """Hold the write lock of the ledger that is to be replaced, so that no server writes to it.

    Raises:
        LedgerError: A server uses it.
    """
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
                # It is damaged, which may be the reason for the restore.
                yield
                return
            message = f"{ledger} is in use; stop the server, then restore"
            raise LedgerError(message, retry=False) from error
        except sqlite3.DatabaseError:
            yield
            return
        yield


@contextmanager
def _translated_errors(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the system into a `LedgerError` that names the file."""
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
