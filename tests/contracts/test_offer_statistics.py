"""The contract of `OfferStatistics`: what became of offers, and of held-out offers."""

from msgspec import structs

from support.ledger_rows import T0, AnyLedger, offer
from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.runtime.ports.ledger_rows import Commit, OutcomeRow, ReductionRow


def led(one: Offer, *states: OfferState) -> Commit:
    """An offer that went through these states."""
    steps = [OfferStep(one.id, T0, seq, state) for seq, state in enumerate(states, 1)]
    last = structs.replace(one, state=states[-1], seq=len(states))
    return Commit(session=one.session, offers=(last,), steps=tuple(steps))


def life(name: str, *states: OfferState, **changes: object) -> Commit:
    return led(offer(name, campaign=None, **changes), *states)


SEEN = (OfferState.PUSHED, OfferState.SHOWN)


async def test_shown_offers_are_counted_with_those_redeemed(ledger: AnyLedger) -> None:
    await ledger.commit(life("of_1", *SEEN, OfferState.ACCEPTED, OfferState.REDEEMED))
    await ledger.commit(life("of_2", *SEEN, OfferState.EXPIRED))
    await ledger.commit(life("of_3", OfferState.PUSHED, OfferState.EXPIRED))
    await ledger.commit(life("of_4", *SEEN, rule="r0"))
    await ledger.commit(life("of_5", *SEEN, territory="GB"))
    assert await ledger.outcomes() == [
        OutcomeRow("r0", "aero", "DE", 1, 0),
        OutcomeRow("r1", "aero", "DE", 2, 1),
        OutcomeRow("r1", "aero", "GB", 1, 0),
    ]


async def test_held_out_offers_are_counted_under_no_rule_with_purchases_without_them(
    ledger: AnyLedger,
) -> None:
    for name in ("of_1", "of_2", "of_3"):
        await ledger.commit(life(name, OfferState.HELD_OUT))
    await ledger.mark_bought(["of_1", "of_2", "of_unknown"], bought=True)
    assert await ledger.outcomes() == [OutcomeRow("", "aero", "DE", 3, 2)]
    await ledger.mark_bought(["of_1"], bought=False)
    assert await ledger.outcomes() == [OutcomeRow("", "aero", "DE", 3, 1)]


async def test_recent_held_out_offers_are_returned_oldest_first(ledger: AnyLedger) -> None:
    await ledger.commit(life("of_b", OfferState.HELD_OUT, issued_at=T0 + 1))
    await ledger.commit(life("of_a", OfferState.HELD_OUT, issued_at=T0 + 2))
    await ledger.commit(life("of_c", OfferState.HELD_OUT, issued_at=T0))
    await ledger.commit(life("of_d", *SEEN, issued_at=T0 + 3))
    assert [one.id for one in await ledger.held_out(T0 + 1)] == ["of_b", "of_a"]


async def test_marking_a_purchase_does_not_bring_a_forgotten_session_back(
    ledger: AnyLedger,
) -> None:
    await ledger.commit(life("of_1", OfferState.HELD_OUT))
    await ledger.forget_session("se_1")
    await ledger.mark_bought(["of_1"], bought=True)
    (held,) = await ledger.held_out(0)
    assert held.bought
    assert held.session != "se_1"


async def test_an_empty_ledger_has_no_outcomes(ledger: AnyLedger) -> None:
    assert await ledger.outcomes() == []
    assert await ledger.held_out(0) == []


async def test_recent_reductions_are_returned_with_the_instant_of_their_first_use(
    ledger: AnyLedger,
) -> None:
    for name, at in (("of_1", 100), ("of_2", 150), ("of_3", 140)):
        await ledger.commit(life(name, OfferState.PUSHED, issued_at=at, since=at - 50))
    await ledger.commit(life("of_4", OfferState.PUSHED, issued_at=90, since=80, sku="RUN-43"))
    await ledger.commit(life("of_5", OfferState.HELD_OUT, issued_at=200))
    assert await ledger.reductions(90) == [
        ReductionRow("r1", "RUN-42", "DE", 100, 150),
        ReductionRow("r1", "RUN-43", "DE", 80, 90),
    ]
    assert await ledger.reductions(91) == [ReductionRow("r1", "RUN-42", "DE", 100, 150)]
