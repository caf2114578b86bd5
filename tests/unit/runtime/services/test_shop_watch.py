"""What a shop watches over time becomes alerts, and is read in the background."""

from pathlib import Path

import pytest

from support.bare_shop import NOON, bare_shop
from tactful.core.values.calendar import MINUTE
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.services import shop_watch
from tactful.runtime.services.report_service import ReportQuestion, ReportService
from tactful.runtime.services.shop_watch import LOOK_MS, TIME_SHARE
from tactful.runtime.timers import TestClock
from tactful.stores.memory.ledger import MemoryLedger
from unit.runtime.alerts.test_complaints import FIVE


async def test_complaints_and_results_are_read_every_minute_or_as_long_as_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    takes_ms = 0
    ledger = MemoryLedger()
    shop = bare_shop(tmp_path, ledger)
    clock = shop.clock
    assert isinstance(clock, TestClock)

    async def by_rule(_: ReportService, question: ReportQuestion) -> dict[str, object]:
        read.append(question.until - 1)
        clock._set(clock.now() + takes_ms)
        if len(read) == 2:
            raise LedgerError("away")
        return {}

    async def at(now: int) -> set[str]:
        clock._set(now)
        shop.state.timers.fire()
        await shop.settled()
        await shop.alerts.check()
        return {one.kind for one in shop.alerts.unresolved()}

    monkeypatch.setattr(ReportService, "by_rule", by_rule)
    monkeypatch.setattr(shop_watch, "TEST_LOOK_MS", LOOK_MS)
    await shop.start()
    await ledger.record_facts(FIVE)
    assert "complaints.tripled" not in await at(NOON + MINUTE - 1)
    assert "complaints.tripled" in await at(NOON + MINUTE)
    await at(NOON + 2 * MINUTE)
    takes_ms = 2_000
    await at(NOON + 3 * MINUTE)
    assert read == [NOON + MINUTE, NOON + 2 * MINUTE, NOON + 3 * MINUTE]
    due = NOON + 3 * MINUTE + takes_ms + takes_ms * TIME_SHARE
    await at(due - 1)
    assert len(read) == 3
    await at(due)
    assert len(read) == 4
    await shop.stop()
