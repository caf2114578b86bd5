"""Timers that fire by a clock, and the clock of tests."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from tactful.runtime.ports.environment import Clock

MAX_WAIT_S: Final = 0.25
"""Seconds between two looks at the clock: a clock that jumps is noticed within this time."""
MAX_FIRED_AT_ONCE: Final = 50
"""Timers that fire before the event loop runs other work; each takes some 100 µs.

A sale can begin for every session at one instant, so all their timers are due together.
"""
STALE_ENTRIES: Final = 64
"""The heap is rebuilt when it has more entries than twice the timers plus this number."""
TEST_CLOCK_FILE: Final = "clock"
"""File in the data folder that holds the test clock's instant."""


class Timer:
    """A callback that is due at an instant."""

    __slots__ = ("at", "entered_at", "fire")

    def __init__(self, at: int, fire: Callable[[], None]) -> None:
        self.at = self.entered_at = at
        """`at`: when the timer fires. `entered_at`: the instant of its heap entry, never later."""
        self.fire = fire


class Timers:
    """One timer per key, kept in a heap.

    A timer that is postponed keeps its heap entry. The entry is corrected when its old instant
    comes. Almost every signal postpones a timer, so the usual call costs one dictionary look-up.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[int, str]] = []
        self._timers: dict[str, Timer] = {}
        self._ticker: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._timers)

    def set(self, key: str, at: int | None, fire: Callable[[], None]) -> None:
        """Set the timer of a key; an earlier one of the same key no longer fires.

        Args:
            key: Names the timer.
            at: Milliseconds since the Unix epoch, UTC; None cancels the timer.
            fire: Called once, on the event loop; it may set the timer again.
        """
        if at is None:
            self._timers.pop(key, None)
            return
        timer = self._timers.get(key)
        if timer is None:
            timer = self._timers[key] = Timer(at, fire)
            self._push(key, timer)
        else:
            timer.at, timer.fire = at, fire
            if at < timer.entered_at:
                self._push(key, timer)

    def cancel(self, key: str) -> None:
        """Cancel the timer of a key, if there is one."""
        self._timers.pop(key, None)

    def _push(self, key: str, timer: Timer) -> None:
        """Enter a timer into the heap, which is rebuilt when cancelled timers outnumber the others."""
        timer.entered_at = timer.at
        if len(self._heap) > STALE_ENTRIES + 2 * len(self._timers):
            self._heap = [(one.entered_at, name) for name, one in self._timers.items()]
            heapq.heapify(self._heap)
        else:
            heapq.heappush(self._heap, (timer.entered_at, key))

    def next_due(self) -> int | None:
        """Return when the next timer fires (ms since the Unix epoch); None: no timer is set."""
        while self._heap:
            entered_at, key = self._heap[0]
            timer = self._timers.get(key)
            if timer is None or timer.entered_at != entered_at:
                heapq.heappop(self._heap)
            elif timer.at > entered_at:
                timer.entered_at = timer.at
                heapq.heapreplace(self._heap, (timer.at, key))
            else:
                return entered_at
        return None

    def fire(self) -> int:
        """Fire timers that are due, at most `MAX_FIRED_AT_ONCE`; return how many."""
        now, fired = self._clock.now(), 0
        while fired < MAX_FIRED_AT_ONCE and (at := self.next_due()) is not None and at <= now:
            _, key = heapq.heappop(self._heap)
            self._timers.pop(key).fire()
            fired += 1
        return fired

    def start(self) -> None:
        """Fire timers from now on, on the running event loop."""
        loop = asyncio.get_running_loop()
        self.fire()
        at = self.next_due()
        wait = MAX_WAIT_S if at is None else min(MAX_WAIT_S, max(0, at - self._clock.now()) / 1000)
        # A wait of 0 would not let the loop poll its sockets between two chunks.
        self._ticker = loop.call_later(wait or 0.001, self.start)

    def stop(self) -> None:
        """Fire no more timers."""
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None


class TestClock:
    """A clock that stands still until it is moved; timers on the way fire at their own instants."""

    __test__ = False

    def __init__(self, start: int, file: Path | None = None) -> None:
        """Start at an instant.

        Args:
            start: Milliseconds since the Unix epoch, UTC.
            file: Keeps the instant over a restart, even after a crash. If the file exists, its
                instant replaces `start`.
        """
        self._file = file
        self._now = int(file.read_text("ascii")) if file and file.exists() else start

    def now(self) -> int:
        """Return milliseconds since the Unix epoch, UTC."""
        return self._now

    async def move(self, to: int, timers: Timers, settled: Callable[[], Awaitable[None]]) -> None:
        """Move forwards through every timer, or back in one step.

        Args:
            to: Milliseconds since the Unix epoch, UTC.
            timers: Fire on the way, each at its own instant.
            settled: Returns when all work that a timer started has finished.
        """
        while (at := timers.next_due()) is not None and at <= to:
            self._set(max(self._now, at))
            timers.fire()
            await settled()
        self._set(to)

    def _set(self, now: int) -> None:
        if self._file and now != self._now:
            draft = self._file.with_suffix(".draft")
            draft.write_text(str(now), "ascii")
            draft.replace(self._file)
        self._now = now
