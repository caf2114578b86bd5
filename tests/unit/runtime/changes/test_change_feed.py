"""Changes reach memory in order, exactly once, and before their writers are answered."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.runtime.changes.change_feed import READ_LIMIT, ChangeFeed
from tactful.runtime.ports.change_log import OnChanges
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Change


class Log:
    """A change log to which this process and others append."""

    is_shared = False

    def __init__(self) -> None:
        self.rows: list[Change] = []
        self.callback: OnChanges = lambda _: None
        self.reads = 0
        self.failing = False

    def append(self, *, own: bool, count: int = 1) -> None:
        """Append changes of one transaction; only those of this process are reported."""
        first = self.rows[-1].position + 1 if self.rows else 1
        new = [Change(first + n, 0, "fact", (("sku", "A"),)) for n in range(count)]
        self.rows += new
        if own:
            self.callback(new)

    async def position(self) -> int:
        await asyncio.sleep(0)
        return self.rows[-1].position if self.rows else 0

    async def changes(self, after: int, limit: int = 1000) -> list[Change]:
        self.reads += 1
        await asyncio.sleep(0)
        if self.failing:
            raise LedgerError("unreadable")
        return [one for one in self.rows if one.position > after][:limit]

    def subscribe(self, callback: OnChanges) -> Callable[[], None]:
        self.callback = callback

        def unsubscribe() -> None:
            self.callback = lambda _: None

        return unsubscribe


class Memory:
    """A handler that notes what it applies."""

    def __init__(self) -> None:
        self.applied: list[int] = []
        self.prepared: list[int] = []
        self.slow: set[int] = set()
        self.bad: set[int] = set()
        self.told = 0
        self.restarts = 0
        self.hold = asyncio.Event()
        self.hold.set()

    def needs_preparation(self, change: Change) -> bool:
        return change.position in self.slow

    async def prepare(self, change: Change) -> None:
        await asyncio.sleep(0)
        self.prepared.append(change.position)

    def apply(self, change: Change) -> None:
        if change.position in self.bad:
            self.bad.discard(change.position)
            raise ValueError("a programming error")
        self.applied.append(change.position)

    def propagate(self) -> Coroutine[Any, Any, None] | None:
        return self._tell() if self.applied else None

    async def _tell(self) -> None:
        await self.hold.wait()
        self.told = self.applied[-1]

    async def start_over(self) -> None:
        self.restarts += 1


def feed_of(log: Log) -> tuple[ChangeFeed, Memory]:
    feed, memory = ChangeFeed(log), Memory()
    feed.handle(("fact",), memory)
    return feed, memory


async def test_a_change_is_in_memory_before_its_writer_is_answered() -> None:
    log = Log()
    feed, memory = feed_of(log)
    log.append(own=True, count=3)
    assert (memory.applied, feed.applied) == ([1, 2, 3], 3)


async def test_its_writer_answers_only_when_the_sessions_concerned_know_it() -> None:
    log = Log()
    feed, memory = feed_of(log)
    memory.hold.clear()
    log.append(own=True)
    settled = asyncio.ensure_future(feed.settle())
    await asyncio.sleep(0)
    assert not settled.done()
    memory.hold.set()
    await settled
    assert memory.told == 1
    assert log.reads == 0, "what this process wrote is not read again"


async def test_what_another_process_wrote_is_read_before_what_follows_it() -> None:
    log = Log()
    feed, memory = feed_of(log)
    log.append(own=True)
    log.append(own=False, count=2)
    log.append(own=True)
    assert feed.applied == 1
    await feed.settle()
    assert memory.applied == [1, 2, 3, 4]


async def test_catching_up_finds_what_nobody_has_reported() -> None:
    log = Log()
    feed, memory = feed_of(log)
    log.append(own=False, count=READ_LIMIT + 5)
    await feed.catch_up()
    assert feed.applied == READ_LIMIT + 5
    assert memory.applied == [*range(1, READ_LIMIT + 6)]


async def test_it_begins_at_the_newest_change_and_ends_when_it_is_stopped() -> None:
    log = Log()
    feed, memory = feed_of(log)
    log.append(own=False, count=7)
    await feed.start()
    log.append(own=True)
    feed.stop()
    log.append(own=True)
    assert memory.applied == [8]


async def test_a_change_that_must_be_read_up_delays_all_that_follow() -> None:
    log = Log()
    feed, memory = feed_of(log)
    memory.slow = {2}
    log.append(own=True, count=3)
    assert memory.applied == [1]
    log.append(own=True)
    await feed.settle()
    assert (memory.prepared, memory.applied) == ([2], [1, 2, 3, 4])


async def test_a_gap_in_the_log_makes_it_start_over() -> None:
    log = Log()
    feed, memory = feed_of(log)
    log.append(own=True)
    log.append(own=False, count=5)
    log.rows = log.rows[4:]
    await feed.catch_up()
    assert (memory.applied, memory.restarts, feed.applied) == ([1], 1, 6)


async def test_a_ledger_that_went_back_makes_it_start_over_there() -> None:
    log = Log()
    feed, memory = feed_of(log)
    log.append(own=True, count=9)
    log.callback([Change(12, 0, "fact", ())])
    log.rows = log.rows[:4]
    await feed.wait_until_idle()
    assert (memory.restarts, feed.applied) == (1, 4)
    log.append(own=True)
    assert (memory.applied[-1], feed.applied) == (5, 5)


async def test_a_change_that_cannot_be_applied_makes_it_start_over() -> None:
    log = Log()
    feed, memory = feed_of(log)
    memory.bad = {2}
    log.append(own=True, count=3)
    await feed.wait_until_idle()
    assert (memory.applied, memory.restarts, feed.applied) == ([1, 3], 1, 3)


async def test_whoever_waits_for_an_unreadable_log_learns_it_and_may_try_again() -> None:
    log = Log()
    feed, memory = feed_of(log)
    log.append(own=False)
    log.failing = True
    with pytest.raises(LedgerError):
        await feed.catch_up()
    log.failing = False
    await feed.catch_up()
    assert memory.applied == [1]


async def test_changes_without_a_handler_are_counted() -> None:
    log = Log()
    feed = ChangeFeed(log)
    log.append(own=True, count=2)
    await feed.settle()
    assert feed.applied == 2


@given(st.lists(st.sampled_from(["own", "foreign", "settle", "catch up", "loop"]), max_size=30))
def test_every_change_is_applied_once_and_in_order(acts: Sequence[str]) -> None:
    async def run() -> None:
        log = Log()
        feed, memory = feed_of(log)
        memory.slow = {2, 5, 7}
        for act in acts:
            if act in {"own", "foreign"}:
                log.append(own=act == "own", count=2)
            elif act == "settle":
                await feed.settle()
            elif act == "catch up":
                await feed.catch_up()
            else:
                await asyncio.sleep(0)
        await feed.catch_up()
        await feed.wait_until_idle()
        assert memory.applied == [change.position for change in log.rows]
        assert feed.applied == len(log.rows)

    asyncio.run(run())
