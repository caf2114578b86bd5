"""What is promised, in memory: exact sums, and who stands before whom."""

from hypothesis import given
from hypothesis import strategies as st

from support.builders import T0, offer
from tactful.core.offers.offer import OfferState
from tactful.runtime.state.balances import StockCommitments


def test_promises_are_summed_per_item_and_territory_and_let_go_when_they_end() -> None:
    held = StockCommitments()
    first = offer(id="of_1", sku="A", territory="DE", max_qty=2)
    held.update(first)
    held.update(offer(id="of_2", sku="A", territory="GB", max_qty=1))
    assert held.totals == {("A", "DE"): 2, ("A", "GB"): 1}
    held.update(
        offer(id="of_1", sku="A", territory="DE", max_qty=2, state=OfferState.ACCEPTED, qty=1)
    )
    assert held.totals["A", "DE"] == 1
    held.update(offer(id="of_1", sku="A", territory="DE", max_qty=2, state=OfferState.EXPIRED))
    assert held.totals == {("A", "GB"): 1}


def test_accepted_offers_come_first_then_the_older_ones() -> None:
    held = StockCommitments()
    old = offer(id="of_old", sku="A", issued_at=T0)
    young = offer(id="of_young", sku="A", issued_at=T0 + 1)
    taken = offer(id="of_taken", sku="A", issued_at=T0 + 2, state=OfferState.ACCEPTED)
    for one in (young, taken, old):
        held.update(one)
    assert [held.ahead(one) for one in (taken, old, young)] == [0, 1, 2]
    held.update(offer(id="of_old", sku="A", issued_at=T0, state=OfferState.DECLINED))
    held.invalidate("A")
    assert held.ahead(young) == 1


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(list(OfferState)), st.integers(1, 3))))
def test_the_total_is_always_the_sum_of_what_stands(
    moves: list[tuple[int, OfferState, int]],
) -> None:
    held, now = StockCommitments(), {}
    for number, state, qty in moves:
        now[number] = offer(id=f"of_{number}", sku="A", state=state, max_qty=qty, qty=qty)
        held.update(now[number])
    total = sum(one.max_qty for one in now.values() if one.standing)
    assert sum(held.totals.values()) == total
