"""Exposures in memory; the contract is `tests/contracts/test_exposure_store.py`."""

from contracts.test_exposure_store import exposure, rows, stored, turn
from tactful.stores.memory.ledger import MemoryLedger


async def test_two_ledgers_in_memory_share_no_exposure() -> None:
    one, other = MemoryLedger(), MemoryLedger()
    await one.commit(turn(exposure()))
    assert await stored(one) == rows(exposure())
    assert await stored(other) == []
