"""Jobs of the writer, and the queue between the event loop and the writer's thread."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

from tactful.runtime.ports.ledger_rows import Commit

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

MAX_BATCH: Final = 4096
"""Jobs in one transaction. It bounds how long the first of them waits for the last."""
RECORD_DELAY_S: Final = 0.02
"""Seconds for which records are gathered before the thread is woken.

A thread that wakes for each record takes the interpreter from the event loop each time.
"""


class WriteJob:
    """Work whose caller waits for the outcome, or a record whose caller does not wait.

    `outside`: the work must run outside any transaction. `size`: the record's size in bytes.
    """

    __slots__ = ("future", "outcome", "outside", "record", "size", "work")

    def __init__(
        self,
        *,
        work: Work[Any] | None = None,
        future: "asyncio.Future[Any] | None" = None,
        outside: bool = False,
        record: Commit | None = None,
        size: int = 0,
    ) -> None:
        self.work = work
        self.future = future
        self.outside = outside
        self.record = record
        self.size = size
        self.outcome: Any = None


class WriteQueue:
    """Jobs on their way to the writer's thread.

    The event loop calls everything but `next_batch`, which the thread calls.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: SimpleQueue[WriteJob | None] = SimpleQueue()
        # Event loop only: records that are not handed to the thread yet.
        self._gathered: list[WriteJob] = []
        self._timer: asyncio.TimerHandle | None = None
        self._deferrals = 0

    def put(self, job: WriteJob) -> None:
        """Hand a job to the thread, after the records that were gathered before it."""
        self.send()
        self._queue.put(job)

    def gather(self, record: WriteJob) -> None:
        """Hand a record to the thread soon, together with others."""
        self._gathered.append(record)
        if self._timer is None and not self._deferrals:
            self._timer = self._loop.call_later(RECORD_DELAY_S, self.send)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Gather records until the block ends, or until a job is queued whose caller waits."""
        self._deferrals += 1
        try:
            yield
        finally:
            self._deferrals -= 1
            if not self._deferrals:
                self.send()

    def send(self) -> None:
        """Hand the gathered records to the thread, before any job that is waited for."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for job in self._gathered:
            self._queue.put(job)
        self._gathered.clear()

    def close(self) -> None:
        """Hand everything to the thread, and after it the sign that nothing follows."""
        self.send()
        self._queue.put(None)

    def next_batch(self, timeout_s: float | None) -> tuple[list[WriteJob], bool]:
        """Return everything that is queued, and whether more may follow (False: it is closed).

        Args:
            timeout_s: Seconds after which the batch is returned empty; `None` waits without end.
        """
        try:
            job = self._queue.get(timeout=timeout_s)
        except Empty:
            return [], True
        jobs: list[WriteJob] = []
        while job is not None:
            jobs.append(job)
            if len(jobs) == MAX_BATCH or self._queue.empty():
                return jobs, True
            job = self._queue.get()
        return jobs, False


def transactions(batch: list[WriteJob]) -> Iterator[list[WriteJob]]:
    """Cut a batch into transactions, in order; work outside a transaction is alone in its part."""
    together: list[WriteJob] = []
    for job in batch:
        if job.outside:
            if together:
                yield together
            yield [job]
            together = []
        else:
            together.append(job)
    if together:
        yield together
