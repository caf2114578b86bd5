"""The ledger port on one SQLite file."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import aiosqlite

from tactful.runtime.ports.ledger import LedgerError, StorageUse
from tactful.stores.relational.customers.customer_export import ReadRows
from tactful.stores.relational.customers.erasure_list import align_erasures, list_erasure
from tactful.stores.relational.ledger import RelationalLedger
from tactful.stores.relational.ledger_connection import ReadConnection
from tactful.stores.shared.erasures import Erasure
from tactful.stores.shared.failpoints import FailpointHook, no_failpoint
from tactful.stores.shared.storage_use import storage_use
from tactful.stores.sqlite.error_translation import translate_error
from tactful.stores.sqlite.opening import BUSY_MS, MOVED_SUFFIX, open_writer
from tactful.stores.sqlite.snapshots import read_snapshot
from tactful.stores.sqlite.sqlite_connection import StablePlanConnection
from tactful.stores.sqlite.writer.checkpoints import move_log
from tactful.stores.sqlite.writer.sqlite_engine import SqliteEngine

T = TypeVar("T")

TRUNCATE_ATTEMPTS: Final = 100
"""Attempts to empty the write-ahead log after an erasure."""
TRUNCATE_RETRY_S: Final = 0.1
"""Seconds between two attempts, because a reader of the log prevents it."""


class SqliteLedger(RelationalLedger):
    """The ledger on one SQLite file; see `runtime.ports.ledger` for what each method promises."""

    def __init__(
        self,
        path: Path,
        *,
        erasures_copy: Path | None = None,
        is_shared: bool = True,
        failpoint: FailpointHook = no_failpoint,
    ) -> None:
        """Name the file; nothing is opened yet.

        Args:
            path: The file, which `open` makes if it does not exist.
            erasures_copy: The second place of the list of erasures.
            is_shared: Whether other processes may write to the file.
            failpoint: The failpoints of a test.
        """
        super().__init__(str(path), is_shared=is_shared, failpoint=failpoint)
        self.path = path
        self._erasures_copy = erasures_copy
        self._reader: aiosqlite.Connection | None = None

    async def open(self) -> None:
        """Check and migrate the file, and start the writer.

        Raises:
            LedgerError: The file is foreign, damaged, locked, of a newer version, or missing after an
                interrupted restore, or the second list of erasures cannot be used.
        """
        _refuse_after_interrupted_restore(self.path)
        _refuse_after_move(self.path)
        connection = await asyncio.to_thread(open_writer, self.path)
        try:
            await asyncio.to_thread(align_erasures, self.path, self._erasures_copy)
        except LedgerError:
            connection.close()
            raise
        self._start(connection, SqliteEngine(connection, self.path))
        self._reader = await aiosqlite.connect(
            self.path, timeout=BUSY_MS / 1000, factory=StablePlanConnection
        )

    async def _close_readers(self) -> None:
        if self._reader:
            await self._reader.close()
        self._reader = None

    def storage_use(self) -> StorageUse | None:
        """Return the room that the ledger takes; None where its folder cannot be looked at."""
        return storage_use(self.path)

    async def _read(self, sql: str, values: Any = ()) -> list[Any]:
        if self._reader is None:
            raise LedgerError("the ledger is not open", retry=False)
        self._under_way.add()
        try:
            return list(await self._reader.execute_fetchall(sql, values))
        except sqlite3.Error as error:
            raise translate_error(error, self._path) from error
        finally:
            self._under_way.remove()

    async def _read_apart(self, work: Callable[[ReadConnection], T]) -> T:
        await self._settle()
        return await asyncio.to_thread(read_snapshot, self.path, work)

    @asynccontextmanager
    async def _read_alone(self) -> AsyncIterator[ReadRows]:
        async with aiosqlite.connect(self.path, factory=StablePlanConnection) as made:

            async def read(sql: str, values: Any) -> list[Any]:
                return list(await made.execute_fetchall(sql, values))

            try:
                yield read
            except sqlite3.Error as error:
                raise translate_error(error, self._path) from error

    def _list_erasure(self, digest: str, erased: Erasure) -> None:
        list_erasure(self.path, self._erasures_copy, digest, erased)

    async def _empty_log(self) -> None:
        """Move the write-ahead log into the file and truncate it to zero bytes.

        Raises:
            LedgerError: Another process has read the file for 10 s without a break.
        """
        # The larger part is moved beside the writer, whose promises would wait for it.
        await asyncio.to_thread(move_log, self.path)
        for _ in range(TRUNCATE_ATTEMPTS):
            if await self._open_writer.run_outside_transaction(_checkpoint):
                return
            await asyncio.sleep(TRUNCATE_RETRY_S)
        message = (
            f"{self.path}: the customer is erased, but the write-ahead log still holds the bytes,"
            " because another process reads the file. Stop that process and erase again"
        )
        raise LedgerError(message)


def _checkpoint(connection: ReadConnection) -> bool:
    """Return whether the log could be emptied."""
    connection.execute("PRAGMA busy_timeout=50")
    try:
        busy, left, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    return not busy and left == 0


def _refuse_after_interrupted_restore(path: Path) -> None:
    """Refuse to make a new ledger after a restore that was killed half-way.

    The old ledger is then already moved aside, and the new one is not in place yet.
    """
    kept = next(path.parent.glob(f"{path.name}.before-restore*"), None)
    if kept and not path.exists():
        raise LedgerError(
            f"{path} is missing, and {kept} is there: a restore was interrupted. Run it again, rename"
            " that file back together with its -wal file, or move it away to start anew.",
            retry=False,
        )


def _refuse_after_move(path: Path) -> None:
    """Refuse to make a new ledger where the old one was moved into a database."""
    kept = path.with_name(path.name + MOVED_SUFFIX)
    if kept.exists() and not path.exists():
        raise LedgerError(
            f"{path} was moved into a PostgreSQL database, and {kept} is what is left of it: name the"
            " database with the setting ledger, or move that file away to start anew.",
            retry=False,
        )
