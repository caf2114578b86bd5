"""Reads of whole tables see one instant, and hold no writer up."""

import asyncio
import sqlite3
from pathlib import Path
from threading import Event

import pytest

from support.ledger_rows import accepted, push
from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.relational import ledger as module
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.snapshots import read_snapshot

COUNT = "SELECT count(*) FROM offers"


async def test_a_promise_is_written_while_a_whole_table_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = SqliteLedger(tmp_path / "t.db")
    await ledger.open()
    reading, written = Event(), Event()

    def slow(connection: sqlite3.Connection) -> list[str]:
        before = connection.execute(COUNT).fetchone()
        reading.set()
        assert written.wait(20)
        assert connection.execute(COUNT).fetchone() == before == (0,)
        return []

    monkeypatch.setattr(module, "reconcile", slow)
    checking = asyncio.ensure_future(ledger.reconcile())
    await asyncio.to_thread(reading.wait, 20)
    await ledger.commit(push(accepted()))
    written.set()
    assert await checking == []
    await ledger.close()


async def test_a_snapshot_cannot_be_written_to(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "t.db")
    await ledger.open()
    with pytest.raises(LedgerError):
        read_snapshot(ledger.path, lambda made: made.execute("DELETE FROM offers").rowcount)
    await ledger.close()
