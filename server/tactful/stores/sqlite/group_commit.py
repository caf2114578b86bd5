"""How do writes from many turns become few durable transactions, in order, on one connection?

One thread takes everything that waits, performs it inside one transaction, commits, and only then
answers: a group commit. A job that fails undoes itself alone, the jobs beside it go on.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

from tactful.runtime.ports.ledger import LedgerBrokenError, LedgerError, LedgerFullError
from tactful.runtime.ports.ledger_rows import Commit
from tactful.stores.shared.failpoints import FailpointHook
from tactful.stores.sqlite.error_translation import translate_error

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
Records = Callable[[sqlite3.Connection, Sequence[Commit]], None]

MAX_BATCH: Final = 4096
"""Jobs in one transaction; bounds how long the first of them waits for the last."""
RECORD_DELAY_S: Final = 0.02
"""Seconds that records wait for company: a thread that wakes for each takes the event loop's time."""
RETRY_INTERVAL_S = 0.5
"""Seconds between two attempts to write what could not be written yet."""
MIN_CHANGES_PER_CHECKPOINT, MAX_CHANGES_PER_CHECKPOINT = 1_000, 4_000
"""After so many changed rows the log is moved into the file, when everybody has their answer.

The next promise waits for it: after 1,000 changes 5 ms, after 4,000 15 ms, on a slow disk 60, after
20,000 200 ms. And the log stays below what is kept of it, so that it is written over: to keep a
commit in a log that grows takes half as long again.
SQLite's own checkpoint would run inside a commit, and keep its input/output errors to itself.
"""
CHECKPOINT_SPACING: Final = 50
"""Times as long as the last one took until the next, unless the most is reached: 2 % of the time."""
_PROBE: Final = "INSERT OR REPLACE INTO meta VALUES ('probe', randomblob(8192))"
_LOG: Final = logging.getLogger("tactful.stores")


class WriteJob:
    """Work that somebody waits for, or a record that nobody waits for; `size` in bytes."""

    __slots__ = ("apart", "future", "outcome", "record", "size", "work")

    def __init__(
        self,
        *,
        work: Work[Any] | None = None,
        future: "asyncio.Future[Any] | None" = None,
        apart: bool = False,
        record: Commit | None = None,
        size: int = 0,
    ) -> None:
        self.work = work
        self.future = future
        self.apart = apart
        self.record = record
        self.size = size
        self.outcome: Any = None


class SqliteWriter:
    """The only writer of one database."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: str,
        write_records: Records,
        failpoint: FailpointHook,
    ) -> None:
        self._connection = connection
        self._path = path
        self._write_records = write_records
        self._failpoint = failpoint
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[WriteJob | None] = SimpleQueue()
        self._kept: list[WriteJob] = []  # records that wait for room on the disk, or for a lock
        self._lingering: list[
            WriteJob
        ] = []  # records that nobody waits for, to be written together
        self._timer: asyncio.TimerHandle | None = None
        self._holding = 0  # how many want records to linger until they are done
        self._posted = 0  # bytes; each counter has one writer, so neither needs a lock
        self._finished = 0
        self._closing = False
        self._failing: LedgerError | None = None
        self._checkpointed = 0  # changes
        self._next_checkpoint = 0  # ns; not before this instant of the clock that never goes back
        self._thread = Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    @property
    def failure(self) -> LedgerError | None:
        """Why nothing is promised at the moment."""
        return self._failing

    @property
    def pending_bytes(self) -> int:
        """Bytes of records that are not written yet."""
        return self._posted - self._finished

    async def run(self, work: Work[T]) -> T:
        """Perform the work durably and return what it returned."""
        return await self._put(work, apart=False)

    async def run_outside_transaction(self, work: Work[T]) -> T:
        """Perform work that must stand outside of any transaction, in its place in the queue."""
        return await self._put(work, apart=True)

    async def _put(self, work: Work[T], *, apart: bool) -> T:
        if self._closing:
            raise LedgerError("the ledger is closed", retry=False)
        future: asyncio.Future[T] = self._loop.create_future()
        self._send()
        self._queue.put(WriteJob(work=work, future=future, apart=apart))
        return await future

    def enqueue_record(self, record: Commit, size: int) -> None:
        """Write the record with one of the next batches; `size` in bytes, for `waiting`."""
        self._posted += size
        self._lingering.append(WriteJob(record=record, size=size))
        if self._timer is None and not self._holding:
            self._timer = self._loop.call_later(RECORD_DELAY_S, self._send)

    @contextmanager
    def deferred_writes(self) -> Iterator[None]:
        """Let records linger until the block ends, or somebody waits for what comes after them."""
        self._holding += 1
        try:
            yield
        finally:
            self._holding -= 1
            if not self._holding:
                self._send()

    def _send(self) -> None:
        """Hand what lingers to the thread, in its order and before anything that is waited for."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for job in self._lingering:
            self._queue.put(job)
        self._lingering.clear()

    async def close(self) -> None:
        """Write what is pending, end the thread and close the connection."""
        self._closing = True
        self._send()
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self._connection.close()

    def _run(self) -> None:
        going = True
        while going:
            jobs, going = self._take()
            batch, self._kept = self._kept + jobs, []
            for transaction in _transactions(batch):
                self._write(transaction)
            if not batch and isinstance(self._failing, LedgerFullError):
                self._write([])
            if self._failing is None:
                self._checkpoint()
        if self._kept:
            _LOG.error("%d records were lost: %s", len(self._kept), self._failing)

    def _take(self) -> tuple[list[WriteJob], bool]:
        """Everything that waits, or nothing when it is time to try again; False: the end."""
        again = self._kept or isinstance(self._failing, LedgerFullError)
        try:
            job = self._queue.get(timeout=RETRY_INTERVAL_S if again else None)
        except Empty:
            return [], True
        jobs: list[WriteJob] = []
        while job is not None:
            jobs.append(job)
            if len(jobs) == MAX_BATCH or self._queue.empty():
                return jobs, True
            job = self._queue.get()
        return jobs, False

    def _write(self, batch: list[WriteJob]) -> None:
        if isinstance(self._failing, LedgerBrokenError):
            self._answer(batch, self._failing)
            return
        try:
            self._transact(batch)
        except LedgerBrokenError as error:
            self._stop(error)
            self._answer(batch, error)
        except LedgerError as error:
            # Nobody waits for a record, so it can wait itself; whoever waits is told at once.
            self._failing = error if isinstance(error, LedgerFullError) else None
            self._kept += [job for job in batch if job.record]
            self._answer([job for job in batch if job.future], error)
        else:
            self._failing = None
            self._answer(batch)

    def _stop(self, error: LedgerBrokenError) -> None:
        """Promise nothing more: what the disk holds is known only after a restart."""
        if self._failing is not error:
            _LOG.critical("%s", error)
        self._failing = error

    def _checkpoint(self) -> None:
        """Move the log into the file; where that fails nothing is lost yet, and nothing more is promised."""
        began, changes = time.monotonic_ns(), self._connection.total_changes
        new = changes - self._checkpointed
        if new < MIN_CHANGES_PER_CHECKPOINT or (
            new < MAX_CHANGES_PER_CHECKPOINT and began < self._next_checkpoint
        ):
            return
        self._checkpointed = changes
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as error:
            meaning = translate_error(error, self._path)
            # A full disk is met again by whatever is promised next.
            if isinstance(meaning, LedgerBrokenError):
                self._stop(meaning)
        ended = time.monotonic_ns()
        self._next_checkpoint = ended + CHECKPOINT_SPACING * (ended - began)

    def _transact(self, batch: list[WriteJob]) -> None:
        """One transaction; a second one with savepoints if a job failed by its own fault."""
        try:
            self._attempt(batch, self._perform_all)
        except sqlite3.Error as error:
            meaning = translate_error(error, self._path)
            if meaning.retry:
                raise meaning from error
            self._transact_singly(batch)
        except Exception:  # noqa: BLE001 - whatever a job raises concerns that job alone
            self._transact_singly(batch)

    def _transact_singly(self, batch: list[WriteJob]) -> None:
        try:
            self._attempt(batch, self._perform_singly)
        except sqlite3.Error as error:
            raise translate_error(error, self._path) from error

    def _attempt(self, batch: list[WriteJob], perform: Callable[[list[WriteJob]], None]) -> None:
        if batch and batch[0].apart:
            self._perform_all(batch)
            return
        self._failpoint("before-begin")
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            perform(batch)
            if not batch:  # a probe: is there room again?
                self._connection.execute(_PROBE)
            self._failpoint("before-commit")
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._failpoint("after-commit")

    def _perform_all(self, batch: list[WriteJob]) -> None:
        """In order, neighbouring records in one go."""
        records: list[Commit] = []
        for job in batch:
            if job.record:
                records.append(job.record)
                continue
            if records:
                self._write_records(self._connection, records)
                records = []
            if job.work:
                job.outcome = job.work(self._connection)
        if records:
            self._write_records(self._connection, records)

    def _perform_singly(self, batch: list[WriteJob]) -> None:
        for job in batch:
            self._connection.execute("SAVEPOINT job")
            try:
                self._perform_all([job])
            except sqlite3.Error as error:
                meaning = translate_error(error, self._path)
                if meaning.retry:
                    raise
                self._connection.execute("ROLLBACK TO job")
                job.outcome = meaning
            except Exception as error:  # noqa: BLE001 -- it is handed to whoever waits
                self._connection.execute("ROLLBACK TO job")
                job.outcome = error
            self._connection.execute("RELEASE job")

    def _answer(self, batch: list[WriteJob], error: LedgerError | None = None) -> None:
        for job in batch:
            self._finished += job.size
            if job.record and isinstance(job.outcome, Exception):
                _LOG.error("a record was lost: %s", job.outcome)
        waiting = [job for job in batch if job.future]
        if waiting:
            self._loop.call_soon_threadsafe(_resolve, waiting, error)


def _transactions(batch: list[WriteJob]) -> Iterator[list[WriteJob]]:
    """The batch in order, with what must stand apart standing apart."""
    together: list[WriteJob] = []
    for job in batch:
        if job.apart:
            if together:
                yield together
            yield [job]
            together = []
        else:
            together.append(job)
    if together:
        yield together


def _resolve(jobs: list[WriteJob], error: LedgerError | None) -> None:
    for job in jobs:
        future = job.future
        if future is None or future.done():
            continue
        if error is not None:
            # Each waiter gets one of his own: an exception collects the frames that it passes.
            future.set_exception(type(error)(str(error), retry=error.retry))
        elif isinstance(job.outcome, Exception):
            future.set_exception(job.outcome)
        else:
            future.set_result(job.outcome)
