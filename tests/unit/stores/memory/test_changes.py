"""The change log in memory: positions, heads and publication."""

from collections.abc import Sequence

from support.ledger_rows import T0, fact
from tactful.runtime.ports.ledger_rows import Change
from tactful.stores.memory.ledger import MemoryLedger


async def test_a_write_is_published_before_its_caller_continues() -> None:
    ledger = MemoryLedger()
    seen: list[Change] = []

    def take(changes: Sequence[Change]) -> None:
        seen.extend(changes)

    end = ledger.subscribe(take)
    await ledger.record_facts([fact(version=1)])
    assert [change.position for change in seen] == [1]
    end()
    await ledger.record_heartbeat("erp", T0)
    assert len(seen) == 1


async def test_trimming_keeps_the_newest_change_and_the_heads() -> None:
    ledger = MemoryLedger()
    await ledger.record_facts([fact(version=number) for number in (1, 2, 3)])
    assert await ledger.trim_changes(9) == 2
    assert [change.position for change in await ledger.changes(0)] == [3]
    assert ledger.newer_subjects([("sku", "RUN-42")], 2) == {("sku", "RUN-42")}
    assert ledger.newest_position() == 3
    assert await ledger.trim_changes(9) == 0
