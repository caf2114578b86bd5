"""Counts of each hour, which the ledger keeps."""

from pathlib import Path

from support.bare_shop import NOON, bare_shop
from tactful.core.values.calendar import HOUR, MINUTE
from tactful.runtime.alerts.hour_counts import KEPT_HOURS, HourCounts
from tactful.runtime.timers import TestClock
from tactful.stores.memory.ledger import MemoryLedger


class Counted:
    """Counts on a ledger in memory, whose counters a test sets."""

    def __init__(self, folder: Path, ledger: MemoryLedger) -> None:
        self.counters: dict[tuple[str, str], int] = {}
        self.state = bare_shop(folder, ledger).state
        self.hours = HourCounts(self.state, lambda: self.counters)

    def at(self, now: int, **verdicts: int) -> None:
        """Count at an instant at which the counters stand so."""
        assert isinstance(self.state.clock, TestClock)
        self.state.clock._set(now)
        self.counters = {("verdicts", name): count for name, count in verdicts.items()}
        self.hours.count()


async def test_what_grew_within_an_hour_is_counted_and_found_after_a_restart(
    tmp_path: Path,
) -> None:
    ledger = MemoryLedger()
    one = Counted(tmp_path, ledger)
    hour = NOON // HOUR
    one.at(NOON, pushed=3)
    one.at(NOON + MINUTE - 1, pushed=9)
    assert one.hours.sums("verdicts", [hour]) == {"pushed": 3}, "at most once a minute"
    one.at(NOON + MINUTE, pushed=9)
    one.at(NOON + HOUR, pushed=10, late=2)
    assert one.hours.sums("verdicts", [hour]) == {"pushed": 9}
    assert one.hours.sums("verdicts", range(hour, hour + 2)) == {"pushed": 10, "late": 2}
    again = Counted(tmp_path / "next", ledger)
    assert isinstance(again.state.clock, TestClock)
    again.state.clock._set(NOON + HOUR)
    await again.hours.start()
    assert again.hours.sums("verdicts", range(hour, hour + 2)) == {"pushed": 10, "late": 2}
    assert again.hours.sums("uses", [hour]) == {}


async def test_old_hours_are_forgotten_here_and_in_the_ledger(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    one = Counted(tmp_path, ledger)
    one.at(NOON, pushed=3)
    one.at(NOON + (KEPT_HOURS + 1) * HOUR, pushed=4)
    await one.hours.prune()
    assert one.hours.sums("verdicts", [NOON // HOUR]) == {}
    assert [row.count for row in await ledger.tally_sums(0)] == [1]
