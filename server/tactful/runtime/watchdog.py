"""Detection of a blocked event loop, and of steps of the machine's clock.

A thread reads the loop's stack during the block. Afterwards the stack no longer shows the cause.
Stalls are logged as one warning a minute: a busy machine has dozens, and each alone is no fault.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from threading import Event, Thread, get_ident
from types import FrameType
from typing import Final

import structlog

from tactful.runtime.system_clock import SystemClock
from tactful.runtime.telemetry import Telemetry

log = structlog.get_logger("tactful.loop")

BEAT_S: Final = 0.05
"""Seconds between two heartbeats of the loop."""
BEATS_PER_LOOK: Final = 5
"""Heartbeats between two looks at the machine's clock, which cost as much as the heartbeats."""
STALL_S: Final = 0.2
"""Seconds without a heartbeat that count as a stall; meanwhile no offer can be withdrawn."""
LOOK_DELAY_S: Final = 0.005
"""Seconds by which the thread looks later than a stall begins to count, so that it looks once."""
SUMMARY_S: Final = 60.0
"""Seconds of stalls that one warning sums up."""
CLOCK_EVENTS: Final = {
    "jumped": "clock.jumped",
    "believed": "clock.believed",
    "returned": "clock.returned",
}
"""Log event of each change of the machine's clock. The names are public."""
STACK_FRAMES: Final = 8
"""Innermost frames of a blocked loop that are logged."""


class StallSummary:
    """The stalls since the first one that no warning has named yet."""

    def __init__(self) -> None:
        self._since = 0.0
        """When the first of them ended, in seconds of the monotonic clock."""
        self._count = 0
        self._worst_ms = 0
        self._worst_at: list[str] = []

    def add(self, now: float, milliseconds: int, places: list[str]) -> None:
        """Count a stall that has just ended.

        Args:
            now: Seconds of the monotonic clock.
            milliseconds: How long the loop was blocked.
            places: Where it was blocked.
        """
        if not self._count:
            self._since = now
        self._count += 1
        if milliseconds > self._worst_ms:
            self._worst_ms, self._worst_at = milliseconds, places
        log.debug("loop.stalled", ms=milliseconds, where=places)

    def warn_if_due(self, now: float) -> None:
        """Log the stalls as one warning once the first of them is `SUMMARY_S` ago."""
        if self._count and now - self._since >= SUMMARY_S:
            self.warn()

    def warn(self) -> None:
        """Log the stalls as one warning, if there are any: their number, and the longest one."""
        if self._count:
            log.warning("loop.stalled", stalls=self._count, ms=self._worst_ms, where=self._worst_at)
            self._count, self._worst_ms, self._worst_at = 0, 0, []


class Watchdog:
    """Watches the event loop on which it is started, and the machine's clock."""

    def __init__(
        self,
        telemetry: Telemetry,
        clock: SystemClock | None = None,
        on_clock_believed: Callable[[int], None] = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch nothing until `start`.

        Args:
            telemetry: Counts the stalls of the loop.
            clock: The clock that is compared with the machine's; None: the clock of a test.
            on_clock_believed: Called with a step of the clock in milliseconds when it is followed.
            monotonic: Returns seconds of a clock that never goes back; stalls are measured with it.
        """
        self._telemetry = telemetry
        self._clock = clock
        self._on_clock_believed = on_clock_believed
        self._monotonic = monotonic
        self._beats = 0
        self._last_beat = 0.0
        """When the loop last beat, in seconds of the monotonic clock."""
        self._blocked_at: list[str] = []
        """Places in the code where the loop was found blocked; never values."""
        self._stalls = StallSummary()
        self._stopped = Event()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Watch the running event loop from now on."""
        self._last_beat = self._monotonic()
        self._beat()
        Thread(target=self._watch, args=(get_ident(),), name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Stop watching, and log the stalls that no warning has named yet."""
        self._stopped.set()
        self._stalls.warn()
        if self._timer is not None:
            self._timer.cancel()

    def _beat(self) -> None:
        """Run on the loop: report a stall that has just ended, and a clock that was set."""
        now = self._monotonic()
        silent, self._last_beat = now - self._last_beat, now
        if silent > STALL_S:
            self._telemetry.record_stall()
            self._stalls.add(now, round(silent * 1000), self._blocked_at)
        self._stalls.warn_if_due(now)
        self._blocked_at = []
        if self._clock is not None and self._beats % BEATS_PER_LOOK == 0:
            self._observe(self._clock)
        self._beats += 1
        self._timer = asyncio.get_running_loop().call_later(BEAT_S, self._beat)

    def _observe(self, clock: SystemClock) -> None:
        """Report a step of the machine's clock."""
        change = clock.observe()
        if change is None:
            return
        log.warning(CLOCK_EVENTS[change.kind], seconds=round(change.seconds, 1))
        if change.kind == "believed":
            self._on_clock_believed(round(change.seconds * 1000))

    def _watch(self, loop_thread: int) -> None:
        """Run on a thread: look at the loop until the watchdog is stopped."""
        wait_s = STALL_S
        while not self._stopped.wait(wait_s):
            wait_s = self._look(loop_thread)

    def _look(self, loop_thread: int) -> float:
        """Note where the loop is if it has been blocked for `STALL_S`.

        Returns:
            The seconds until the next look. A loop that beats now cannot have been blocked for
            `STALL_S` before then, so the thread wakes a few times in a second only.
        """
        silent = self._monotonic() - self._last_beat
        if silent <= STALL_S:
            return STALL_S - silent + LOOK_DELAY_S
        if not self._blocked_at:
            frame = sys._current_frames().get(loop_thread)  # noqa: SLF001 - there is no other way
            self._blocked_at = places_of(frame)
        return BEAT_S


def places_of(frame: FrameType | None) -> list[str]:
    """Return the innermost `STACK_FRAMES` places of a stack, the innermost last.

    No source line is read: while the loop is blocked, the files may take longer than the stall.
    """
    found: list[str] = []
    while frame is not None and len(found) < STACK_FRAMES:
        code = frame.f_code
        found.append(f"{code.co_filename}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return found[::-1]
