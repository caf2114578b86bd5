"""Redemptions in dictionaries: what the ledger itself refuses."""

import pytest
from msgspec import structs

from support.ledger_rows import accepted, present, push, redeem
from tactful.core.offers.offer import OfferState
from tactful.core.redemption.redemption_rows import RedemptionOutcome, RedemptionState
from tactful.stores.memory.ledger import MemoryLedger


async def test_a_second_live_use_of_an_offer_is_a_programming_error() -> None:
    ledger = MemoryLedger()
    await ledger.commit(push(accepted()))
    await ledger.run_redemption(redeem, offers=("of_1",), order="o1")

    def twice(state: RedemptionState) -> RedemptionOutcome:
        (row,) = state.redemptions
        second = structs.replace(row, order="o2", status="held")
        return RedemptionOutcome(status=200, body=b"", redemptions=(second,))

    with pytest.raises(ValueError, match="of_1 would be used by o1 and o2"):
        await ledger.run_redemption(twice, offers=("of_1",), order="o2")
    assert await ledger.orders_of("of_1") == ["o1"]
    assert present(await ledger.offer("of_1")).state is OfferState.REDEEMED
