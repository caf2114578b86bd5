"""Exposures in SQLite; the contract is `tests/contracts/test_exposure_store.py`."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from contracts.test_exposure_store import exposure, of_customer, rows, stored, turn
from support.ledger_rows import T0
from tactful.stores.relational.tables import exposure_rows
from tactful.stores.sqlite.ledger import SqliteLedger


async def test_exposures_are_read_in_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exposure_rows, "PAGE_ROWS", 2)
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    made = [exposure(f"se_{n}", rule=rule) for n in range(3) for rule in ("r1", "r2")][:-1]
    ledger.record(turn(*made))
    pages = [page async for page in ledger.exposures(0, 2**62)]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [row for page in pages for row in page] == rows(*made)
    assert len(await stored(ledger)) == 5
    await ledger.close()


async def test_no_byte_of_a_customer_id_is_stored(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    await ledger.commit(turn(of_customer("customer-77@shop.example")))
    await ledger.close()
    with closing(sqlite3.connect(ledger.path)) as file:
        dump = "\n".join(file.iterdump())
    assert "exposures" in dump
    assert "customer-77" not in dump


async def test_an_erasure_by_an_older_program_deletes_exposures_too(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    await ledger.commit(turn(of_customer("c1"), of_customer("c2")))
    digest = ledger.erasure_digest("customer", "c1")
    await ledger.close()
    # An older program knows the table of tombstones and not that of exposures.
    with closing(sqlite3.connect(ledger.path)) as file:
        file.execute("INSERT INTO erased (digest, alias, at) VALUES (?, 'alias', ?)", (digest, T0))
        file.commit()
    await ledger.open()
    assert [row[0] for row in await stored(ledger)] == [ledger.erasure_digest("customer", "c2")]
    await ledger.close()
