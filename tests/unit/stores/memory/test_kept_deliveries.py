"""What became of a delivery that was erased meanwhile; `tests/contracts` has the rest."""

from contracts.test_inbox_store import delivery
from tactful.stores.memory.ledger import MemoryLedger


async def test_the_end_of_an_erased_delivery_changes_nothing() -> None:
    ledger = MemoryLedger()
    await ledger.put_delivery(delivery(1, ("customer", "mia")))
    await ledger.erase_customer("mia", "alias", 1)
    await ledger.settle_deliveries([1], {1: "odd"})
    assert await ledger.delivery_counts() == {}
