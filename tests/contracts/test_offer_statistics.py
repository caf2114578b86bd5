"""The contract of `OfferStatistics`: what became of offers, and of held-out offers."""

from typing import Any

from msgspec import structs

from support.ledger_rows import T0, AnyLedger, offer
from tactful.core.compliance.prior_price import WINDOW
from tactful.core.compliance.reduction_history import ANY_RULE
from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.core.values.allocation import Deduction
from tactful.runtime.ports.ledger_rows import Commit, OutcomeRow, ReductionRow, ShadowRow


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


async def test_offers_in_shadow_mode_are_summed_by_rule_and_currency(ledger: AnyLedger) -> None:
    made: list[tuple[str, dict[str, Any]]] = [
        ("of_1", {}),
        ("of_2", {"session": "s2", "sku": "RUN-43"}),
        ("of_3", {"customer": "c1", "session": "s3"}),
        ("of_4", {"customer": "c1", "session": "s4", "deduction": Deduction("order", 500)}),
        ("of_5", {"currency": "GBP"}),
        ("of_6", {"rule": "r0", "issued_at": T0 + 5}),
        ("of_7", {"issued_at": T0 + 9}),
    ]
    for name, changes in made:
        one = offer(name, campaign=None, **changes)
        await ledger.commit(led(structs.replace(one, hold=0), OfferState.SHADOW))
    await ledger.commit(life("of_8", *SEEN))
    await ledger.commit(life("of_9", OfferState.HELD_OUT))
    template = offer("of_x")
    each, saved = template.public, template.public - template.unit
    assert await ledger.shadow_sums(T0, T0 + 9) == [
        ShadowRow("r0", "EUR", 1, 1, 1, each, saved, T0 + 5, T0 + 5),
        ShadowRow("r1", "EUR", 4, 3, 2, 4 * each, 3 * saved + 500, T0, T0),
        ShadowRow("r1", "GBP", 1, 1, 1, each, saved, T0, T0),
    ]
    newest = await ledger.shadow_offers("r1", T0, T0 + 10, 3)
    assert [one.id for one in newest] == ["of_7", "of_5", "of_4"]
    assert await ledger.shadow_sums(T0 + 10, T0 + 20) == []


async def test_an_offer_in_shadow_mode_counts_for_no_rate_and_no_reduction(
    ledger: AnyLedger,
) -> None:
    await ledger.commit(life("of_1", OfferState.SHADOW))
    assert (await ledger.outcomes(), await ledger.reductions(0)) == ([], [])
    assert (await ledger.standing_offers(), await ledger.held_out(0)) == ([], [])


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
    pair = [
        ReductionRow(ANY_RULE, "RUN-42", "DE", 100, 150),
        ReductionRow(ANY_RULE, "RUN-43", "DE", 90, 90),
    ]
    assert await ledger.reductions(90) == [
        *pair,
        ReductionRow("r1", "RUN-42", "DE", 100, 150),
        ReductionRow("r1", "RUN-43", "DE", 80, 90),
    ]
    assert await ledger.reductions(91) == [
        pair[0], ReductionRow("r1", "RUN-42", "DE", 100, 150),
    ]  # fmt: skip


async def test_an_item_is_reduced_by_any_rule_until_all_have_paused_for_a_window(
    ledger: AnyLedger,
) -> None:
    async def reduced(name: str, rule: str, at: int, **more: Any) -> int:
        await ledger.commit(life(name, OfferState.PUSHED, rule=rule, issued_at=at, **more))
        rows = await ledger.reductions(0)
        return next(row.since for row in rows if row.rule == ANY_RULE)

    assert await reduced("of_1", "r1", 100) == 100
    assert await reduced("of_2", "r2", 100 + WINDOW) == 100
    assert await reduced("of_3", "r1", 100 + 2 * WINDOW) == 100
    # A voucher and a discount on the shipping leave the price of the item as it is.
    assert await reduced("of_4", "r3", 101 + 2 * WINDOW, remedy="m1") == 100
    free = Deduction("shipping", 500)
    assert await reduced("of_5", "r4", 102 + 2 * WINDOW, deduction=free) == 100
    assert await reduced("of_6", "r1", 101 + 3 * WINDOW) == 101 + 3 * WINDOW
    assert {row.rule for row in await ledger.reductions(0)} == {ANY_RULE, "r1", "r2"}
