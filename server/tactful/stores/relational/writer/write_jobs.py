"""Jobs of the writer, and the queue between the event loop and the writer's thread."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from queue import Empty, SimpleQueue
from typing import Any, Final, Protocol, TypeVar

from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Commit
from tactful.stores.relational.ledger_connection import LedgerConnection

T = TypeVar("T")
Work = Callable[[LedgerConnection], T]

RECORD_DELAY_S: Final = 0.02
"""Seconds for which records are gathered before the thread is woken.

A thread that wakes for each record takes the interpreter from the event loop each time.
"""
LONGEST_RIDE_S: Final = 0.05
"""Seconds for which a job waits at most to share the transaction of a promise.

60 offers a second are 120 promises, 8 ms apart, so nearly every job finds one in time. A delivery waits
twice, for its row of the inbox and for its facts, and must withdraw an offer within 250 ms.
"""
FLOWING_S: Final = 0.25
"""Seconds after a promise for which others are expected, so that jobs wait for one to ride with."""
RIDE_ROWS: Final = 16
"""Rows that ride with a promise. As facts they take 1 ms; a sync takes 1 to 5 ms."""


class Lane(Enum):
    """How urgent a job is; see `write_lanes`."""

    PROMISE = 0
    """Commits, redemptions, and records with offers, balances or contact histories."""
    WORK = 1
    """Everything else whose caller waits: facts, erasures, prunes, operator actions."""
    RECORD = 2
    """Records of browsing, and jobs that come after all records queued before them."""


class WriteJob:
    """Work or a turn whose caller waits for the outcome, or a record whose caller does not wait."""

    __slots__ = (
        "future", "is_answered", "is_taken", "lane", "number", "outcome", "outside", "rides", "session", "size",
        "turn", "weight", "work",
    )  # fmt: skip

    def __init__(
        self,
        *,
        lane: Lane,
        work: Work[Any] | None = None,
        future: "asyncio.Future[Any] | None" = None,
        outside: bool = False,
        rides: bool = False,
        turn: Commit | None = None,
        size: int = 0,
        session: str | None = None,
        weight: int = 1,
    ) -> None:
        """Describe a job.

        Args:
            lane: How urgent it is.
            work: What is done, for a job that is no turn.
            future: Resolved on the event loop with the outcome.
            outside: Whether the work must run outside any transaction.
            rides: Whether its caller is a machine that can wait for a promise to share the transaction.
            turn: The turn that is written. It may be refused if its caller waits for it.
            size: The record's size in bytes.
            session: The session whose earlier records are written first; `None`: of no session.
            weight: About how many rows the work writes.
        """
        self.lane = lane
        self.work = work
        self.future = future
        self.outside = outside
        self.rides = rides
        self.turn = turn
        self.size = size
        self.session = session
        self.weight = weight
        self.outcome: Any = None
        self.number = 0
        self.is_taken = False
        self.is_answered = False

    @property
    def is_record(self) -> bool:
        """Return whether it is a turn for which nobody waits."""
        return self.turn is not None and self.future is None


class JobReceiver(Protocol):
    """Where the thread keeps the jobs that it received."""

    def add(self, job: WriteJob) -> None:
        """Add a job behind those of its lane."""


class WriteQueue:
    """Jobs on their way to the writer's thread.

    Each transaction ends with a sync, for which promises behind it wait. So records, and work that can
    wait, open none of their own while promises flow: they are handed over with the next promise, and
    without it `LONGEST_RIDE_S` after the first of them.

    The event loop calls everything but `receive`, which the thread calls.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: SimpleQueue[list[WriteJob] | None] = SimpleQueue()
        # Event loop only: jobs that are not handed to the thread yet.
        self._gathered: list[WriteJob] = []
        self._riding_rows = 0
        self._timer: asyncio.TimerHandle | None = None
        self._deferrals = 0
        self._promised_at = -FLOWING_S

    def put(self, job: WriteJob) -> None:
        """Hand a job to the thread, after the jobs that were gathered before it."""
        self._gathered.append(job)
        if job.lane is Lane.PROMISE:
            self._promised_at = self._loop.time()
        self.send()

    def ride(self, job: WriteJob) -> None:
        """Hand a job to the thread with the next promise, soon without one, at once if none flow.

        Jobs of more rows than ride with a promise get a slice of their own, and do not wait.
        """
        self._gathered.append(job)
        self._riding_rows += job.weight
        if self._riding_rows > RIDE_ROWS or not self._is_flowing():
            self.send()
        else:
            self._send_after(LONGEST_RIDE_S)

    def gather(self, record: WriteJob) -> None:
        """Hand a record to the thread soon, together with others."""
        self._gathered.append(record)
        if not self._deferrals:
            self._send_after(LONGEST_RIDE_S if self._is_flowing() else RECORD_DELAY_S)

    def _is_flowing(self) -> bool:
        return self._loop.time() < self._promised_at + FLOWING_S

    def _send_after(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(seconds, self.send)

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
        """Hand what was gathered to the thread at once, so that it does not wake for a part of it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._gathered:
            self._queue.put(self._gathered)
            self._gathered = []
            self._riding_rows = 0

    def close(self) -> None:
        """Hand everything to the thread, and after it the sign that nothing follows."""
        self.send()
        self._queue.put(None)

    def receive(self, lanes: JobReceiver, timeout_s: float | None) -> bool:
        """Move everything that is queued into the lanes; return whether more may follow.

        Args:
            lanes: Receives the jobs in the order in which they were queued.
            timeout_s: Seconds to wait for the first job; `None` waits without end.
        """
        try:
            jobs = self._queue.get(timeout_s != 0, timeout_s)
            while jobs is not None:
                for job in jobs:
                    lanes.add(job)
                if self._queue.empty():
                    return True
                jobs = self._queue.get_nowait()
        except Empty:
            return True
        return False


def transactions(batch: list[WriteJob]) -> list[list[WriteJob]]:
    """Cut a batch into transactions, in order; work outside a transaction is alone in its part."""
    parts: list[list[WriteJob]] = []
    together: list[WriteJob] = []
    for job in batch:
        if job.outside:
            parts += [together, [job]]
            together = []
        else:
            together.append(job)
    parts.append(together)
    return [part for part in parts if part]


def resolve(jobs: list[WriteJob], error: LedgerError | None) -> None:
    """Answer the callers of jobs on the event loop: with their outcome, or all with one error."""
    for job in jobs:
        future = job.future
        if future is None or future.done():
            continue
        if error is not None:
            # Each caller gets an exception of its own, because one collects the frames it passes.
            future.set_exception(type(error)(str(error), retry=error.retry))
        elif isinstance(job.outcome, Exception):
            future.set_exception(job.outcome)
        else:
            future.set_result(job.outcome)


def session_of(commit: Commit) -> str | None:
    """Return the session to whose order a commit or record belongs; `None`: to none."""
    return commit.session or (commit.entry.session if commit.entry else None)
