"""One clock for all connections: comes by each of them once a round."""

import asyncio
from collections.abc import Callable
from typing import Protocol

RINGS = 8  # a sweep over 10,000 at once would hold up an offer for 3 ms; an eighth does not


class Expirable(Protocol):
    """Somebody who waits for the clock."""

    def tick(self, now: int) -> None:
        """Do what is due."""

    def abort(self) -> None:
        """Drop the connection."""


class DeadlineSweep:
    """Visits everybody in turn, a ring at a time."""

    def __init__(self, clock: Callable[[], int], period_ms: int) -> None:
        self._clock = clock
        self._step_s = period_ms / 1_000 / RINGS
        self._rings: tuple[set[Expirable], ...] = tuple(set() for _ in range(RINGS))
        self._next_seat = 0
        self._next_ring = 0
        self._each_round: Callable[[], None]
        self._timer: asyncio.TimerHandle | None = None

    def start(self, each_round: Callable[[], None]) -> None:
        """Begin to come by, on the running loop; `each_round` is called once a round."""
        self._each_round = each_round
        self._timer = asyncio.get_running_loop().call_later(self._step_s, self._turn)

    def stop(self) -> None:
        """Come by no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def add(self, one: Expirable) -> int:
        """Visit this one from now on; the number is its ring."""
        self._next_seat = (self._next_seat + 1) % RINGS
        self._rings[self._next_seat].add(one)
        return self._next_seat

    def replace(self, ring: int, old: Expirable, new: Expirable) -> None:
        """Visit another one in the same place."""
        self._rings[ring].discard(old)
        self._rings[ring].add(new)

    def remove(self, ring: int, one: Expirable) -> None:
        """Visit this one no more."""
        self._rings[ring].discard(one)

    def watched(self) -> list[Expirable]:
        """All that are visited."""
        return [one for ring in self._rings for one in ring]

    def _turn(self) -> None:
        self.start(self._each_round)
        self._next_ring = (self._next_ring + 1) % RINGS
        if self._next_ring == 0:
            self._each_round()
        now = self._clock()
        for one in list(self._rings[self._next_ring]):
            one.tick(now)
