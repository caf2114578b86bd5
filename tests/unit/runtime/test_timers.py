"""Timers, on the machine's clock and on a test clock."""

import asyncio
from functools import partial
from pathlib import Path
from random import Random  # noqa: TID251 - seeded
from typing import Any

from tactful.runtime.system_clock import SystemClock
from tactful.runtime.timers import (
    MAX_FIRED_AT_ONCE,
    STALE_ENTRIES,
    TestClock,
    Timers,
)


async def nothing() -> None:
    return None


async def test_a_moved_clock_fires_every_timer_at_its_own_instant() -> None:
    clock = TestClock(1000)
    timers, fired = Timers(clock), list[Any]()
    timers.set("b", 1500, lambda: fired.append(("b", clock.now())))
    timers.set("a", 1200, lambda: fired.append(("a", clock.now())))
    await clock.move(2000, timers, nothing)
    assert fired == [("a", 1200), ("b", 1500)]
    assert clock.now() == 2000


async def test_a_timer_set_by_a_timer_fires_during_the_same_move() -> None:
    clock = TestClock(0)
    timers, fired = Timers(clock), list[Any]()

    def again() -> None:
        fired.append(clock.now())
        if clock.now() < 30:
            timers.set("a", clock.now() + 10, again)

    timers.set("a", 10, again)
    await clock.move(100, timers, nothing)
    assert fired == [10, 20, 30]


def test_setting_a_timer_again_replaces_it_and_none_cancels_it() -> None:
    clock = TestClock(0)
    timers, fired = Timers(clock), list[Any]()
    timers.set("a", 10, lambda: fired.append("first"))
    timers.set("a", 20, lambda: fired.append("second"))
    timers.set("b", 5, lambda: fired.append("never"))
    timers.set("b", None, lambda: None)
    assert timers.next_due() == 20
    clock._now = 30
    assert timers.fire() == 1
    assert fired == ["second"]
    assert timers.next_due() is None


def test_timers_due_at_one_instant_fire_in_chunks() -> None:
    clock = TestClock(0)
    timers, fired = Timers(clock), list[Any]()
    for number in range(2 * MAX_FIRED_AT_ONCE + 1):
        timers.set(str(number), 10, partial(fired.append, number))
    clock._now = 10
    assert [timers.fire() for _ in range(4)] == [MAX_FIRED_AT_ONCE, MAX_FIRED_AT_ONCE, 1, 0]
    assert len(set(fired)) == 2 * MAX_FIRED_AT_ONCE + 1


async def test_a_moved_clock_fires_all_timers_due_at_one_instant() -> None:
    clock = TestClock(0)
    timers, fired = Timers(clock), list[Any]()
    for number in range(2 * MAX_FIRED_AT_ONCE):
        timers.set(str(number), 10, partial(fired.append, number))
    await clock.move(10, timers, nothing)
    assert len(fired) == 2 * MAX_FIRED_AT_ONCE


async def test_a_test_clock_can_be_set_back() -> None:
    clock = TestClock(1000)
    await clock.move(500, Timers(clock), nothing)
    assert clock.now() == 500


async def test_a_test_clock_with_a_file_keeps_its_instant_even_during_a_move(
    tmp_path: Path,
) -> None:
    file = tmp_path / "clock"
    clock = TestClock(1000, file)
    timers, seen = Timers(clock), list[int]()
    timers.set("a", 1200, lambda: seen.append(TestClock(0, file).now()))
    await clock.move(2000, timers, nothing)
    assert seen == [1200]
    assert TestClock(0, file).now() == 2000


async def test_a_timer_on_the_machines_clock_is_looked_at_when_it_is_due() -> None:
    clock = SystemClock()
    timers, fired = Timers(clock), asyncio.Event()
    timers.set("a", clock.now() + 20, fired.set)
    timers.start()
    assert timers._ticker is not None
    assert timers._ticker.when() <= asyncio.get_running_loop().time() + 0.02
    await asyncio.wait_for(fired.wait(), 30)
    timers.stop()
    timers.stop()


async def test_a_timer_that_is_put_off_or_brought_forward_fires_once() -> None:
    clock = TestClock(0)
    timers, fired = Timers(clock), list[Any]()
    for at in (1_000, 3_000, 2_000, 2_500):
        timers.set("a", at, lambda: fired.append(clock.now()))
    assert timers.next_due() == 2_500
    await clock.move(10_000, timers, nothing)
    assert fired == [2_500]


def test_setting_and_cancelling_without_end_does_not_grow_the_heap() -> None:
    timers, random = Timers(TestClock(0)), Random(1)
    for step in range(20_000):
        key = f"{random.randrange(50)}"
        at = None if random.random() < 0.3 else random.randrange(10_000) - step
        timers.set(key, at, lambda: None)
    assert len(timers) <= 50
    assert len(timers._heap) <= STALE_ENTRIES + 2 * 50 + 1


async def test_random_timers_fire_as_a_plain_list_of_them_would() -> None:
    clock = TestClock(0)
    random, timers = Random(2), Timers(clock)
    expected: dict[str, int] = {}
    fired: list[tuple[int, str]] = []

    def note(key: str) -> None:
        fired.append((clock.now(), key))

    for _ in range(3_000):
        key = f"{random.randrange(40)}"
        if random.random() < 0.2:
            expected.pop(key, None)
            timers.set(key, None, lambda: None)
        else:
            expected[key] = random.randrange(100_000)
            timers.set(key, expected[key], partial(note, key))
    await clock.move(100_000, timers, nothing)
    assert sorted(fired) == sorted((at, key) for key, at in expected.items())


def test_a_cancelled_timer_does_not_fire() -> None:
    timers = Timers(TestClock(10))
    timers.set("a", 5, lambda: None)
    timers.cancel("a")
    timers.cancel("never set")
    assert timers.fire() == 0
    assert len(timers) == 0
