"""The ledger in memory: nothing waits, nothing fails, and everything ends with the process."""

from support.ledger_rows import T0, entry, offer, present, push
from tactful.runtime.ports.ledger_rows import Commit
from tactful.stores.memory.ledger import MemoryLedger


async def test_it_is_usable_without_opening_and_after_closing() -> None:
    ledger = MemoryLedger()
    await ledger.close()
    ledger.record(Commit(session="se_1", state=b"1"))
    assert ledger.pending_bytes == 0
    assert ledger.failure is None
    assert present(await ledger.session("se_1")).state == b"1"


async def test_two_ledgers_share_nothing() -> None:
    first, second = MemoryLedger(), MemoryLedger()
    await first.commit(push(offer()))
    assert await second.standing_offers() == []


async def test_two_forgotten_sessions_get_different_random_ids() -> None:
    ledger = MemoryLedger()
    for name in ("1", "2"):
        await ledger.commit(push(offer(f"of_{name}", session=f"se_{name}")))
        await ledger.forget_session(f"se_{name}")
    left = {one.session for one in await ledger.standing_offers()}
    assert len(left) == 2
    assert not left & {"se_1", "se_2"}


async def test_turns_of_one_instant_keep_the_order_in_which_they_were_written() -> None:
    ledger = MemoryLedger()
    for name in ("b", "a", "c"):
        await ledger.commit(Commit(entry=entry(name, T0)))
    assert [one.session for one in await ledger.turn_entries()] == ["b", "a", "c"]
