"""What held the event loop up, or moved the machine's clock?

A thread looks at the loop while it is stuck, for afterwards is too late.
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

BEAT: Final = 0.05
"""Seconds between two signs of life of the loop."""
STALL: Final = 0.2
"""Seconds of silence that are a stall: as long as everybody waits, nobody's offer is taken back."""
JUMP: Final = 1.0
"""Seconds by which a clock does not drift between two beats: somebody or something has set it."""


class Watchdog:
    """Watches the event loop that starts it."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._beaten = 0.0
        self._ahead = 0.0
        """How far the machine's clock is ahead of the one that only counts."""
        self._seen: list[str] = []
        """Where the loop was when it was found stuck: places in the code, never values."""
        self._stopped = Event()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Watch from now on."""
        self._beaten = time.monotonic()
        self._ahead = time.time() - self._beaten
        self._beat()
        Thread(target=self._watch, args=(get_ident(),), name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopped.set()
        if self._timer is not None:
            self._timer.cancel()

    def _beat(self) -> None:
        """Runs on the loop: late after a stall, and then it says so."""
        now = time.monotonic()
        silent, self._beaten = now - self._beaten, now
        if silent > STALL:
            self._telemetry.record_stall()
            log.warning("loop.stalled", ms=round(silent * 1000), where=self._seen)
        self._seen = []
        moved, self._ahead = time.time() - now - self._ahead, time.time() - now
        if abs(moved) > JUMP:
            log.warning("clock.jumped", seconds=round(moved, 1))
        self._timer = asyncio.get_running_loop().call_later(BEAT, self._beat)

    def _watch(self, loop_thread: int) -> None:
        """Runs beside the loop."""
        while not self._stopped.wait(BEAT):
            if not self._seen and time.monotonic() - self._beaten > STALL:
                frame = sys._current_frames().get(loop_thread)  # noqa: SLF001 - there is no other way
                stack = extract_stack(frame)[-8:]
                self._seen = [f"{f.filename}:{f.lineno} {f.name}" for f in stack]
