"""The demo's clock runs ahead by what was skipped, and never goes back."""

import pytest

from tactful.demo.clock import DriftClock
from tactful.runtime.timers import TestClock


def test_skipped_time_is_added_to_the_machines_time() -> None:
    base = TestClock(1_000)
    clock = DriftClock(base)
    assert clock.now() == 1_000
    clock.skip(60_000)
    clock.skip(0)
    base._now = 1_500
    assert (clock.now(), clock.skipped_ms) == (61_500, 60_000)


def test_the_clock_cannot_be_moved_back() -> None:
    clock = DriftClock(TestClock(1_000))
    with pytest.raises(ValueError, match="only moves forward"):
        clock.skip(-1)
    assert clock.now() == 1_000
