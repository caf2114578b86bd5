"""Discount codes in SQLite, and what a restore makes of those that may have been given out since."""

import sqlite3
from pathlib import Path

from support.ledger_rows import T0, offer, push
from tactful.core.offers.discount_codes import FreeCode
from tactful.stores.relational.tables import code_rows
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.opening import connect


async def test_after_a_restore_no_code_is_given_that_may_have_been_given_since(
    tmp_path: Path,
) -> None:
    path = tmp_path / "tactful.db"
    ledger = SqliteLedger(path)
    await ledger.open()
    await ledger.add_codes("spring", [FreeCode("A"), FreeCode("B"), FreeCode("C")], T0)
    await ledger.commit(push(offer(pool="spring", code="A")))
    await ledger.close()
    made = connect(path)
    code_rows.spend_ungiven(made)
    rows = made.execute("SELECT code, state, is_withdrawn FROM codes ORDER BY key").fetchall()
    assert rows == [("A", "reserved", 1), ("B", "handed_out", 0), ("C", "handed_out", 0)]
    made.close()


async def test_no_row_holds_a_customer(tmp_path: Path) -> None:
    path = tmp_path / "tactful.db"
    ledger = SqliteLedger(path)
    await ledger.open()
    await ledger.add_codes("spring", [FreeCode("A")], T0)
    await ledger.commit(push(offer(pool="spring", code="A", customer="mia")))
    await ledger.close()
    with sqlite3.connect(path) as made:
        assert "mia" not in str(made.execute("SELECT * FROM codes").fetchall())
    made.close()
