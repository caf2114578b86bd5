"""Reads on a connection of their own: before opening, behind records, and on damaged rows."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from support.ledger_rows import T0, entry, offer, present, push
from tactful.runtime.ports.ledger import LedgerBrokenError, LedgerError
from tactful.runtime.ports.ledger_rows import Commit
from tactful.stores.sqlite.ledger import SqliteLedger


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    made = SqliteLedger(tmp_path / "tactful.db")
    await made.open()
    yield made
    await made.close()


async def test_a_ledger_that_is_not_open_says_so(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    with pytest.raises(LedgerError, match="not open") as caught:
        await ledger.facts_about([("sku", "RUN-42")])
    assert not caught.value.retry


async def test_a_read_sees_the_records_that_were_queued_before_it(ledger: SqliteLedger) -> None:
    with ledger.deferred_writes():
        ledger.record(Commit(session="se_1", state=b"1", entry=entry()))
        assert ledger.pending_bytes > 0
        assert present(await ledger.session("se_1")).state == b"1"
        assert ledger.pending_bytes == 0


async def test_a_read_of_facts_does_not_wait_for_queued_records(ledger: SqliteLedger) -> None:
    with ledger.deferred_writes():
        ledger.record(Commit(session="se_1", state=b"1"))
        assert await ledger.newest_fact() == 0
        assert ledger.pending_bytes > 0


async def test_an_offer_that_cannot_be_decoded_is_reported_as_damage(ledger: SqliteLedger) -> None:
    await ledger.commit(push(offer()))
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as other:
        other.execute("UPDATE offers SET body = x'00'")
    with pytest.raises(LedgerBrokenError, match="it is damaged"):
        await ledger.standing_offers()


async def test_an_error_of_sqlite_is_translated(ledger: SqliteLedger) -> None:
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as other:
        other.execute("DROP TABLE heard")
    with pytest.raises(LedgerError, match="no such table"):
        await ledger.feed_heartbeats()


async def test_turns_of_one_instant_keep_the_order_in_which_they_were_written(
    ledger: SqliteLedger,
) -> None:
    for name in ("b", "a", "c"):
        ledger.record(Commit(entry=entry(name, T0)))
    assert [one.session for one in await ledger.turn_entries()] == ["b", "a", "c"]
