"""The ledger on a database: closing, bounded memory and the trimming of its log."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import structs

from support.ledger_rows import T0, accepted, entry, fact, push
from tactful.core.redemption.redemption_rows import RedemptionOutcome
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Commit
from tactful.stores.relational import ledger as sqlite_ledger
from tactful.stores.sqlite.ledger import SqliteLedger


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    made = SqliteLedger(tmp_path / "tactful.db")
    await made.open()
    yield made
    await made.close()


async def test_closing_writes_what_is_queued(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    for number in range(5_000):
        ledger.record(Commit(entry=entry(at=T0 + number)))
    await ledger.close()
    again = SqliteLedger(tmp_path / "tactful.db")
    await again.open()
    assert len(await again.turn_entries(limit=9_999)) == 5_000
    await again.close()


async def test_too_many_pending_records_are_dropped_and_counted_and_offers_are_not(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_ledger, "MAX_PENDING_BYTES", 100_000)
    for number in range(2_000):
        ledger.record(Commit(session=f"se_{number}", state=b"s" * 1_000, entry=entry()))
    made = accepted(session="se_late")
    ledger.record(structs.replace(push(made, limit=None), moves=()))
    await ledger.flush()
    kept = len(await ledger.turn_entries(limit=9_999))
    assert 0 < ledger.records_lost < 2_000
    assert kept == 2_000 - ledger.records_lost
    assert await ledger.offer("of_1") == made


async def test_a_closed_ledger_says_so(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    with pytest.raises(LedgerError, match="not open"):
        await ledger.feed_heartbeats()
    await ledger.open()
    await ledger.close()
    with pytest.raises(LedgerError, match="not open"):
        await ledger.run_redemption(lambda _: RedemptionOutcome(status=200, body=b""), order="o1")


async def test_the_change_log_is_trimmed_while_the_ledger_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_ledger, "LOG_KEPT_S", 0.01)
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    await ledger.record_facts([fact(version=number) for number in range(1, 20)])
    async with asyncio.timeout(30):
        while len(await ledger.changes(0)) > 1:
            await ledger.flush()
    assert await ledger.position() == 19
    await ledger.close()
