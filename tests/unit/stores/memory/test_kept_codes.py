"""Discount codes in memory; the contract is `tests/contracts/test_code_store.py`."""

from tactful.core.offers.discount_codes import FreeCode
from tactful.stores.memory.ledger import MemoryLedger


async def test_two_ledgers_in_memory_share_no_code() -> None:
    one, other = MemoryLedger(), MemoryLedger()
    await one.add_codes("p", [FreeCode("A")], 1)
    assert await one.free_codes() == [("p", FreeCode("A"))]
    assert await other.free_codes() == []
