"""Detection of a blocked event loop, and of steps of the machine's clock.

A thread reads the loop's stack during the block. Afterwards the stack no longer shows the cause.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from threading import Event, Thread, get_ident
from traceback import extract_stack
from typing import Final

import structlog

from tactful.runtime.system_clock import SystemClock
from tactful.runtime.telemetry import Telemetry

log = structlog.get_logger("tactful.loop")

BEAT_S: Final = 0.05
"""Seconds between two heartbeats of the loop."""
STALL_S: Final = 0.2
"""Seconds without a heartbeat that count as a stall; meanwhile no offer can be withdrawn."""
CLOCK_EVENTS: Final = {
    "jumped": "clock.jumped",
    "believed": "clock.believed",
    "returned": "clock.returned",
}
"""Log event of each change of the machine's clock. The names are public."""
STACK_FRAMES: Final = 8
"""Innermost frames of a blocked loop that are logged."""


class Watchdog:
    """Watches the event loop on which it is started, and the machine's clock."""

    def __init__(
        self,
        telemetry: Telemetry,
        clock: SystemClock | None = None,
        on_clock_believed: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Watch nothing until `start`.

        Args:
            telemetry: Counts the stalls of the loop.
            clock: The clock that is compared with the machine's; None: the clock of a test.
            on_clock_believed: Called with a step of the clock in milliseconds when it is followed.
        """
        self._telemetry = telemetry
        self._clock = clock
        self._on_clock_believed = on_clock_believed
        self._last_beat = 0.0
        """When the loop last beat, in seconds of the monotonic clock."""
        self._blocked_at: list[str] = []
        """Places in the code where the loop was found blocked; never values."""
        self._stopped = Event()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Watch the running event loop from now on."""
        self._last_beat = time.monotonic()
        self._beat()
        Thread(target=self._watch, args=(get_ident(),), name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()
        if self._timer is not None:
            self._timer.cancel()

    def _beat(self) -> None:
        """Run on the loop: report a stall that has just ended, and a clock that was set."""
        now = time.monotonic()
        silent, self._last_beat = now - self._last_beat, now
        if silent > STALL_S:
            self._telemetry.record_stall()
            log.warning("loop.stalled", ms=round(silent * 1000), where=self._blocked_at)
        self._blocked_at = []
        if self._clock is not None:
            self._observe(self._clock)
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
        """Run on a thread: note where the loop is once it has been blocked for `STALL_S`."""
        while not self._stopped.wait(BEAT_S):
            if not self._blocked_at and time.monotonic() - self._last_beat > STALL_S:
                frame = sys._current_frames().get(loop_thread)  # noqa: SLF001 - there is no other way
                stack = extract_stack(frame)[-STACK_FRAMES:]
                self._blocked_at = [f"{f.filename}:{f.lineno} {f.name}" for f in stack]
