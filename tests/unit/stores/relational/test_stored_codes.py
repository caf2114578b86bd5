"""A large import is one transaction; the contract is `tests/contracts/test_code_store.py`."""

from pathlib import Path

from support.ledger_rows import T0
from tactful.core.offers.discount_codes import FreeCode
from tactful.runtime.ports.code_store import AddedCodes
from tactful.stores.sqlite.ledger import SqliteLedger


async def test_ten_thousand_codes_are_added_by_one_change(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    many = [FreeCode(f"SPRING-{number}") for number in range(10_000)]
    assert await ledger.add_codes("spring", many, T0) == AddedCodes(added=10_000)
    assert len(await ledger.free_codes()) == 10_000
    assert await ledger.position() == 1
    await ledger.close()
