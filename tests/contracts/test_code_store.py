"""The contract of `CodeStore`: each code for one offer, and back only if nobody has seen it."""

from typing import Any

import pytest
from msgspec import structs

from support.ledger_rows import T0, AnyLedger, leave, offer, push
from tactful.core.offers.discount_codes import FreeCode
from tactful.core.offers.offer import Offer, OfferState
from tactful.runtime.ports.code_store import AddedCodes, PoolCounts, StoredCode
from tactful.runtime.ports.ledger_rows import Change, CommitRefusal
from tactful.stores.memory.ledger import MemoryLedger

A, B, C = FreeCode("SPRING-A"), FreeCode("Spring-B"), FreeCode("SPRING-C", T0 + 9)


def coded(code: str | None = "SPRING-A", ident: str = "of_1", **changes: Any) -> Offer:
    return offer(ident, pool="spring", code=code, **changes)


async def states(ledger: AnyLedger) -> dict[str, str]:
    found = await ledger.find_codes(["spring-a", "SPRING-B", "SPRING-C"])
    return {one.code: one.state for one in found}


async def filled(ledger: AnyLedger) -> None:
    assert await ledger.add_codes("spring", [A, B, C], T0) == AddedCodes(added=3)


async def test_codes_are_added_once_whatever_their_case_and_pool(ledger: AnyLedger) -> None:
    added = await ledger.add_codes("spring", [A, FreeCode("spring-a"), B], T0)
    assert added == AddedCodes(added=2, known=("spring-a",))
    assert await ledger.add_codes("other", [A, C], T0) == AddedCodes(added=1, known=("SPRING-A",))
    assert await ledger.free_codes() == [("other", C), ("spring", A), ("spring", B)]
    assert await ledger.add_codes("other", [], T0) == AddedCodes(added=0)


async def test_a_dry_run_adds_nothing(ledger: AnyLedger) -> None:
    before = await ledger.position()
    assert await ledger.add_codes("spring", [A, A], T0, dry_run=True) == AddedCodes(
        added=1, known=("SPRING-A",)
    )
    assert await ledger.free_codes() == []
    assert await ledger.position() == before


async def test_every_change_of_a_pool_is_logged(ledger: AnyLedger) -> None:
    seen: list[Change] = []
    ledger.subscribe(seen.extend)
    await filled(ledger)
    await ledger.withdraw_codes("spring", T0)
    assert [(one.kind, one.subjects) for one in seen] == [("codes", (("pool", "spring"),))] * 2


async def test_a_push_reserves_its_code_and_a_second_one_is_refused(ledger: AnyLedger) -> None:
    await filled(ledger)
    assert await ledger.commit(push(coded())) is None
    assert await states(ledger) == {"SPRING-A": "reserved", "Spring-B": "free", "SPRING-C": "free"}
    refused = await ledger.commit(push(coded(ident="of_2")))
    assert refused == CommitRefusal("codes.taken", offer="of_2", subject=("code", "SPRING-A"))
    assert await ledger.offer("of_2") is None
    unknown = await ledger.commit(push(coded("NOWHERE", "of_3")))
    assert unknown is not None
    assert unknown.reason == "codes.taken"
    assert await ledger.reconcile() == []


@pytest.mark.parametrize(
    "end",
    [OfferState.DECLINED, OfferState.EXPIRED, OfferState.WITHDRAWN, OfferState.SUPERSEDED],
)
async def test_a_code_nobody_has_seen_returns(ledger: AnyLedger, end: OfferState) -> None:
    await filled(ledger)
    made = coded()
    await ledger.commit(push(made))
    ledger.record(leave(structs.replace(made, code=None), end))
    await ledger.flush()
    assert (await ledger.find_codes(["SPRING-A"]))[0].offer is None
    assert (await states(ledger))["SPRING-A"] == "free"
    assert await ledger.commit(push(coded(ident="of_2"))) is None
    assert await ledger.reconcile() == []


async def test_the_code_of_an_accepted_offer_is_spent(ledger: AnyLedger) -> None:
    await filled(ledger)
    await ledger.commit(push(coded()))
    accepted = coded(state=OfferState.ACCEPTED, accept_until=T0 + 9, seq=2)
    await ledger.commit(structs.replace(push(accepted), moves=()))
    assert (await states(ledger))["SPRING-A"] == "handed_out"
    ledger.record(leave(accepted, OfferState.EXPIRED))
    await ledger.flush()
    (stored,) = await ledger.find_codes(["SPRING-A"])
    assert stored == StoredCode(pool="spring", code="SPRING-A", state="handed_out", offer="of_1")
    assert await ledger.reconcile() == []


async def test_withdrawn_codes_are_not_free_and_reserved_ones_do_not_return(
    ledger: AnyLedger,
) -> None:
    await filled(ledger)
    made = coded()
    await ledger.commit(push(made))
    assert await ledger.withdraw_codes("spring", T0) == 2
    assert await ledger.withdraw_codes("spring", T0) == 0
    assert await ledger.free_codes() == []
    ledger.record(leave(structs.replace(made, code=None), OfferState.DECLINED))
    await ledger.flush()
    assert set((await states(ledger)).values()) == {"withdrawn"}
    assert await ledger.add_codes("spring", [A], T0) == AddedCodes(added=1), "nobody has seen it"
    assert await ledger.free_codes() == [("spring", A)]


async def test_codes_are_counted_by_state(ledger: AnyLedger) -> None:
    await filled(ledger)
    await ledger.commit(push(coded()))
    assert await ledger.pool_counts(T0) == [PoolCounts(pool="spring", free=2, reserved=1)]
    assert await ledger.pool_counts(T0 + 9) == [
        PoolCounts(pool="spring", free=1, reserved=1, ended=1)
    ]


async def test_a_code_that_an_order_used_is_never_free_again(ledger: AnyLedger) -> None:
    await filled(ledger)
    await ledger.commit(push(coded()))
    assert await ledger.spend_free_codes(["spring-a", "spring-b", "nowhere"]) == 1
    assert await states(ledger) == {"SPRING-A": "reserved", "Spring-B": "used", "SPRING-C": "free"}
    assert (await ledger.add_codes("spring", [B], T0)).added == 0


async def test_a_code_outlives_its_offer_without_naming_it(ledger: AnyLedger) -> None:
    await filled(ledger)
    await ledger.commit(push(coded()))
    accepted = coded(state=OfferState.ACCEPTED, accept_until=T0 + 9, seq=2)
    await ledger.commit(structs.replace(push(accepted), moves=()))
    ledger.record(leave(accepted, OfferState.EXPIRED))
    await ledger.flush()
    await ledger.prune(before=T0 + 99)
    assert await ledger.offer("of_1") is None
    (stored,) = await ledger.find_codes(["SPRING-A"])
    assert (stored.state, stored.offer) == ("handed_out", None)
    assert await ledger.reconcile() == []


async def test_a_code_and_an_offer_that_do_not_name_each_other_are_reported(
    ledger: AnyLedger,
) -> None:
    await filled(ledger)
    await ledger.commit(push(coded()))
    # A turn that took the code of another offer would break the promise to its shopper.
    ledger.record(structs.replace(push(coded("SPRING-A", "of_2")), moves=()))
    await ledger.flush()
    wrong = await ledger.reconcile()
    assert "the discount code SPRING-A and its offer do not name each other" in wrong


async def test_offers_without_a_pool_need_no_code(ledger: AnyLedger) -> None:
    await ledger.commit(push(offer()))
    assert await ledger.pool_counts(T0) == []
    assert isinstance(ledger, MemoryLedger) or await ledger.reconcile() == []
