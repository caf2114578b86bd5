"""Rulebooks in SQLite; the contract is `tests/contracts/test_rulebook_store.py`."""

from pathlib import Path

from tactful.stores.sqlite.ledger import SqliteLedger


async def test_the_sources_of_a_version_are_stored_once_and_each_activation_is(
    tmp_path: Path,
) -> None:
    ledger = SqliteLedger(tmp_path / "t.db")
    await ledger.open()
    await ledger.store_rulebook("v1", b"first", 1)
    await ledger.store_rulebook("v1", b"other", 2, back=True)
    assert await ledger._read("SELECT version, sources FROM rulebooks") == [("v1", b"first")]
    assert await ledger._read("SELECT at, back FROM activations") == [(1, 0), (2, 1)]
    await ledger.close()
