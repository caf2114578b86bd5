"""What a shop watches over time becomes alerts, and is read in the background."""

from pathlib import Path

import pytest

from support.bare_shop import NOON, bare_shop
from tactful.core.values.calendar import HOUR, MINUTE
from tactful.runtime.services.report_service import ReportQuestion, ReportService
from tactful.runtime.services.shop_watch import FIRST_MS, RESULTS_MS
from tactful.runtime.timers import TestClock
from tactful.stores.memory.ledger import MemoryLedger
from unit.runtime.alerts.test_complaints import FIVE


async def test_complaints_are_counted_every_hour_and_results_read_every_six(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[ReportQuestion] = []

    async def by_rule(_: ReportService, question: ReportQuestion) -> dict[str, object]:
        read.append(question)
        return {}

    monkeypatch.setattr(ReportService, "by_rule", by_rule)
    ledger = MemoryLedger()
    shop = bare_shop(tmp_path, ledger)
    await shop.start()
    clock = shop.clock
    assert isinstance(clock, TestClock)

    async def at(now: int) -> set[str]:
        clock._set(now)
        shop.state.timers.fire()
        await shop.settled()
        await shop.alerts.check()
        return {one.kind for one in shop.alerts.unresolved()}

    await ledger.record_facts(FIVE)
    assert "complaints.tripled" not in await at(NOON + MINUTE - 1)
    assert "complaints.tripled" in await at(NOON + MINUTE)
    assert read == []
    await at(NOON + FIRST_MS)
    await at(NOON + FIRST_MS + HOUR)
    assert len(read) == 1
    await at(NOON + FIRST_MS + RESULTS_MS)
    assert len(read) == 2
    await shop.stop()
