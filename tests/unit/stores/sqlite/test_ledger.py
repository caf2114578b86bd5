"""The SQLite ledger: what its opening refuses."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.sqlite.ledger import SqliteLedger


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    made = SqliteLedger(tmp_path / "tactful.db")
    await made.open()
    yield made
    await made.close()


async def test_a_second_place_that_cannot_be_used_is_refused_at_the_start(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db", erasures_copy=tmp_path / "no" / "list")
    with pytest.raises(LedgerError, match=r"No such file.*erasures_copy"):
        await ledger.open()
    await ledger.close()


async def test_no_new_ledger_is_made_after_an_interrupted_restore(
    ledger: SqliteLedger, tmp_path: Path
) -> None:
    await ledger.close()
    kept = tmp_path / "tactful.db.before-restore"
    ledger.path.rename(kept)
    with pytest.raises(LedgerError, match="a restore was interrupted"):
        await ledger.open()
    assert not ledger.path.exists()
    kept.rename(ledger.path)
    await ledger.open()
