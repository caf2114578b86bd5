"""The clocks of a machine, which a test can set and let run."""

import time

NANOSECONDS = 1_000_000_000


class MachineClocks:
    """A wall clock and a monotonic clock that start now and run on by themselves."""

    def __init__(self, *, runs: bool = True) -> None:
        self._began = time.monotonic_ns()
        self._runs = runs
        self.passed = 0.0
        """Seconds by which both clocks were advanced."""
        self.moved = 0.0
        """Seconds by which the wall clock was set forwards, or back where negative."""

    def steady(self) -> int:
        """The monotonic clock, in nanoseconds."""
        running = time.monotonic_ns() - self._began if self._runs else 0
        return running + round(self.passed * NANOSECONDS)

    def wall(self) -> int:
        """The wall clock, in nanoseconds since the Unix epoch; it starts at 2026-03-10T12:00:00Z."""
        return 1_773_144_000 * NANOSECONDS + self.steady() + round(self.moved * NANOSECONDS)
