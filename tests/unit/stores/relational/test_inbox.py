"""A prune of many deliveries takes many short transactions; `tests/contracts` has the rest."""

from pathlib import Path

import pytest

from contracts.test_inbox_store import delivery
from support.ledger_rows import T0
from tactful.stores.relational import inbox
from tactful.stores.sqlite.ledger import SqliteLedger


async def test_a_prune_deletes_in_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "PRUNED_AT_ONCE", 2)
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    for number in range(5):
        await ledger.put_delivery(delivery(number))
    for stored in await ledger.waiting_deliveries("woo", 5):
        await ledger.settle_deliveries([stored.number], {})
    assert await ledger.prune_deliveries(T0 + 99) == 5
    assert await ledger.delivery_counts() == {}
    await ledger.close()
