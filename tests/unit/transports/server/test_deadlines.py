"""One clock for all connections."""

import asyncio

from support.raw_connections import within
from tactful.transports.server.deadlines import RINGS, DeadlineSweep


class Visited:
    def __init__(self) -> None:
        self.ticks = []
        self.came = asyncio.Event()

    def tick(self, now) -> None:
        self.ticks.append(now)
        self.came.set()

    def abort(self) -> None:
        pass


async def test_everybody_is_visited_within_a_round() -> None:
    rounds = asyncio.Queue()
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


async def test_who_leaves_is_visited_no_more() -> None:
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


async def test_a_new_holder_takes_the_same_place() -> None:
    sweep = DeadlineSweep(lambda: 0, period_ms=8)
    old, new = Visited(), Visited()
    ring = sweep.add(old)
    sweep.replace(ring, old, new)
    sweep.start(lambda: None)
    await within(new.came.wait())
    sweep.stop()
    assert old.ticks == []


async def test_who_leaves_during_the_visit_of_its_ring_disturbs_nobody() -> None:
    sweep = DeadlineSweep(lambda: 0, period_ms=8)
    stays = Visited()

    class Leaves(Visited):
        def tick(self, now):
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
