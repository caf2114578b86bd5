"""The mark of a restore is stored in the ledger until the orders are confirmed."""

from pathlib import Path

from tactful.runtime.ports.ledger_rows import RestoredGap
from tactful.stores.relational.tables.restored_gap import read_gap, write_gap
from tactful.stores.sqlite.backup import confirm_orders
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.opening import connect


async def test_a_gap_is_open_until_it_is_confirmed_and_a_second_restore_widens_it(
    tmp_path: Path,
) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    assert await ledger.restored_gap() is None
    assert not ledger.is_restored
    await ledger.close()
    made = connect(ledger.path)
    write_gap(made, RestoredGap(20, 30))
    write_gap(made, RestoredGap(10, 40))
    assert read_gap(made) == RestoredGap(10, 40)
    write_gap(made, RestoredGap(15, 50))
    assert read_gap(made) == RestoredGap(10, 50)
    again = SqliteLedger(ledger.path)
    await again.open()
    assert await again.restored_gap() == RestoredGap(10, 50)
    assert again.is_restored
    assert confirm_orders(ledger.path) == RestoredGap(10, 50)
    assert confirm_orders(ledger.path) is None
    assert await again.restored_gap() == RestoredGap(10, 50, is_confirmed=True)
    assert not again.is_restored
    await again.close()
    write_gap(made, RestoredGap(60, 70))
    assert read_gap(made) == RestoredGap(60, 70)
    made.close()
