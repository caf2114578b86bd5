"""Response times of each day in the ledger."""

from pathlib import Path

from support.bare_shop import NOON, bare_shop
from tactful.core.session.signals import ItemViewed
from tactful.core.values.calendar import DAY
from tactful.runtime.services.response_counts import (
    KEPT_DAYS,
    ResponseCounts,
    read_response_counts,
)
from tactful.runtime.timers import TestClock
from tactful.stores.memory.ledger import MemoryLedger


async def test_only_what_is_new_is_written_and_a_report_reads_whole_days(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    state = bare_shop(tmp_path, ledger).state
    counts = ResponseCounts(state)
    assert isinstance(state.clock, TestClock)
    state.clock._set(NOON)
    state.telemetry.responses.record_signal(ItemViewed, 0.004)
    await counts.count()
    await counts.count()
    state.clock._set(NOON + DAY)
    state.telemetry.responses.record_signal(ItemViewed, 0.004)
    await counts.count()
    assert [row.count for row in await ledger.tally_sums(0)] == [1, 1]

    async def answers(since: int, until: int) -> int:
        return sum(count for _, count in await read_response_counts(ledger, since, until))

    assert await answers(NOON, NOON + 2 * DAY) == 2
    assert await answers(NOON, NOON + 1) == 1
    assert await answers(NOON + DAY, NOON + 2 * DAY) == 1
    assert await answers(NOON + 2 * DAY, NOON + 3 * DAY) == 0


async def test_old_days_are_forgotten(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    state = bare_shop(tmp_path, ledger).state
    counts = ResponseCounts(state)
    assert isinstance(state.clock, TestClock)
    for day in (0, 1, KEPT_DAYS + 1):
        state.clock._set(NOON + day * DAY)
        state.telemetry.responses.record_fact("price", 0.004)
        await counts.count()
    await counts.prune()
    assert len(await ledger.tally_sums(0)) == 2
