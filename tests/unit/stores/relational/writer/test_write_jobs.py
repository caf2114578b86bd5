"""The queue of the writer: what can wait is gathered, and keeps its place before other jobs."""

import asyncio
from collections.abc import Callable
from typing import cast

from support.counted_ledger import Counted
from support.ledger_rows import T0, accepted, entry, fact, present, push
from support.raw_connections import eventually
from tactful.runtime.ports.ledger_rows import Commit
from tactful.stores.relational.writer.write_jobs import (
    FLOWING_S,
    LONGEST_RIDE_S,
    RECORD_DELAY_S,
    RIDE_ROWS,
    Lane,
    WriteJob,
    WriteQueue,
    transactions,
)


async def test_deferred_records_are_written_together(counted: Counted) -> None:
    ledger, points = counted
    with ledger.deferred_writes():
        for number in range(100):
            ledger.record(Commit(entry=entry(at=T0 + number)))
            await asyncio.sleep(0)
        assert ledger.pending_bytes
        assert points == []
    # A flush is a job of its own, which may come after the transaction of the records.
    await eventually(lambda: not ledger.pending_bytes)
    assert points.count("after-commit") == 1
    assert len(await ledger.turn_entries(limit=999)) == 100


async def test_a_commit_writes_the_deferred_records_queued_before_it(counted: Counted) -> None:
    ledger, _ = counted
    with ledger.deferred_writes():
        ledger.record(Commit(session="se_1", state=b"first"))
        assert await ledger.commit(push(accepted(), limit=None)) is None
        assert present(await ledger.session("se_1")).state == b"first"


def test_work_outside_a_transaction_is_alone_in_its_part() -> None:
    inside = [WriteJob(lane=Lane.RECORD, turn=Commit()) for _ in range(3)]
    outside = WriteJob(lane=Lane.WORK, outside=True)
    parts = list(transactions([inside[0], inside[1], outside, inside[2]]))
    assert parts == [[inside[0], inside[1]], [outside], [inside[2]]]


class StillLoop:
    """The clock and the timers of an event loop, moved by the test."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None]) -> "StillLoop":
        self.timers.append((self.now + delay, callback))
        return self

    def cancel(self) -> None:
        self.timers.clear()

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        for at, callback in tuple(self.timers):
            if at <= self.now:
                callback()


class Arrivals:
    """A queue on a still loop, and what the thread has received of it."""

    def __init__(self) -> None:
        self.loop = StillLoop()
        self.queue = WriteQueue(cast(asyncio.AbstractEventLoop, self.loop))
        self._jobs: list[WriteJob] = []

    def add(self, job: WriteJob) -> None:
        self._jobs.append(job)

    def new(self) -> list[WriteJob]:
        """Return the jobs that were handed over since the last call."""
        self._jobs.clear()
        self.queue.receive(self, 0)
        return list(self._jobs)


def promise() -> WriteJob:
    return WriteJob(lane=Lane.PROMISE)


def rider(weight: int = 1) -> WriteJob:
    return WriteJob(lane=Lane.WORK, weight=weight, rides=True)


def test_a_job_that_can_wait_is_handed_over_with_the_next_promise() -> None:
    thread = Arrivals()
    thread.queue.put(promise())
    thread.new()
    waiting, next_promise = rider(), promise()
    thread.queue.ride(waiting)
    assert thread.new() == []
    thread.queue.put(next_promise)
    assert thread.new() == [waiting, next_promise]


def test_a_job_that_can_wait_is_handed_over_soon_where_no_promise_follows() -> None:
    thread = Arrivals()
    thread.queue.put(promise())
    thread.new()
    jobs = [rider(), rider()]
    thread.queue.ride(jobs[0])
    thread.loop.pass_time(LONGEST_RIDE_S / 2)
    thread.queue.ride(jobs[1])
    assert thread.new() == []
    thread.loop.pass_time(LONGEST_RIDE_S / 2)
    assert thread.new() == jobs


def test_a_job_that_can_wait_is_handed_over_at_once_where_no_promises_flow() -> None:
    thread = Arrivals()
    first, later = rider(), rider()
    thread.queue.ride(first)
    assert thread.new() == [first]
    thread.queue.put(promise())
    thread.new()
    thread.loop.pass_time(FLOWING_S)
    thread.queue.ride(later)
    assert thread.new() == [later]


def test_more_rows_than_ride_with_a_promise_do_not_wait_for_one() -> None:
    thread = Arrivals()
    thread.queue.put(promise())
    thread.new()
    jobs = [rider(), rider(RIDE_ROWS)]
    thread.queue.ride(jobs[0])
    assert thread.new() == []
    thread.queue.ride(jobs[1])
    assert thread.new() == jobs


def test_the_work_of_a_waiting_person_takes_along_what_came_before_it() -> None:
    thread = Arrivals()
    thread.queue.put(promise())
    thread.new()
    waiting, urgent = rider(), WriteJob(lane=Lane.WORK)
    thread.queue.ride(waiting)
    thread.queue.put(urgent)
    assert thread.new() == [waiting, urgent]


def test_records_wait_longer_for_company_while_promises_flow() -> None:
    thread = Arrivals()
    record = WriteJob(lane=Lane.RECORD, turn=Commit())
    thread.queue.gather(record)
    thread.loop.pass_time(RECORD_DELAY_S)
    assert thread.new() == [record]
    thread.queue.put(promise())
    thread.new()
    thread.queue.gather(record)
    thread.loop.pass_time(RECORD_DELAY_S)
    assert thread.new() == []
    thread.loop.pass_time(LONGEST_RIDE_S - RECORD_DELAY_S)
    assert thread.new() == [record]


def test_closing_hands_over_at_once_what_waits_for_a_promise() -> None:
    thread = Arrivals()
    thread.queue.put(promise())
    thread.new()
    waiting = rider()
    thread.queue.ride(waiting)
    thread.queue.close()
    assert thread.new() == [waiting]


async def test_facts_that_can_wait_share_the_commit_of_a_promise(counted: Counted) -> None:
    ledger, points = counted
    assert await ledger.commit(push(accepted("of_1"), limit=None)) is None
    points.clear()
    waiting = asyncio.create_task(ledger.record_facts([fact("order", "o1", 1)], can_wait=True))
    await asyncio.sleep(0)
    assert await ledger.commit(push(accepted("of_2"), limit=None)) is None
    await waiting
    assert points.count("after-commit") == 1
