"""Clock of the demo: the machine's time plus the time that was skipped in the panel."""

from tactful.runtime.ports.environment import Clock


class DriftClock:
    """Clock that runs ahead of another one, and never goes back."""

    def __init__(self, base: Clock) -> None:
        self._base = base
        self.skipped_ms = 0
        """Milliseconds by which this clock is ahead of the other one."""

    def now(self) -> int:
        """Milliseconds since the Unix epoch, UTC."""
        return self._base.now() + self.skipped_ms

    def skip(self, duration: int) -> None:
        """Move the clock forward by `duration` milliseconds.

        Raises:
            ValueError: `duration` is negative.
        """
        if duration < 0:
            raise ValueError("The clock only moves forward.")
        self.skipped_ms += duration
