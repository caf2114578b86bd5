"""Alerts in memory; the contract is `tests/contracts/test_alert_store.py`."""

from tactful.runtime.ports.alert_store import Alert
from tactful.stores.memory.ledger import MemoryLedger


async def test_two_ledgers_in_memory_share_no_alert() -> None:
    one, other = MemoryLedger(), MemoryLedger()
    await one.put_alert(Alert(id="al_1", kind="disk.low", subject="", raised_at=1))
    assert len(await one.alerts(resolved=False)) == 1
    assert await other.alerts(resolved=False) == []
