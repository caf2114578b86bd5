"""What time is it in the demo? The machine's time, and what a visitor has skipped."""

from tactful.runtime.ports.environment import Clock


class DriftClock:
    """Another clock, moved forward; it never goes back."""

    def __init__(self, base: Clock) -> None:
        self._base = base
        self.skipped_ms = 0
        """Milliseconds that were skipped."""

    def now(self) -> int:
        """Milliseconds since the Unix epoch, UTC."""
        return self._base.now() + self.skipped_ms

    def skip(self, duration: int) -> None:
        """Let so many ms pass at once. `ValueError`: time does not run backwards."""
        if duration < 0:
            raise ValueError("the clock only moves forward")
        self.skipped_ms += duration
