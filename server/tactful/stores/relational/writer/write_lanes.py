"""The lanes of the writer: what the next transaction holds, most urgent first.

A shopper or a checkout waits for a promise, the shop's systems wait for facts, and nobody waits for
records of browsing. So promises that wait get a transaction without slices of the rest, and the next
transaction holds at most one slice of other work and at most one slice of records, behind the promises
that came meanwhile. However much is queued, a promise waits for two slices at most, and for one where
promises are further apart than transactions are long.

What is little rides with the promises: it costs them less than a transaction of its own, with a sync of
its own, for which the next promise would wait.

Jobs of one session keep their order: a promise takes the earlier records of its session with it.
Jobs of one lane keep their order too.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

from tactful.stores.relational.writer.write_jobs import RIDE_ROWS, Lane, WriteJob

MAX_PROMISES: Final = 4096
"""Promises in one transaction. It bounds how long the first of them waits for the last."""
SLICE_ROWS: Final = 256
"""Rows of other work in one transaction, which take about 10 ms; a heavier job is alone."""
SLICE_RECORDS: Final = 256
"""Records of browsing in one transaction, which take about 5 ms."""


class WriteLanes:
    """The jobs that wait on the writer's thread."""

    def __init__(self, most_works: int = MAX_PROMISES) -> None:
        """Hold nothing yet.

        Args:
            most_works: Promises in one transaction that read what they rest on by themselves, each
                with trips of its own where the database is remote.
        """
        self._most_works = most_works
        self._promises: deque[WriteJob] = deque()
        self._work: deque[WriteJob] = deque()
        # Records that a promise took along stay in the deque and are skipped.
        self._records: deque[WriteJob] = deque()
        self._by_session: dict[str, deque[WriteJob]] = {}
        self._number = 0
        self._was_promises_only = False

    def __bool__(self) -> bool:
        """Return whether any job may wait."""
        return bool(self._promises or self._work or self._records)

    def add(self, job: WriteJob) -> None:
        """Add a job behind those of its lane."""
        self._number += 1
        job.number = self._number
        if job.lane is Lane.PROMISE:
            self._promises.append(job)
        elif job.lane is Lane.WORK:
            self._work.append(job)
        else:
            self._records.append(job)
            if job.session is not None:
                self._by_session.setdefault(job.session, deque()).append(job)

    def put_back(self, jobs: Iterable[WriteJob]) -> None:
        """Return records that could not be written to the front of their lanes, in their order."""
        for job in sorted(jobs, key=lambda one: one.number, reverse=True):
            job.is_taken = False
            if job.lane is Lane.PROMISE:
                self._promises.appendleft(job)
            else:
                self._records.appendleft(job)
                if job.session is not None:
                    self._by_session.setdefault(job.session, deque()).appendleft(job)

    def next_batch(self) -> list[WriteJob]:
        """Take the jobs of the next transaction, in the order in which they are performed."""
        batch: list[WriteJob] = []
        works = 0
        for _ in range(min(len(self._promises), MAX_PROMISES)):
            works += self._promises[0].work is not None
            if works > self._most_works:
                break
            job = self._promises.popleft()
            if self._by_session and job.session is not None:
                batch += self._earlier_records(job.session, job.number)
            batch.append(job)
        # Other work is left out once at a time, so that no stream of promises starves it.
        self._was_promises_only = bool(batch) and not self._was_promises_only
        if not self._was_promises_only:
            batch += self._slice_of_work()
            if not self._promises:
                # A record may belong behind a promise of its session that is left.
                batch += self._slice_of_records()
        else:
            batch += self._riders()
        return batch

    def take_waiting(self) -> list[WriteJob]:
        """Take the jobs whose callers wait; records stay."""
        jobs = [job for job in (*self._promises, *self._work) if job.future is not None]
        records = [job for job in self._promises if job.future is None]
        self._promises.clear()
        self._promises.extend(records)
        self._work.clear()
        return jobs

    def drain(self) -> list[WriteJob]:
        """Take all jobs."""
        jobs = [*self._promises, *self._work, *(job for job in self._records if not job.is_taken)]
        for lane in (self._promises, self._work, self._records):
            lane.clear()
        self._by_session.clear()
        return jobs

    def _earlier_records(self, session: str, number: int) -> list[WriteJob]:
        found: list[WriteJob] = []
        queued = self._by_session.get(session)
        while queued and queued[0].number < number:
            job = queued.popleft()
            job.is_taken = True
            found.append(job)
        if queued is not None and not queued:
            del self._by_session[session]
        return found

    def _slice_of_work(self) -> list[WriteJob]:
        found: list[WriteJob] = []
        weight = 0
        while self._work and (not found or weight + self._work[0].weight <= SLICE_ROWS):
            weight += self._work[0].weight
            found.append(self._work.popleft())
        return found

    def _riders(self) -> list[WriteJob]:
        """Take the work that can wait for promises, up to `RIDE_ROWS`, and records if they are few."""
        found: list[WriteJob] = []
        rows = 0
        while self._work and self._work[0].rides and rows + self._work[0].weight <= RIDE_ROWS:
            rows += self._work[0].weight
            found.append(self._work.popleft())
        if not self._promises and len(self._records) <= RIDE_ROWS:
            found += self._slice_of_records()
        return found

    def _slice_of_records(self) -> list[WriteJob]:
        found: list[WriteJob] = []
        while self._records and len(found) < SLICE_RECORDS:
            job = self._records.popleft()
            if job.is_taken:
                continue
            if job.session is not None:
                found += self._earlier_records(job.session, job.number + 1)
            else:
                found.append(job)
        return found
