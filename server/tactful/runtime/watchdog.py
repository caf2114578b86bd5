"""Detection of a blocked event loop, and of jumps of the machine's clock.

A thread reads the loop's stack during the block. Afterwards the stack no longer shows the cause.
"""

import asyncio
import sys
import time
from threading import Event, Thread, get_ident
from traceback import extract_stack
from typing import Final

import structlog

from tactful.runtime.telemetry import Telemetry

log = structlog.get_logger("tactful.loop")

BEAT_S: Final = 0.05
"""Seconds between two heartbeats of the loop."""
STALL_S: Final = 0.2
"""Seconds without a heartbeat that count as a stall; meanwhile no offer can be withdrawn."""
CLOCK_JUMP_S: Final = 1.0
"""Seconds of shift between two heartbeats. Drift is smaller, so the clock must have been set."""
STACK_FRAMES: Final = 8
"""Innermost frames of a blocked loop that are logged."""


class Watchdog:
    """Watches the event loop on which it is started."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._last_beat = 0.0
        """When the loop last beat, in seconds of the monotonic clock."""
        self._clock_offset = 0.0
        """Seconds by which the machine's clock is ahead of the monotonic clock."""
        self._blocked_at: list[str] = []
        """Places in the code where the loop was found blocked; never values."""
        self._stopped = Event()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Watch the running event loop from now on."""
        self._last_beat = time.monotonic()
        self._clock_offset = time.time() - self._last_beat
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
        offset = time.time() - now
        moved, self._clock_offset = offset - self._clock_offset, offset
        if abs(moved) > CLOCK_JUMP_S:
            log.warning("clock.jumped", seconds=round(moved, 1))
        self._timer = asyncio.get_running_loop().call_later(BEAT_S, self._beat)

    def _watch(self, loop_thread: int) -> None:
        """Run on a thread: note where the loop is once it has been blocked for `STALL_S`."""
        while not self._stopped.wait(BEAT_S):
            if not self._blocked_at and time.monotonic() - self._last_beat > STALL_S:
                frame = sys._current_frames().get(loop_thread)  # noqa: SLF001 - there is no other way
                stack = extract_stack(frame)[-STACK_FRAMES:]
                self._blocked_at = [f"{f.filename}:{f.lineno} {f.name}" for f in stack]
