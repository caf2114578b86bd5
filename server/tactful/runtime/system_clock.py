"""The machine's clock, which neither follows a short wrong step nor goes back without need."""

import time
from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct

YEAR_2020: Final = 1_577_836_800_000
"""2020-01-01T00:00:00Z (ms). No server ran before, so a clock that is earlier was never set."""
NANOSECONDS: Final = 1_000_000_000
"""Nanoseconds in a second."""
LARGE_STEP_NS: Final = 60 * NANOSECONDS
"""The largest step of the machine's clock that is followed before it has stood."""
STANDING_NS: Final = 30 * NANOSECONDS
"""For how long a larger step must have stood before it is followed."""
NOTICED_STEP_NS: Final = 1 * NANOSECONDS
"""The smallest step that is reported. Drift between two observations is far smaller."""
SLEW_DIVISOR: Final = 10
"""A small difference is made up for by a tenth of the time that passes."""


class ClockError(Exception):
    """The machine's clock is wrong beyond doubt; the message says what to do."""


class ClockChange(Struct, frozen=True):
    """A step of the machine's clock that an observation found."""

    kind: Literal["jumped", "believed", "returned"]
    """`jumped`: the machine's clock was set. `believed`: a large step has stood and is followed from
    now on. `returned`: a large step was undone before it was followed."""
    seconds: float
    """The size of the step in seconds, positive forwards."""


class SystemClock:
    """The time of day as counted by the monotonic clock, and corrected by the machine's wall clock.

    `now` reads the monotonic clock and adds an offset, so a wall clock that is set changes nothing by
    itself. `observe` compares both clocks and corrects the offset. It must be called several times a
    second while a server runs:

    - A difference of up to 60 s is made up for gradually. Meanwhile the clock runs at nine or eleven
      tenths of its speed, and never goes back.
    - A larger difference is ignored until it has stood for 30 s. Then the clock takes it over in one
      step, forwards or back.
    """

    def __init__(
        self,
        wall: Callable[[], int] | None = None,
        steady: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Read the machine's clocks.

        Args:
            wall: Returns the machine's time, nanoseconds since the Unix epoch, UTC. Default: the
                operating system's clock.
            steady: Returns the nanoseconds of a clock that is never set.

        Raises:
            ClockError: The clock was never set. Everything dated by it would stay wrong.
        """
        self._wall = wall or _wall_ns
        self._steady = steady
        self._observed_at = steady()
        self._machine_offset = self._offset = self._wall() - self._observed_at
        """Wall minus monotonic, in nanoseconds: of the machine, and as this clock believes it."""
        self._candidate: tuple[int, int] | None = None
        """The offset of a large step, and the monotonic instant (ns) at which it was first seen."""
        self.steps = 0
        """Steps of the machine's clock of more than a second."""
        if self.now() < YEAR_2020:
            year = time.gmtime(self.now() / 1000).tm_year
            raise ClockError(
                f"This machine's clock says that it is the year {year}. No offer would end, and no"
                " signature would be valid. Set the clock, or let it be set over the network, then"
                " start again."
            )

    def now(self) -> int:
        """Return milliseconds since the Unix epoch, UTC."""
        return (self._steady() + self._offset) // 1_000_000

    @property
    def difference_s(self) -> float:
        """Seconds by which the machine's clock was ahead of this one at the last observation."""
        return (self._machine_offset - self._offset) / NANOSECONDS

    @property
    def is_doubted(self) -> bool:
        """Whether the machine's clock differs too much to be followed yet."""
        return self._candidate is not None

    def observe(self) -> ClockChange | None:
        """Compare the machine's clocks, correct this one, and return a step that was found."""
        steady = self._steady()
        machine = self._wall() - steady
        step, self._machine_offset = machine - self._machine_offset, machine
        passed, self._observed_at = steady - self._observed_at, steady
        stepped = abs(step) > NOTICED_STEP_NS
        self.steps += stepped
        difference = machine - self._offset
        if abs(difference) <= LARGE_STEP_NS:
            most = passed // SLEW_DIVISOR
            self._offset += max(-most, min(most, difference))
            was_doubted, self._candidate = self.is_doubted, None
            if stepped:
                return ClockChange("returned" if was_doubted else "jumped", step / NANOSECONDS)
            return None
        if self._candidate is None or abs(machine - self._candidate[0]) > NOTICED_STEP_NS:
            self._candidate = (machine, steady)
            return ClockChange("jumped", step / NANOSECONDS) if stepped else None
        if steady - self._candidate[1] < STANDING_NS:
            return None
        self._offset, self._candidate = machine, None
        return ClockChange("believed", difference / NANOSECONDS)


def _wall_ns() -> int:
    return time.time_ns()
