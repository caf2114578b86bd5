"""The single writer of a SQLite file, with group commit.

One durable commit costs one `fsync`, however many jobs it holds. So a thread takes everything that
waits, performs it in one transaction, commits, and only then answers the callers:

    caller A   --commit-->|................answered|
    caller B      --commit-->|.............answered|
    record C         --record (not waited for)
    thread     [ batch 0     fsync ][ batch 1 = A, B, C   fsync ][ batch 2 ...
                                     ^ BEGIN                    ^ COMMIT, then A and B are answered

While batch 0 is written, A, B and C queue up. The busier the server is, the more callers share an
`fsync`. Promises go first, and large work is done in slices (see `write_lanes`); one session's writes
never overtake each other.

If a job fails by its own fault, only that job is rolled back (see `_transact_singly`); the other
jobs are committed. No caller is answered before `COMMIT` has returned: commit before deliver.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Final

import structlog

from tactful.runtime.ports.change_log import OnChanges
from tactful.runtime.ports.ledger import (
    CommitObserver,
    LedgerBrokenError,
    LedgerError,
    LedgerFullError,
)
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal
from tactful.stores.shared.failpoints import FailpointHook
from tactful.stores.sqlite.error_translation import translate_error
from tactful.stores.sqlite.ledger_connection import LedgerConnection
from tactful.stores.sqlite.opening import connect
from tactful.stores.sqlite.writer.checkpoints import Checkpointer
from tactful.stores.sqlite.writer.under_way import UnderWay
from tactful.stores.sqlite.writer.write_jobs import (
    Lane,
    T,
    Work,
    WriteJob,
    WriteQueue,
    resolve,
    transactions,
)
from tactful.stores.sqlite.writer.write_lanes import WriteLanes

WriteTurns = Callable[
    [LedgerConnection, Sequence[tuple[Commit, bool]]], Sequence[CommitRefusal | None]
]
"""Writes turns, each of which may be refused or not; returns why each was refused."""

RETRY_INTERVAL_S = 0.5
"""Seconds between two attempts to write records that could not be written yet."""
_PROBE: Final = "INSERT OR REPLACE INTO meta VALUES ('probe', randomblob(8192))"
"""Writes two pages, to find out whether the disk has room again."""
log = structlog.get_logger("tactful.ledger")


class SqliteWriter:
    """The only writer of one database: a queue, a thread and a connection.

    `run` and `run_outside_transaction` are called on the event loop and wait for the outcome.
    `enqueue_record` never waits. Everything below "on the writer's thread" runs there, and touches
    nothing of the event loop but `call_soon_threadsafe`.
    """

    def __init__(
        self,
        connection: LedgerConnection,
        path: str,
        write_turns: WriteTurns,
        failpoint: FailpointHook,
        publish: OnChanges,
        on_commit: CommitObserver,
        under_way: UnderWay,
    ) -> None:
        """Start the thread.

        Args:
            connection: The writing connection, which belongs to the thread from now on.
            path: The file, for error messages.
            write_turns: Writes turns that follow one another, in one go.
            failpoint: Called at each named point, where a test may end the process.
            publish: Called on the event loop with the changes of each transaction, before its callers
                are answered.
            on_commit: Called on the thread after each durable commit.
            under_way: Counts the promises that are not answered yet.
        """
        self._connection = connection
        self._path = path
        self._write_turns = write_turns
        self._failpoint = failpoint
        self._publish = publish
        self._on_commit = on_commit
        self._under_way = under_way
        self._loop = asyncio.get_running_loop()
        self._queue = WriteQueue(self._loop)
        self._checkpointer = Checkpointer(connection, partial(connect, Path(path)))
        # Thread only. `_is_retrying`: records wait until the disk has room or a lock is gone.
        self._lanes = WriteLanes()
        self._is_retrying = False
        # The loop writes one counter and the thread the other, so neither needs a lock.
        self._bytes_queued = 0
        self._bytes_finished = 0
        self._closing = False
        self._failure: LedgerError | None = None
        self._records_lost = 0
        self._thread = Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    @property
    def failure(self) -> LedgerError | None:
        """Return why commits are suspended; None: they are not."""
        return self._failure

    @property
    def pending_bytes(self) -> int:
        """Return the bytes of records that are not written yet."""
        return self._bytes_queued - self._bytes_finished

    @property
    def records_lost(self) -> int:
        """Return the number of records that were given up, because they could not be written."""
        return self._records_lost

    async def run(
        self,
        work: Work[T],
        lane: Lane = Lane.WORK,
        *,
        session: str | None = None,
        weight: int = 1,
    ) -> T:
        """Perform work in one of the next transactions; return its result once that is durable.

        Args:
            work: Called with the connection, in a transaction.
            lane: How urgent it is.
            session: The session whose earlier records are written first.
            weight: About how many rows the work writes.

        Raises:
            LedgerError: The work is not written, or, if `retry` is set, the outcome is unknown.
            Exception: Whatever the work raised; nothing of it is written.
        """
        return await self._put(work, lane, session=session, weight=weight)

    def commit(self, turn: Commit) -> "asyncio.Future[CommitRefusal | None]":
        """Queue a turn for one of the next transactions; its future says why it is refused, or None.

        Raises:
            LedgerError: The ledger is closed. The future raises it where the turn is not written, or,
                if `retry` is set, where the outcome is unknown.
        """
        future: asyncio.Future[CommitRefusal | None] = self._loop.create_future()
        session = session_of(turn)
        return self._queued(
            WriteJob(lane=Lane.PROMISE, turn=turn, future=future, session=session), future
        )

    async def run_outside_transaction(self, work: Work[T]) -> T:
        """Perform work in its place in its lane, but outside any transaction.

        Raises:
            LedgerError: SQLite failed, or the ledger is closed.
            Exception: Whatever the work raised.
        """
        return await self._put(work, Lane.WORK, outside=True)

    async def _put(
        self,
        work: Work[T],
        lane: Lane,
        *,
        outside: bool = False,
        session: str | None = None,
        weight: int = 1,
    ) -> T:
        future: asyncio.Future[T] = self._loop.create_future()
        job = WriteJob(
            lane=lane, work=work, future=future, outside=outside, session=session, weight=weight
        )
        return await self._queued(job, future)

    def _queued(self, job: WriteJob, future: "asyncio.Future[T]") -> "asyncio.Future[T]":
        if self._closing:
            raise LedgerError("the ledger is closed", retry=False)
        if job.lane is Lane.PROMISE:
            self._under_way.add()
        self._queue.put(job)
        return future

    def enqueue_record(self, record: Commit, lane: Lane, size: int) -> None:
        """Write a record with one of the next batches; `size` in bytes counts as pending."""
        self._bytes_queued += size
        session = session_of(record)
        self._queue.gather(WriteJob(lane=lane, turn=record, size=size, session=session))

    def deferred_writes(self) -> AbstractContextManager[None]:
        """Gather records until the block ends, or until a job is queued whose caller waits."""
        return self._queue.deferred()

    async def close(self) -> None:
        """Write what is queued, end the thread and close the connection."""
        self._closing = True
        self._queue.close()
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._checkpointer.close)
        self._connection.close()

    # on the writer's thread

    def _run(self) -> None:
        is_open = True
        while is_open or (self._lanes and not self._is_retrying):
            if is_open:
                is_open = self._queue.receive(self._lanes, self._patience_s())
            self._is_retrying = False
            batch = self._lanes.next_batch()
            for transaction in transactions(batch):
                self._write(transaction)
            if not batch and isinstance(self._failure, LedgerFullError):
                # No write is queued, so an empty batch tests whether the disk has room again.
                self._write([])
            if self._failure is None:
                self._checkpoint()
        self._lose(self._lanes.drain(), self._failure)

    def _patience_s(self) -> float | None:
        """Return the seconds for which the thread waits for a job; `None`: without end."""
        if self._is_retrying or isinstance(self._failure, LedgerFullError):
            return RETRY_INTERVAL_S
        return 0 if self._lanes else None

    def _lose(self, jobs: Sequence[WriteJob], error: Exception | None) -> None:
        """Count and log records that are given up."""
        count = sum(job.is_record for job in jobs)
        if count:
            self._records_lost += count
            log.error("records.lost", count=count, error=str(error))

    def _write(self, batch: list[WriteJob]) -> None:
        if isinstance(self._failure, LedgerBrokenError):
            # The first loss was logged; after that the metric counts.
            self._records_lost += sum(job.is_record for job in batch)
            self._answer(batch, self._failure)
            return
        try:
            self._transact(batch)
        except LedgerBrokenError as error:
            # What the disk holds is unknown until a restart.
            self._set_failure(error)
            self._lose(batch, error)
            self._answer(batch, error)
        except LedgerError as error:
            # Records are tried again later, because no caller waits for them. Waiting callers get
            # the error at once.
            self._set_failure(error if isinstance(error, LedgerFullError) else None)
            self._is_retrying = True
            self._lanes.put_back(job for job in batch if job.is_record)
            self._answer([job for job in batch if job.future], error)
        else:
            if self._failure:
                self._set_failure(None)
            self._answer(batch)

    def _set_failure(self, failure: LedgerError | None) -> None:
        """Remember why commits are suspended, or that they are not, and log a change."""
        if failure and not self._failure:
            log.error("ledger.failing", error=str(failure))
        elif self._failure and not failure:
            log.warning("ledger.recovered", after=str(self._failure))
        self._failure = failure

    def _checkpoint(self) -> None:
        try:
            self._checkpointer.run_if_due()
        except sqlite3.Error as error:
            meaning = translate_error(error, self._path)
            # An input/output error suspends commits, because the next commit would meet it too. A
            # full disk is not handled here: the next commit meets and reports it.
            if isinstance(meaning, LedgerBrokenError):
                self._set_failure(meaning)

    def _transact(self, batch: list[WriteJob]) -> None:
        """Perform a batch in one transaction; if a job fails by itself, repeat it job by job."""
        try:
            self._attempt(batch, self._perform_all)
        except sqlite3.Error as error:
            meaning = translate_error(error, self._path)
            if meaning.retry:
                raise meaning from error
            self._transact_singly(batch)
        except Exception:  # noqa: BLE001 - what a job raises is answered to its caller alone
            self._transact_singly(batch)

    def _transact_singly(self, batch: list[WriteJob]) -> None:
        """Perform a batch in one transaction with a savepoint per job.

        Only failed batches pay for savepoints; they are rare.
        """
        try:
            self._attempt(batch, self._perform_singly)
        except sqlite3.Error as error:
            raise translate_error(error, self._path) from error

    def _attempt(self, batch: list[WriteJob], perform: Callable[[list[WriteJob]], None]) -> None:
        if batch and batch[0].outside:
            self._perform_all(batch)
            return
        self._failpoint("before-begin")
        started = time.perf_counter()
        self._connection.start()
        try:
            perform(batch)
            if not batch or self._failure:
                # A transaction that happens to write nothing does not show that there is room.
                self._connection.execute(_PROBE)
            self._failpoint("before-commit")
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.abandon()
            raise
        self._failpoint("after-commit")
        self._on_commit(time.perf_counter() - started, len(batch))

    def _perform_all(self, batch: list[WriteJob]) -> None:
        """Perform jobs in order; turns that follow one another are written in one go."""
        turns: list[WriteJob] = []
        for job in batch:
            if job.work is None:
                turns.append(job)
                continue
            self._perform_turns(turns)
            turns = []
            job.outcome = job.work(self._connection)
        self._perform_turns(turns)

    def _perform_turns(self, jobs: list[WriteJob]) -> None:
        turns = [(job.turn, job.future is not None) for job in jobs if job.turn]
        if turns:
            for job, refused in zip(jobs, self._write_turns(self._connection, turns), strict=True):
                job.outcome = refused

    def _perform_singly(self, batch: list[WriteJob]) -> None:
        for job in batch:
            self._connection.execute("SAVEPOINT job")
            try:
                self._perform_all([job])
            except sqlite3.Error as error:
                meaning = translate_error(error, self._path)
                if meaning.retry:
                    raise
                self._connection.undo_job("job")
                job.outcome = meaning
            except Exception as error:  # noqa: BLE001 -- it is handed to the caller
                self._connection.undo_job("job")
                job.outcome = error
            self._connection.execute("RELEASE job")

    def _answer(self, batch: list[WriteJob], error: LedgerError | None = None) -> None:
        waiting: list[WriteJob] = []
        promises = 0
        for job in batch:
            self._bytes_finished += job.size
            if job.future is not None:
                waiting.append(job)
                promises += job.lane is Lane.PROMISE
            elif isinstance(job.outcome, Exception):
                self._lose([job], job.outcome)
        changes = () if error else tuple(self._connection.take_changes())
        if changes:
            self._loop.call_soon_threadsafe(self._publish, changes)
        if waiting:
            self._loop.call_soon_threadsafe(self._resolve, waiting, error, promises)

    def _resolve(self, jobs: list[WriteJob], error: LedgerError | None, promises: int) -> None:
        """Run on the event loop: answer the callers, `promises` of which waited for a promise."""
        resolve(jobs, error)
        self._under_way.remove(promises)


def session_of(commit: Commit) -> str | None:
    """Return the session to whose order a commit or record belongs; `None`: to none."""
    return commit.session or (commit.entry.session if commit.entry else None)
