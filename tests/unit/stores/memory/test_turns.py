"""Turns in dictionaries: a refusal changes nothing, and each call is a transaction of its own."""

import pytest
from msgspec import structs

from support.ledger_rows import T0, accepted, entry, offer, present, push, redeem, release
from tactful.core.offers.offer import OfferState
from tactful.core.redemption.redemption_rows import RedemptionOutcome, RedemptionState
from tactful.runtime.ports.ledger_rows import Commit
from tactful.stores.memory.ledger import MemoryLedger


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


async def test_a_refused_commit_leaves_every_balance_as_it_was(ledger: MemoryLedger) -> None:
    await ledger.commit(push(offer("of_1"), limit=2_000))
    before = await ledger.balances()
    swap = structs.replace(push(offer("of_2"), limit=2_000), entry=entry())
    assert await ledger.commit(swap) is not None
    assert await ledger.balances() == before
    assert await ledger.turn_entries() == []


def test_a_record_is_written_before_the_call_returns(ledger: MemoryLedger) -> None:
    with ledger.deferred_writes():
        ledger.record(Commit(session="se_1", state=b"1", seen_at=T0))
        assert ledger._sessions["se_1"].state == b"1"


async def test_a_redemption_beyond_its_budget_is_a_programming_error(ledger: MemoryLedger) -> None:
    await ledger.commit(push(accepted()))

    def greedy(state: RedemptionState) -> RedemptionOutcome:
        outcome = redeem(state)
        (move,) = outcome.moves
        return structs.replace(outcome, moves=(structs.replace(move, settle=60_000),))

    with pytest.raises(ValueError, match="beyond its limit"):
        await ledger.run_redemption(greedy, offers=("of_1",), order="o1")
    assert present(await ledger.offer("of_1")).state is OfferState.ACCEPTED


async def test_a_balance_that_differs_from_its_offers_is_reported(ledger: MemoryLedger) -> None:
    made = offer()
    await ledger.commit(push(made))
    assert await ledger.reconcile() == []
    ledger.record(Commit(moves=(structs.replace(release(made), offer=""),)))
    assert await ledger.reconcile() == ["spring total EUR does not add up"]
