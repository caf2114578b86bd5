"""Checkpoints keep the write-ahead log small."""

import sqlite3
from contextlib import closing

import pytest
from structlog.testing import capture_logs

from support.counted_ledger import Counted
from support.ledger_rows import T0, entry
from tactful.runtime.ports.ledger_rows import Commit
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.writer import checkpoints


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


async def grow(ledger: SqliteLedger) -> None:
    """Write more rows than may be between two checkpoints."""
    for number in range(checkpoints.MAX_CHANGES_PER_CHECKPOINT + 300):
        ledger.record(Commit(entry=entry(at=T0 + number, inputs=b"i" * 200)))
    await ledger.flush()
