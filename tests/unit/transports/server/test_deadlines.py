"""Deadline checks of all connections with one timer."""

import asyncio

from support.raw_connections import within
from tactful.transports.server.deadlines import RINGS, DeadlineSweep


class Visited:
    def __init__(self) -> None:
        self.ticks: list[int] = []
        self.ring = -1
        self.came = asyncio.Event()

    def tick(self, now: int) -> None:
        self.ticks.append(now)
        self.came.set()

    def abort(self) -> None:
        pass


async def test_every_object_is_checked_within_a_round() -> None:
    rounds: asyncio.Queue[None] = asyncio.Queue()
    sweep = DeadlineSweep(lambda: 7, period_ms=40)
    everybody = [Visited() for _ in range(20)]
    for one in everybody:
        sweep.add(one)
    sweep.start(lambda: rounds.put_nowait(None))
    await within(rounds.get())
    await within(rounds.get())
    sweep.stop()
    assert all(one.ticks and set(one.ticks) == {7} for one in everybody)


async def test_connections_are_spread_over_the_rings() -> None:
    sweep = DeadlineSweep(lambda: 0, period_ms=1_000)
    rings = [sweep.add(Visited()) for _ in range(RINGS * 3)]
    assert all(rings.count(ring) == 3 for ring in range(RINGS))


async def test_a_removed_object_is_no_longer_checked() -> None:
    sweep = DeadlineSweep(lambda: 0, period_ms=8)
    gone, stays = Visited(), Visited()
    ring = sweep.add(gone)
    sweep.add(stays)
    sweep.remove(ring, gone)
    sweep.start(lambda: None)
    await within(stays.came.wait())
    sweep.stop()
    assert gone.ticks == []
    assert sweep.watched() == [stays]


async def test_a_replacement_is_checked_instead() -> None:
    sweep = DeadlineSweep(lambda: 0, period_ms=8)
    old, new = Visited(), Visited()
    ring = sweep.add(old)
    sweep.replace(ring, old, new)
    sweep.start(lambda: None)
    await within(new.came.wait())
    sweep.stop()
    assert old.ticks == []


async def test_an_object_may_remove_itself_during_its_check() -> None:
    sweep = DeadlineSweep(lambda: 0, period_ms=8)
    stays = Visited()

    class Leaves(Visited):
        def tick(self, now: int) -> None:
            super().tick(now)
            sweep.remove(self.ring, self)

    leavers = [Leaves() for _ in range(RINGS)]
    for one in leavers:
        one.ring = sweep.add(one)
    sweep.add(stays)
    sweep.start(lambda: None)
    for one in leavers:
        await within(one.came.wait())
    await within(stays.came.wait())
    sweep.stop()
    assert all(len(one.ticks) == 1 for one in leavers)


async def test_a_sweep_that_was_never_started_can_be_stopped() -> None:
    DeadlineSweep(lambda: 0, period_ms=8).stop()
