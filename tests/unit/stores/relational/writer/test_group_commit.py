"""Group commit: writes that arrive together share a transaction, and fail alone."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import structlog
from msgspec import structs

from support.counted_ledger import Counted
from support.ledger_rows import accepted, entry, fact, present, push
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Commit
from tactful.stores.relational.writer import group_commit
from tactful.stores.sqlite.ledger import SqliteLedger

WRONG: Any = "text"
"""What the schema refuses where bytes belong."""


async def test_writes_that_arrive_together_share_a_transaction(counted: Counted) -> None:
    ledger, points = counted
    turns = [push(accepted(f"of_{n}", session=f"se_{n}"), limit=None) for n in range(500)]
    assert not any(await asyncio.gather(*map(ledger.commit, turns)))
    assert points.count("after-commit") < 20


async def test_a_job_outside_a_transaction_hands_its_error_to_its_caller(counted: Counted) -> None:
    ledger, _ = counted

    def fail(_: object) -> None:
        raise RuntimeError("a fault of the job")

    with pytest.raises(RuntimeError, match="a fault of the job"):
        async with asyncio.timeout(30):
            await ledger._open_writer.run_outside_transaction(fail)
    assert await ledger.commit(push(accepted("of_1"), limit=None)) is None


async def test_a_job_that_fails_by_its_own_fault_fails_alone(counted: Counted) -> None:
    ledger, _ = counted
    wrong = structs.replace(push(accepted("of_wrong"), limit=None), session="se", state=WRONG)
    before = structs.replace(push(accepted("of_1"), limit=None), entry=entry())
    answers = await asyncio.gather(
        ledger.commit(before),
        ledger.commit(wrong),
        ledger.commit(push(accepted("of_2"), limit=None)),
        return_exceptions=True,
    )
    assert [answers[0], answers[2]] == [None, None]
    assert isinstance(answers[1], LedgerError)
    assert not answers[1].retry
    assert await ledger.offer("of_wrong") is None
    assert len(await ledger.turn_entries()) == 1
    assert await ledger.reconcile() == []


async def test_a_record_that_fails_is_logged_and_the_records_beside_it_are_written(
    counted: Counted,
) -> None:
    ledger, _ = counted
    with structlog.testing.capture_logs() as logged:
        ledger.record(Commit(session="se_1", state=b"1"))
        ledger.record(Commit(session="se_2", state=WRONG))
        ledger.record(Commit(session="se_3", state=b"3"))
        await ledger.flush()
    assert await ledger.session("se_1")
    assert await ledger.session("se_2") is None
    assert await ledger.session("se_3")
    assert [(line["event"], line["count"]) for line in logged] == [("records.lost", 1)]
    assert ledger._open_writer.records_lost == 1


async def test_a_lock_of_another_process_is_waited_for_and_then_reported(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, _ = counted
    await ledger._open_writer.run_outside_transaction(
        lambda made: made.execute("PRAGMA busy_timeout=30").fetchall()
    )
    other = sqlite3.connect(ledger.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerError, match="locked by another process") as caught:
        await ledger.commit(push(accepted(), limit=None))
    assert caught.value.retry
    assert ledger.failure is None
    other.execute("ROLLBACK")
    other.close()
    assert await ledger.commit(push(accepted(), limit=None)) is None


async def test_records_wait_for_a_lock_and_are_not_lost(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, _ = counted
    monkeypatch.setattr(group_commit, "RETRY_INTERVAL_S", 0.01)
    await ledger._open_writer.run_outside_transaction(
        lambda made: made.execute("PRAGMA busy_timeout=10").fetchall()
    )
    other = sqlite3.connect(ledger.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ledger.record(Commit(session="se_1", state=b"kept", entry=entry()))
    with pytest.raises(LedgerError, match="locked"):
        await ledger.flush()
    other.execute("ROLLBACK")
    other.close()
    while (
        ledger._open_writer.pending_bytes
    ):  # nothing is asked of the writer: it tries again by itself
        await ledger.feed_heartbeats()
    assert present(await ledger.session("se_1")).state == b"kept"


async def test_a_promise_waits_for_one_slice_of_a_large_import(tmp_path: Path) -> None:
    promises: list[int] = []
    """How many promises are stored after each transaction. The loop hears of it later than the writer."""
    may_begin = Event()
    path = tmp_path / "tactful.db"

    def pause(point: str) -> None:
        if point == "before-begin":
            assert may_begin.wait(30)
        if point == "after-commit":
            with closing(sqlite3.connect(path)) as other:
                (count,) = other.execute("SELECT count(*) FROM offers").fetchone()
            promises.append(count)

    ledger = SqliteLedger(path, failpoint=pause)
    await ledger.open()
    slices = [
        asyncio.ensure_future(
            ledger.record_facts([fact("stock", f"{part}-{row}", available=1) for row in range(256)])
        )
        for part in range(40)
    ]
    for number in range(2_000):
        ledger.record(Commit(session=f"se_{number}", state=b"s", entry=entry(f"se_{number}")))
    await asyncio.sleep(0)
    promise = asyncio.ensure_future(ledger.commit(push(accepted(), limit=None)))
    await asyncio.sleep(0)
    may_begin.set()
    assert await promise is None
    held = promises.index(1)
    assert held <= 1, "one transaction was under way, and the next one held the promise"
    assert all(all(stored) for stored in await asyncio.gather(*slices))
    assert len(promises) > held + 1, "slices came after the promise"
    await ledger.flush()
    assert len(await ledger.turn_entries(limit=9_999)) == 2_000
    await ledger.close()
