"""Items whose complaints tripled within a week."""

from pathlib import Path

import pytest

from support.bare_shop import NOON, bare_shop
from support.ledger_rows import fact
from tactful.core.values.calendar import DAY, format_rfc3339
from tactful.runtime.alerts import complaints
from tactful.runtime.alerts.causes import Cause
from tactful.runtime.alerts.complaints import Complaints
from tactful.runtime.ports.ledger_rows import FactRow
from tactful.stores.memory.ledger import MemoryLedger
from unit.runtime.services.test_report_service import row


def case(name: str, days_ago: int, kind: str = "defect", status: str = "open") -> FactRow:
    """A case about the item A."""
    body = {
        "case": name, "customer": "c1", "kind": kind, "status": status, "skus": ["A"],
        "opened_at": format_rfc3339(NOON - days_ago * DAY),
    }  # fmt: skip
    return row("case", name, body)


async def found(folder: Path, *cases: FactRow) -> list[Cause]:
    ledger = MemoryLedger()
    await ledger.open()
    await ledger.record_facts([fact("price", "A|DE", subjects=(("sku", "A"),)), *cases])
    counted = Complaints(bare_shop(folder, ledger).state)
    assert [*counted.causes()] == []
    await counted.refresh()
    return [*counted.causes()]


FIVE = [case(f"n{number}", number) for number in range(5)]


@pytest.mark.parametrize(("before", "is_cause"), [(0, True), (6, True), (7, False)])
async def test_five_cases_and_three_times_an_average_week_are_a_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int, is_cause: bool
) -> None:
    monkeypatch.setattr(complaints, "PAGE_FACTS", 3)
    earlier = [case(f"b{number}", 8 + number) for number in range(before)]
    too_old = [case(f"o{number}", 36) for number in range(9)]
    wanted = Cause("complaints.tripled", "A", {"cases": 5, "cases_of_four_weeks_before": before})
    assert await found(tmp_path, *FIVE, *earlier, *too_old) == ([wanted] if is_cause else [])


async def test_fewer_cases_questions_and_merged_cases_are_none(tmp_path: Path) -> None:
    others = [case("q", 1, kind="question"), case("m", 1, status="merged")]
    assert await found(tmp_path, *FIVE[:4], *others) == []
