"""Checkpoints keep the write-ahead log small."""

from support.counted_ledger import Counted
from support.ledger_rows import T0, entry
from tactful.runtime.ports.ledger_rows import Commit


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
