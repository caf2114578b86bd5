"""Checkpoints keep the write-ahead log small."""

import asyncio
import sqlite3
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
from structlog.testing import capture_logs

from support.counted_ledger import Counted
from support.ledger_rows import T0, accepted, entry, push
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Commit
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.writer import checkpoints
from tactful.stores.sqlite.writer.checkpoints import Checkpointer, move_log


async def test_the_write_ahead_log_is_moved_into_the_file_before_it_grows(counted: Counted) -> None:
    ledger, _ = counted
    log = ledger.path.with_name("tactful.db-wal")
    for number in range(60_000):
        ledger.record(Commit(entry=entry(at=T0 + number, inputs=b"i" * 1_000)))
        if number % 2_000 == 0:
            await ledger.flush()
    await ledger.flush()
    assert ledger.path.stat().st_size > 50_000_000
    assert log.stat().st_size < 40_000_000


async def test_promises_do_not_wait_for_a_checkpoint(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, _ = counted
    begun, goes_on = Event(), Event()
    move = Checkpointer._move_most

    def slow(checkpointer: Checkpointer) -> int:
        begun.set()
        assert goes_on.wait(60)
        return move(checkpointer)

    monkeypatch.setattr(Checkpointer, "_move_most", slow)
    await grow(ledger)
    await asyncio.to_thread(begun.wait, 60)
    assert await ledger.commit(push(accepted(), limit=None)) is None
    assert await ledger.offer("of_1") is not None
    goes_on.set()


async def test_the_writer_waits_for_a_checkpoint_that_a_very_slow_disk_delays(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, _ = counted
    finished: list[int] = []
    awaited = Event()
    finish = Checkpointer._finish

    def noted(checkpointer: Checkpointer, moved: "Future[int]") -> None:
        finished.append(moved.done())
        awaited.set()
        finish(checkpointer, moved)

    def slow(_: Checkpointer) -> int:
        awaited.wait(60)
        return 0

    monkeypatch.setattr(checkpoints, "MOST_CHANGES_BESIDE_ONE", 100)
    monkeypatch.setattr(Checkpointer, "_finish", noted)
    monkeypatch.setattr(Checkpointer, "_move_most", slow)
    await grow(ledger)
    await grow(ledger)
    assert finished[0] == 0


async def test_an_error_of_the_other_thread_stops_promises(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, _ = counted

    def torn(_: Checkpointer) -> int:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        error.sqlite_errorname = "SQLITE_IOERR"
        raise error

    monkeypatch.setattr(Checkpointer, "_move_most", torn)
    with pytest.raises(LedgerError):
        await grow(ledger, times=20)
    assert ledger.is_broken


async def test_a_log_that_an_outside_reader_keeps_long_is_named_once_and_its_end_too(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, _ = counted
    monkeypatch.setattr(checkpoints, "LONG_LOG_BYTES", 12_000_000)
    await grow(ledger)
    with capture_logs() as logged:
        with closing(sqlite3.connect(ledger.path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM entries").fetchone()
            for _ in range(8):
                await grow(ledger)
            assert [line["event"] for line in logged] == ["ledger.log_long"]
            assert logged[0]["bytes"] > 12_000_000
        for _ in range(3):
            await grow(ledger)
    assert [line["event"] for line in logged] == ["ledger.log_long", "ledger.log_short"]


async def grow(ledger: SqliteLedger, times: int = 1) -> None:
    """Write more rows than may be between two checkpoints."""
    for _ in range(times):
        for number in range(checkpoints.MAX_CHANGES_PER_CHECKPOINT + 300):
            ledger.record(Commit(entry=entry(at=T0 + number, inputs=b"i" * 200)))
        await ledger.flush()


async def test_a_log_that_is_moved_beside_the_writer_is_in_the_file(counted: Counted) -> None:
    ledger, _ = counted
    await ledger.commit(push(accepted("of_canary"), limit=None))
    assert b"of_canary" not in ledger.path.read_bytes()
    await asyncio.to_thread(move_log, ledger.path)
    assert b"of_canary" in ledger.path.read_bytes()


def test_a_log_that_cannot_be_moved_is_reported(tmp_path: Path) -> None:
    (tmp_path / "tactful.db").write_bytes(b"no database" * 100)
    with pytest.raises(LedgerError, match=r"tactful\.db"):
        move_log(tmp_path / "tactful.db")
