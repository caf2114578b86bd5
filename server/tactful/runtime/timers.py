"""When is somebody to be woken?"""

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tactful.runtime.ports.environment import Clock

LATEST = 0.25
"""Seconds between looks at the clock: a clock that jumps is noticed within this."""
AT_ONCE = 50
"""Alarms that go off before others get a turn, of some 100 µs each: a sale begins for all in one instant."""
SLACK = 64
"""Entries of alarms taken back that the heap may hold beside one for each that stands."""


TEST_CLOCK_FILE = "clock"
"""In a data folder: where the clock of test mode stands."""
YEAR_2020 = 1_577_836_800_000
"""No server of ours has run before: a clock that says so has not been set."""


class ClockError(Exception):
    """The machine's clock cannot be right; the text says what to do."""


class SystemClock:
    """The machine's clock; never goes back while the process lives."""

    def __init__(self) -> None:
        """Refuse a clock that was never set: whatever rests on time would be wrong for good."""
        self._last = 0
        if self.now() < YEAR_2020:
            year = time.gmtime(self._last / 1000).tm_year
            raise ClockError(
                f"this machine's clock says that it is the year {year}, so no offer would end and no"
                " signature hold; set it, or let it be set over the network, then start again"
            )

    def now(self) -> int:
        """Milliseconds since the Unix epoch, UTC."""
        now = time.time_ns() // 1_000_000
        if now > self._last:
            self._last = now
        return self._last


class Alarm:
    """Whom to wake, and when; `due` is the instant under which the heap has it, never later."""

    __slots__ = ("at", "due", "wake")

    def __init__(self, at: int, wake: Callable[[], None]) -> None:
        self.at = self.due = at
        self.wake = wake


class Timers:
    """One alarm a key; the callback may set it again.

    An alarm that is put off, as every act of a shopper does, stays in the heap where it was, and is
    put right when its old instant comes.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[int, str]] = []
        self._alarms: dict[str, Alarm] = {}
        self._ticker: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._alarms)

    def set(self, key: str, at: int | None, wake: Callable[[], None]) -> None:
        """Wake at an instant (ms), instead of an earlier request of the same key; None: never."""
        if at is None:
            self._alarms.pop(key, None)
            return
        alarm = self._alarms.get(key)
        if alarm is None:
            alarm = self._alarms[key] = Alarm(at, wake)
            self._push(key, alarm)
        else:
            alarm.at, alarm.wake = at, wake
            if at < alarm.due:
                self._push(key, alarm)

    def _push(self, key: str, alarm: Alarm) -> None:
        """Nobody who sets alarms and takes them back makes the heap outgrow those that stand."""
        alarm.due = alarm.at
        if len(self._heap) > SLACK + 2 * len(self._alarms):
            self._heap = [(one.due, name) for name, one in self._alarms.items()]
            heapq.heapify(self._heap)
        else:
            heapq.heappush(self._heap, (alarm.due, key))

    def next_due(self) -> int | None:
        """The next instant at which somebody is to be woken."""
        while self._heap:
            due, key = self._heap[0]
            alarm = self._alarms.get(key)
            if alarm is None or alarm.due != due:
                heapq.heappop(self._heap)
            elif alarm.at > due:
                alarm.due = alarm.at
                heapq.heapreplace(self._heap, (alarm.at, key))
            else:
                return due
        return None

    def fire(self) -> int:
        """Wake who is due, some at a time; how many were woken."""
        now, fired = self._clock.now(), 0
        while fired < AT_ONCE and (at := self.next_due()) is not None and at <= now:
            _, key = heapq.heappop(self._heap)
            self._alarms.pop(key).wake()
            fired += 1
        return fired

    def start(self) -> None:
        """Look at the clock from now on, by the running event loop."""
        loop = asyncio.get_running_loop()
        self.fire()
        at = self.next_due()
        wait = LATEST if at is None else min(LATEST, max(0.0, (at - self._clock.now()) / 1000))
        self._ticker = loop.call_later(wait or 0.001, self.start)

    def stop(self) -> None:
        """Look no more."""
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None


class TestClock:
    """A clock that stands still until it is set; what is due on the way is done at its own time.

    With a `file` it stands still over a restart too, however abrupt.
    """

    __test__ = False

    def __init__(self, start: int, file: Path | None = None) -> None:
        self._file = file
        self._now = int(file.read_text("ascii")) if file and file.exists() else start

    def now(self) -> int:
        """Milliseconds since the Unix epoch, UTC."""
        return self._now

    async def move(self, to: int, timers: Timers, settled: Callable[[], Awaitable[None]]) -> None:
        """Go to an instant, forwards through every alarm, or back in one step."""
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
