"""The machine's clock: which of its steps are followed, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.machine_clocks import MachineClocks
from tactful.runtime.system_clock import YEAR_2020, ClockChange, ClockError, SystemClock

HOUR, DAY = 3_600.0, 86_400.0
BEAT_S = 0.05


class Observed:
    """A clock that is observed as the watchdog does it, on clocks that only the test advances."""

    def __init__(self) -> None:
        self.machine = MachineClocks(runs=False)
        self.clock = SystemClock(self.machine.wall, self.machine.steady)
        self.changes: list[ClockChange] = []

    def run(self, seconds: float, beat_s: float = BEAT_S) -> None:
        """Let both clocks run, with an observation at every beat; the clock must run as well."""
        for _ in range(round(seconds / beat_s)):
            before = self.clock.now()
            self.machine.passed += beat_s
            change = self.clock.observe()
            self.changes += [change] if change else []
            if change is None or change.kind != "believed":
                counted, passed = self.clock.now() - before, 1000 * beat_s
                assert abs(counted - passed) <= 0.1 * passed + 2

    def error_s(self) -> float:
        """Seconds by which the clock differs from the machine's."""
        return self.clock.now() / 1000 - self.machine.wall() / 1e9

    def kinds(self) -> list[str]:
        """What was found, in order."""
        return [change.kind for change in self.changes]


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([1.0, 2.0, 30.0, 59.0, 61.0, 600.0, HOUR, DAY]),
            st.sampled_from([-1, 1]),
            st.sampled_from([0.05, 1.5, 29.9]),
            st.sampled_from([0.05, 1.0, 31.0]),
        ),
        max_size=4,
    )
)
def test_the_clock_runs_on_through_every_step_that_is_undone_within_30_seconds(
    steps: list[tuple[float, int, float, float]],
) -> None:
    one = Observed()
    for size, direction, stands, afterwards in steps:
        one.machine.moved += size * direction
        one.run(stands)
        one.machine.moved -= size * direction
        one.run(afterwards)
    assert "believed" not in one.kinds()
    counted, passed = one.clock.now() - 1_773_144_000_000, 1000 * one.machine.passed
    assert abs(counted - passed) <= 0.1 * passed + 5
    one.run(60 * 10 + 30, beat_s=1)
    assert abs(one.error_s()) < 0.01
    assert one.clock.steps >= sum(2 for size, *_ in steps if size > 1)


@pytest.mark.parametrize("step", [61, -61, HOUR, -HOUR, DAY, -DAY])
def test_a_large_step_is_followed_once_it_has_stood_for_30_seconds(step: float) -> None:
    one = Observed()
    one.machine.moved = step
    one.run(29)
    assert one.kinds() == ["jumped"]
    assert one.clock.is_doubted
    assert one.clock.difference_s == pytest.approx(step)
    assert one.error_s() == pytest.approx(-step, abs=0.01)
    one.run(2)
    assert one.kinds() == ["jumped", "believed"]
    assert one.changes[1].seconds == pytest.approx(step)
    assert not one.clock.is_doubted
    assert abs(one.error_s()) < 0.01


@pytest.mark.parametrize("step", [0.5, 5, -5, 60, -60])
def test_a_small_step_is_made_up_for_gradually(step: float) -> None:
    one = Observed()
    one.machine.moved = step
    one.run(BEAT_S)
    assert one.error_s() == pytest.approx(-step, abs=0.02)
    one.run(10 * abs(step) + 1)
    assert abs(one.error_s()) < 0.01
    assert one.kinds() == (["jumped"] if abs(step) > 1 else [])


def test_a_step_that_is_undone_is_reported_as_returned() -> None:
    one = Observed()
    one.machine.moved = HOUR
    one.run(1.5)
    one.machine.moved = 0
    one.run(1.5)
    assert one.kinds() == ["jumped", "returned"]
    assert [change.seconds for change in one.changes] == pytest.approx([HOUR, -HOUR])
    assert not one.clock.is_doubted


def test_a_clock_that_does_not_settle_is_never_followed() -> None:
    one = Observed()
    for number in range(50):
        one.machine.moved = HOUR + 10 * number
        one.run(5)
    assert "believed" not in one.kinds()
    one.run(30)
    assert one.kinds()[-1] == "believed"


def test_a_step_between_two_observations_that_was_undone_changes_nothing() -> None:
    one = Observed()
    one.machine.moved = DAY
    before = one.clock.now()
    one.machine.moved = 0
    one.run(1)
    assert one.clock.now() - before == 1_000
    assert one.kinds() == []


def test_the_operating_systems_clock_is_the_default() -> None:
    assert SystemClock().now() >= YEAR_2020


def test_a_machine_whose_clock_was_never_set_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: (YEAR_2020 - 1) * 1_000_000)
    with pytest.raises(ClockError, match="2019"):
        SystemClock()
