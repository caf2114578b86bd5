"""Deliveries in SQLite: what they name is a digest, and older programs erase them too."""

import sqlite3
from pathlib import Path

from contracts.test_inbox_store import delivery
from tactful.stores.sqlite.ledger import SqliteLedger


async def test_what_a_delivery_names_is_stored_as_digests(tmp_path: Path) -> None:
    path = tmp_path / "tactful.db"
    ledger = SqliteLedger(path)
    await ledger.open()
    await ledger.put_delivery(delivery(1, ("customer", "mia"), ("customer", "mia")))
    digest = ledger.erasure_digest("customer", "mia")
    await ledger.close()
    with sqlite3.connect(path) as made:
        assert made.execute("SELECT digest, number FROM inbox_subjects").fetchall() == [(digest, 1)]
    made.close()


async def test_an_erasure_by_an_older_program_deletes_deliveries_too(tmp_path: Path) -> None:
    path = tmp_path / "tactful.db"
    ledger = SqliteLedger(path)
    await ledger.open()
    for number in (1, 2):
        await ledger.put_delivery(delivery(number, ("customer", f"c{number}")))
    digests = [ledger.erasure_digest("customer", f"c{number}") for number in (1, 2)]
    await ledger.close()
    with sqlite3.connect(path) as made:
        made.execute("INSERT INTO erased (digest, alias, at) VALUES (?, 'alias', 1)", digests[:1])
        assert made.execute("SELECT delivery FROM inbox").fetchall() == [("d2",)]
        assert made.execute("SELECT digest FROM inbox_subjects").fetchall() == [(digests[1],)]
    made.close()
