"""What time is it in the demo?"""

import pytest

from tactful.demo.clock import DriftClock
from tactful.runtime.timers import TestClock


def test_time_that_is_skipped_is_gone_and_the_rest_goes_on() -> None:
    base = TestClock(1_000)
    clock = DriftClock(base)
    assert clock.now() == 1_000
    clock.skip(60_000)
    clock.skip(0)
    base._now = 1_500
    assert (clock.now(), clock.skipped_ms) == (61_500, 60_000)


def test_time_does_not_run_backwards() -> None:
    clock = DriftClock(TestClock(1_000))
    with pytest.raises(ValueError, match="only moves forward"):
        clock.skip(-1)
    assert clock.now() == 1_000
