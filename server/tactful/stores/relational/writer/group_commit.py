"""The single writer of a ledger, with group commit.

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

If a job fails by its own fault, only that job is rolled back (see `transactor`); the other
jobs are committed. No caller is answered before `COMMIT` has returned: commit before deliver.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from threading import Thread
from typing import Final

import structlog

from tactful.runtime.ports.change_log import OnChanges
from tactful.runtime.ports.ledger import (
    CommitObserver,
    LedgerAwayError,
    LedgerBrokenError,
    LedgerError,
    LedgerFullError,
)
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal
from tactful.stores.relational.ledger_connection import WriterConnection
from tactful.stores.relational.writer.engine import Engine, UnknownOutcomeError
from tactful.stores.relational.writer.transactor import Transactor, WriteTurns
from tactful.stores.relational.writer.under_way import UnderWay
from tactful.stores.relational.writer.write_jobs import (
    Lane,
    T,
    Work,
    WriteJob,
    WriteQueue,
    resolve,
    session_of,
    transactions,
)
from tactful.stores.relational.writer.write_lanes import WriteLanes
from tactful.stores.shared.failpoints import FailpointHook

RETRY_INTERVAL_S = 0.5
"""Seconds between two attempts to write records that could not be written yet."""
RECOVERING: Final = (LedgerFullError, LedgerAwayError)
"""Failures from which the ledger recovers by itself."""
log = structlog.get_logger("tactful.ledger")


class GroupCommitWriter:
    """The only writer of one database: a queue, a thread and a connection.

    `run` and `run_outside_transaction` are called on the event loop and wait for the outcome.
    `enqueue_record` never waits. Everything below "on the writer's thread" runs there, and touches
    nothing of the event loop but `call_soon_threadsafe`.
    """

    def __init__(
        self,
        connection: WriterConnection,
        engine: Engine,
        write_turns: WriteTurns,
        failpoint: FailpointHook,
        publish: OnChanges,
        on_commit: CommitObserver,
        under_way: UnderWay,
    ) -> None:
        """Start the thread.

        Args:
            connection: The writing connection, which belongs to the thread from now on.
            engine: The database behind the connection.
            write_turns: Writes turns that follow one another, in one go.
            failpoint: Called at each named point, where a test may end the process.
            publish: Called on the event loop with the changes of each transaction, before its callers
                are answered.
            on_commit: Called on the thread after each durable commit.
            under_way: Counts the promises that are not answered yet.
        """
        self._connection = connection
        self._engine = engine
        self._transactions = Transactor(connection, engine, write_turns, failpoint, on_commit)
        self._publish = publish
        self._under_way = under_way
        self._loop = asyncio.get_running_loop()
        self._queue = WriteQueue(self._loop)
        # Thread only. `_is_retrying`: records wait until the disk has room or a lock is gone.
        self._lanes = WriteLanes(engine.most_works)
        self._is_retrying = False
        self._is_open = True
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
        rides: bool = False,
    ) -> T:
        """Perform work in one of the next transactions; return its result once that is durable.

        Args:
            work: Called with the connection, in a transaction.
            lane: How urgent it is.
            session: The session whose earlier records are written first.
            weight: About how many rows the work writes.
            rides: Whether it can wait `LONGEST_RIDE_S` to share the transaction of a promise.

        Raises:
            LedgerError: The work is not written, or, if `retry` is set, the outcome is unknown.
            Exception: Whatever the work raised; nothing of it is written.
        """
        return await self._put(work, lane, session=session, weight=weight, rides=rides)

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
            LedgerError: The database failed, or the ledger is closed.
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
        rides: bool = False,
    ) -> T:
        future: asyncio.Future[T] = self._loop.create_future()
        job = WriteJob(
            lane=lane,
            work=work,
            future=future,
            outside=outside,
            session=session,
            weight=weight,
            rides=rides,
        )
        return await self._queued(job, future)

    def _queued(self, job: WriteJob, future: "asyncio.Future[T]") -> "asyncio.Future[T]":
        if self._closing:
            raise LedgerError("the ledger is closed", retry=False)
        if job.lane is Lane.PROMISE:
            self._under_way.add()
        if job.rides:
            self._queue.ride(job)
        else:
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
        await asyncio.to_thread(self._engine.close)
        self._connection.close()

    # on the writer's thread

    def _run(self) -> None:
        while self._is_open or (self._lanes and not self._is_retrying):
            if self._is_open:
                self._is_open = self._queue.receive(self._lanes, self._patience_s())
            self._is_retrying = False
            batch = self._lanes.next_batch()
            for transaction in transactions(batch):
                self._write(transaction)
            if not batch and isinstance(self._failure, RECOVERING):
                # No write is queued, so an empty batch tests whether writes succeed again.
                self._write([])
            if self._failure is None and (failure := self._engine.maintain()):
                self._set_failure(failure)
        self._lose(self._lanes.drain(), self._failure)

    def _patience_s(self) -> float | None:
        """Return the seconds for which the thread waits for a job; `None`: without end."""
        if self._is_retrying or isinstance(self._failure, RECOVERING):
            return RETRY_INTERVAL_S
        return 0 if self._lanes else self._engine.idle_s

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
            try:
                self._transactions.perform(batch, probes=self._failure is not None)
            except UnknownOutcomeError as error:
                self._settle(batch, error)
        except LedgerBrokenError as error:
            # What the disk holds is unknown until a restart.
            self._set_failure(error)
            self._lose(batch, error)
            self._answer(batch, error)
        except LedgerError as error:
            # Records are tried again later, because no caller waits for them. Waiting callers get
            # the error at once.
            self._set_failure(error if isinstance(error, RECOVERING) else None)
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

    def _settle(self, batch: list[WriteJob], error: LedgerError) -> None:
        """Wait until the outcome of a batch is known, and return if it was committed.

        Redemptions and facts may be repeated by their callers, who learn it at once. A turn may
        not, so its caller waits.

        Raises:
            LedgerError: It was not committed, or the ledger is closed before that is known.
        """
        self._set_failure(error)
        repeatable = [job for job in batch if job.turn is None]
        while self._is_open:
            try:
                is_in = self._engine.settle()
            except LedgerBrokenError:
                raise
            except LedgerError as still:
                self._answer_early(repeatable, error)
                repeatable = []
                self._is_open = self._queue.receive(self._lanes, RETRY_INTERVAL_S)
                self._answer_early(self._lanes.take_waiting(), still)
                continue
            log.warning("ledger.outcome_settled", jobs=len(batch), is_written=is_in)
            if is_in:
                return
            raise LedgerError(f"{error}. It is known now: nothing was written")
        raise error

    def _answer_early(self, jobs: Sequence[WriteJob], error: LedgerError) -> None:
        """Answer callers with an error while the outcome of a batch is not known."""
        waiting = [job for job in jobs if job.future is not None]
        for job in waiting:
            job.is_answered = True
        if waiting:
            promises = sum(job.lane is Lane.PROMISE for job in waiting)
            self._loop.call_soon_threadsafe(self._resolve, waiting, error, promises)

    def _answer(self, batch: list[WriteJob], error: LedgerError | None = None) -> None:
        waiting: list[WriteJob] = []
        promises = 0
        for job in batch:
            self._bytes_finished += job.size
            if job.future is not None and not job.is_answered:
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
