"""Erasure of customers from a SQLite file, its write-ahead log and later restores."""

import asyncio
import sqlite3
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from tactful.core.facts.shopper_contacts import SUBJECT as CONTACT
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Tombstone
from tactful.stores.shared import erasures
from tactful.stores.shared.erasures import Erasure, erasure_digest
from tactful.stores.sqlite.customers import customer_erasure
from tactful.stores.sqlite.customers.erasure_steps import ErasureSlices, Search
from tactful.stores.sqlite.opening import BUSY_MS
from tactful.stores.sqlite.tables import tombstones
from tactful.stores.sqlite.writer.checkpoints import move_log
from tactful.stores.sqlite.writer.group_commit import SqliteWriter
from tactful.stores.sqlite.writer.write_jobs import Lane
from tactful.stores.sqlite.writer.write_lanes import SLICE_ROWS

T = TypeVar("T")

TRUNCATE_ATTEMPTS: Final = 100
"""Attempts to empty the write-ahead log after an erasure."""
TRUNCATE_RETRY_S: Final = 0.1
"""Seconds between two attempts, because a reader of the log prevents it."""


class SqliteErasure:
    """The part of `SqliteLedger` that erases customers and keeps their tombstones."""

    path: Path
    _erasures_copy: Path | None
    _secret: bytes | None

    @property
    def _open_writer(self) -> SqliteWriter:
        raise NotImplementedError

    async def _read_apart(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Read beside the writer, after everything that is queued is written."""
        raise NotImplementedError

    async def wait_for_promises(self) -> None:
        """Return when no promise waits to be written, or after some milliseconds."""
        raise NotImplementedError

    def erasure_digest(self, kind: str, ident: str) -> str:
        """Return the keyed digest under which the tombstone of an id is stored."""
        if self._secret is None:
            raise LedgerError("the ledger is not open", retry=False)
        return erasure_digest(self._secret, kind, ident)

    async def sessions_of(self, customer: str) -> set[str]:
        """Return the sessions of a customer, behind everything that is queued."""
        await self._open_writer.run(_no_work, Lane.RECORD)
        return await self._read_apart(partial(customer_erasure.sessions_of, customer=customer))

    async def erase_customer(
        self, customer: str, alias: str, at: int, *, open_sessions: Collection[str] = ()
    ) -> int:
        """Erase a customer from the file, its log and every backup that is restored later.

        The digest goes onto the list of erasures first. A crash after that leads to one needless
        erasure, and a crash before it leaves nothing half done. Deleted rows are overwritten
        (`secure_delete`), and the write-ahead log, which holds old pages, is emptied.
        """
        writer = self._open_writer
        digest, erased = self.erasure_digest("customer", customer), Erasure(alias, at)
        remember = partial(_remember_erasure, self.path, self._erasures_copy, digest, erased)
        await writer.run(lambda _: remember())
        # Records that are queued already belong to what is erased.
        await writer.run(_no_work, Lane.RECORD)
        touched = await self._erase_in_slices(
            customer_erasure.erasure_slices(customer, alias, at, open_sessions)
        )
        await self._empty_log()
        return touched

    async def erase_contact(self, contact: str, alias: str, at: int) -> int:
        digest, erased = self.erasure_digest(CONTACT, contact), Erasure(alias, at)
        remember = partial(_remember_erasure, self.path, self._erasures_copy, digest, erased)
        await self._open_writer.run(lambda _: remember())
        touched = await self._erase_in_slices(
            customer_erasure.contact_erasure_slices(contact, alias, at)
        )
        await self._empty_log()
        return touched

    async def _erase_in_slices(self, slices: ErasureSlices) -> int:
        answer: Any = None
        while True:
            try:
                work = slices.send(answer)
            except StopIteration as ended:
                return int(ended.value)
            if isinstance(work, Search):
                # A customer with 20,000 offers is searched for 20 ms, for which no promise waits.
                answer = await self._read_apart(work)
            else:
                await self.wait_for_promises()
                answer = await self._open_writer.run(work, weight=SLICE_ROWS)

    async def tombstones(self) -> list[Tombstone]:
        return await self._open_writer.run(tombstones.read_tombstones)

    async def tombstone(self, kind: str, ident: str) -> Tombstone | None:
        return await self._open_writer.run(
            partial(tombstones.read_tombstone, kind=kind, ident=ident)
        )

    async def add_tombstone(self, kind: str, ident: str, alias: str, at: int) -> None:
        await self._open_writer.run(
            partial(tombstones.add_tombstone, kind=kind, ident=ident, alias=alias, at=at)
        )

    async def begin_anew(self, kind: str, ident: str, at: int) -> bool:
        return await self._open_writer.run(
            partial(tombstones.begin_anew, kind=kind, ident=ident, at=at)
        )

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


def _no_work(connection: sqlite3.Connection) -> None:
    """Do nothing; when this job is done, everything queued before it is written."""


def _checkpoint(connection: sqlite3.Connection) -> bool:
    connection.execute("PRAGMA busy_timeout=50")
    try:
        busy, left, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    return not busy and left == 0


def _remember_erasure(path: Path, copy: Path | None, digest: str, erased: Erasure) -> None:
    try:
        erasures.append_erasure(path, digest, erased, copy)
    except OSError as error:
        raise LedgerError(
            f"{error.filename or path}: {error.strerror}. The erasure cannot be listed, so nothing"
            " was erased. Make the file writable and erase again.",
            retry=False,
        ) from error


def align_erasures(path: Path, copy: Path | None) -> None:
    """Merge the two places of the list of erasures, so that each is complete."""
    if copy is None:
        return
    own = erasures.erasures_file(path)
    try:
        erasures.add_erasures(copy, erasures.read_list(own))
        erasures.add_erasures(own, erasures.read_list(copy))
    except OSError as error:
        raise LedgerError(
            f"{copy}: {error.strerror}. The list of erasures cannot be kept there. Correct the setting"
            " erasures_copy, or give the server a folder that it may write to.",
            retry=False,
        ) from error
