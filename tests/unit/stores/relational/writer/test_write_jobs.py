"""The queue of the writer: records are gathered, and keep their place before waiting jobs."""

import asyncio

from support.counted_ledger import Counted
from support.ledger_rows import T0, accepted, entry, present, push
from support.raw_connections import eventually
from tactful.runtime.ports.ledger_rows import Commit
from tactful.stores.relational.writer.write_jobs import Lane, WriteJob, transactions


async def test_deferred_records_are_written_together(counted: Counted) -> None:
    ledger, points = counted
    with ledger.deferred_writes():
        for number in range(100):
            ledger.record(Commit(entry=entry(at=T0 + number)))
            await asyncio.sleep(0)
        assert ledger.pending_bytes
        assert points == []
    # A flush is a job of its own, which may come after the transaction of the records.
    await eventually(lambda: not ledger.pending_bytes)
    assert points.count("after-commit") == 1
    assert len(await ledger.turn_entries(limit=999)) == 100


async def test_a_commit_writes_the_deferred_records_queued_before_it(counted: Counted) -> None:
    ledger, _ = counted
    with ledger.deferred_writes():
        ledger.record(Commit(session="se_1", state=b"first"))
        assert await ledger.commit(push(accepted(), limit=None)) is None
        assert present(await ledger.session("se_1")).state == b"first"


def test_work_outside_a_transaction_is_alone_in_its_part() -> None:
    inside = [WriteJob(lane=Lane.RECORD, turn=Commit()) for _ in range(3)]
    outside = WriteJob(lane=Lane.WORK, outside=True)
    parts = list(transactions([inside[0], inside[1], outside, inside[2]]))
    assert parts == [[inside[0], inside[1]], [outside], [inside[2]]]
