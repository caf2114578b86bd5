"""A ledger in memory is always well, and takes no room on a disk."""

from tactful.stores.memory.ledger import MemoryLedger


async def test_a_ledger_in_memory_is_always_well() -> None:
    ledger = MemoryLedger()
    await ledger.open()
    assert (ledger.failure, ledger.is_broken, ledger.is_restored) == (None, False, False)
    assert (ledger.pending_bytes, ledger.records_lost) == (0, 0)
    assert ledger.storage_use() is None  # type: ignore[func-returns-value]
    await ledger.close()
