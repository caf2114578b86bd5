"""Alarms, on the machine's clock and on one that is set."""

import asyncio
from functools import partial
from pathlib import Path
from random import Random  # noqa: TID251 - seeded

from tactful.runtime.timers import MAX_FIRED_AT_ONCE, STALE_ENTRIES, SystemClock, TestClock, Timers


async def nothing() -> None:
    return None


async def test_a_moved_clock_rings_every_alarm_at_its_own_time() -> None:
    clock = TestClock(1000)
    timers, rung = Timers(clock), []
    timers.set("b", 1500, lambda: rung.append(("b", clock.now())))
    timers.set("a", 1200, lambda: rung.append(("a", clock.now())))
    await clock.move(2000, timers, nothing)
    assert rung == [("a", 1200), ("b", 1500)]
    assert clock.now() == 2000


async def test_an_alarm_set_by_an_alarm_rings_on_the_same_way() -> None:
    clock = TestClock(0)
    timers, rung = Timers(clock), []

    def again() -> None:
        rung.append(clock.now())
        if clock.now() < 30:
            timers.set("a", clock.now() + 10, again)

    timers.set("a", 10, again)
    await clock.move(100, timers, nothing)
    assert rung == [10, 20, 30]


def test_setting_an_alarm_again_replaces_it_and_none_removes_it() -> None:
    clock = TestClock(0)
    timers, rung = Timers(clock), []
    timers.set("a", 10, lambda: rung.append("first"))
    timers.set("a", 20, lambda: rung.append("second"))
    timers.set("b", 5, lambda: rung.append("never"))
    timers.set("b", None, lambda: None)
    assert timers.next_due() == 20
    clock._now = 30
    assert timers.fire() == 1
    assert rung == ["second"]
    assert timers.next_due() is None


def test_what_is_due_in_one_instant_rings_some_at_a_time() -> None:
    clock = TestClock(0)
    timers, rung = Timers(clock), []
    for number in range(2 * MAX_FIRED_AT_ONCE + 1):
        timers.set(str(number), 10, partial(rung.append, number))
    clock._now = 10
    assert [timers.fire() for _ in range(4)] == [MAX_FIRED_AT_ONCE, MAX_FIRED_AT_ONCE, 1, 0]
    assert len(set(rung)) == 2 * MAX_FIRED_AT_ONCE + 1


async def test_a_moved_clock_rings_all_that_is_due_in_one_instant() -> None:
    clock = TestClock(0)
    timers, rung = Timers(clock), []
    for number in range(2 * MAX_FIRED_AT_ONCE):
        timers.set(str(number), 10, partial(rung.append, number))
    await clock.move(10, timers, nothing)
    assert len(rung) == 2 * MAX_FIRED_AT_ONCE


async def test_a_clock_may_be_set_back() -> None:
    clock = TestClock(1000)
    await clock.move(500, Timers(clock), nothing)
    assert clock.now() == 500


async def test_a_clock_with_a_file_goes_on_where_it_stood_even_amid_a_move(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock = TestClock(1000, file)
    timers, seen = Timers(clock), []
    timers.set("a", 1200, lambda: seen.append(TestClock(0, file).now()))
    await clock.move(2000, timers, nothing)
    assert seen == [1200]
    assert TestClock(0, file).now() == 2000


async def test_the_machines_clock_rings_within_a_second() -> None:
    clock = SystemClock()
    timers, rung = Timers(clock), asyncio.Event()
    timers.set("a", clock.now() + 20, rung.set)
    timers.start()
    await asyncio.wait_for(rung.wait(), 1)
    timers.stop()
    timers.stop()


def test_the_machines_clock_never_goes_back() -> None:
    clock = SystemClock()
    clock._last = 2**50
    assert clock.now() == 2**50


async def test_an_alarm_that_is_put_off_or_brought_forward_rings_once() -> None:
    clock = TestClock(0)
    timers, rung = Timers(clock), []
    for at in (1_000, 3_000, 2_000, 2_500):
        timers.set("a", at, lambda: rung.append(clock.now()))
    assert timers.next_due() == 2_500
    await clock.move(10_000, timers, nothing)
    assert rung == [2_500]


def test_whoever_sets_and_takes_back_without_end_does_not_grow_the_heap() -> None:
    timers, dice = Timers(TestClock(0)), Random(1)
    for step in range(20_000):
        key = f"{dice.randrange(50)}"
        at = None if dice.random() < 0.3 else dice.randrange(10_000) - step
        timers.set(key, at, lambda: None)
    assert len(timers) <= 50
    assert len(timers._heap) <= STALE_ENTRIES + 2 * 50 + 1


async def test_random_alarms_ring_as_a_plain_list_of_them_would() -> None:
    clock = TestClock(0)
    dice, timers, expected, rung = Random(2), Timers(clock), {}, []
    for _ in range(3_000):
        key = f"{dice.randrange(40)}"
        if dice.random() < 0.2:
            expected.pop(key, None)
            timers.set(key, None, lambda: None)
        else:
            expected[key] = dice.randrange(100_000)
            timers.set(key, expected[key], lambda key=key: rung.append((clock.now(), key)))
    await clock.move(100_000, timers, nothing)
    assert sorted(rung) == sorted((at, key) for key, at in expected.items())
