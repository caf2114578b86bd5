"""When is somebody to be woken?"""

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable

from tactful.runtime.ports import Clock

LATEST = 0.25
"""Seconds between looks at the clock: a clock that jumps is noticed within this."""


class SystemClock:
    """The machine's clock; never goes back while the process lives."""

    def __init__(self) -> None:
        self._last = 0

    def now(self) -> int:
        """Milliseconds since the Unix epoch, UTC."""
        self._last = max(self._last, time.time_ns() // 1_000_000)
        return self._last


class Timers:
    """One alarm a key; the callback may set it again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[int, str]] = []
        self._alarms: dict[str, tuple[int, Callable[[], None]]] = {}
        self._ticker: asyncio.TimerHandle | None = None

    def set(self, key: str, at: int | None, wake: Callable[[], None]) -> None:
        """Wake at an instant (ms), instead of an earlier request of the same key; None: never."""
        known = self._alarms.get(key)
        if at is None:
            self._alarms.pop(key, None)
            return
        self._alarms[key] = (at, wake)
        if known is None or known[0] != at:
            heapq.heappush(self._heap, (at, key))

    def next_at(self) -> int | None:
        """The next instant at which somebody is to be woken."""
        while self._heap:
            at, key = self._heap[0]
            alarm = self._alarms.get(key)
            if alarm is not None and alarm[0] == at:
                return at
            heapq.heappop(self._heap)
        return None

    def fire(self) -> int:
        """Wake whoever is due; how many there were."""
        now, fired = self._clock.now(), 0
        while (at := self.next_at()) is not None and at <= now:
            _, key = heapq.heappop(self._heap)
            _, wake = self._alarms.pop(key)
            wake()
            fired += 1
        return fired

    def start(self) -> None:
        """Look at the clock from now on, by the running event loop."""
        loop = asyncio.get_running_loop()
        self.fire()
        at = self.next_at()
        wait = LATEST if at is None else min(LATEST, max(0.0, (at - self._clock.now()) / 1000))
        self._ticker = loop.call_later(wait or 0.001, self.start)

    def stop(self) -> None:
        """Look no more."""
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None


class TestClock:
    """A clock that stands still until it is set; what is due on the way is done at its own time."""

    __test__ = False

    def __init__(self, start: int) -> None:
        self._now = start

    def now(self) -> int:
        """Milliseconds since the Unix epoch, UTC."""
        return self._now

    async def move(self, to: int, timers: Timers, settled: Callable[[], Awaitable[None]]) -> None:
        """Go to an instant, forwards through every alarm, or back in one step."""
        while (at := timers.next_at()) is not None and at <= to:
            self._now = max(self._now, at)
            timers.fire()
            await settled()
        self._now = to
