"""What a token proves after a restore, for each state of the offer and the gap."""

import pytest
from msgspec import structs

from support.ledger_rows import T0, accepted
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.offers.tokens import TokenClaims
from tactful.core.redemption.order_totals import SkuNow
from tactful.core.redemption.redemption_rows import RedemptionRow, RedemptionState
from tactful.core.values.allocation import Deduction
from tactful.runtime.ports.ledger_rows import RestoredGap
from tactful.runtime.services.restored_tokens import UnconfirmedRestoreError, with_lost_acceptance

GAP = RestoredGap(T0, T0 + 60_000)
CONFIRMED = structs.replace(GAP, is_confirmed=True)
EMPTY = RedemptionState()
PRICED = SkuNow(price=12900, currency="EUR", available=5, recalled=False)


def claims(iat: int, **more: object) -> TokenClaims:
    made = TokenClaims(
        currency="EUR", exp=T0 // 1000 + 1800, holder="h" * 22, iat=iat // 1000, max_qty=2,
        offer="of_1", rulebook="rb", sku="RUN-42", territory="DE", unit=10965,
    )  # fmt: skip
    return structs.replace(made, **more)


def known(offer: Offer) -> RedemptionState:
    return RedemptionState(offers={offer.id: offer})


@pytest.mark.parametrize("iat", [T0 - 9_000, T0 + 9_000])
def test_an_older_token_waits_until_the_orders_are_confirmed(iat: int) -> None:
    with pytest.raises(UnconfirmedRestoreError):
        with_lost_acceptance(known(accepted()), claims(iat), GAP, PRICED)


def test_a_use_that_the_ledger_knows_is_repeated_at_once() -> None:
    use = RedemptionRow(id="rd", offer="of_1", order="o1", at=T0, status="redeemed", saved=1)
    state = RedemptionState(redemptions=(use,), orders=frozenset({"o1"}))
    assert with_lost_acceptance(state, claims(T0 - 9_000), GAP, PRICED) is state


@pytest.mark.parametrize(
    ("gap", "iat"),
    [(None, T0), (GAP, T0 + 61_000), (CONFIRMED, T0 - 9_000)],
    ids=["no restore", "issued since the restore", "issued before the backup"],
)
def test_other_tokens_are_judged_by_the_ledger_alone(gap: RestoredGap | None, iat: int) -> None:
    assert with_lost_acceptance(EMPTY, claims(iat), gap, PRICED) is EMPTY


def test_a_token_of_the_gap_makes_the_offer_that_it_promises() -> None:
    state = with_lost_acceptance(EMPTY, claims(T0 + 9_000), CONFIRMED, PRICED)
    offer = state.offers["of_1"]
    assert (offer.state, offer.unit, offer.public, offer.qty) == (
        OfferState.ACCEPTED, 10965, 12900, 2,
    )  # fmt: skip
    assert offer.accept_until == claims(T0).exp * 1000
    assert offer.campaign is None


def test_a_token_for_the_order_keeps_its_deduction() -> None:
    promised = claims(T0 + 9_000, level="order", at_most=500, percent_bp=1000)
    state = with_lost_acceptance(EMPTY, promised, CONFIRMED, None)
    offer = state.offers["of_1"]
    assert offer.deduction == Deduction("order", 500, 1000)
    assert offer.public == offer.unit


def test_an_offer_shown_at_the_backup_and_accepted_in_the_gap_is_accepted() -> None:
    shown = structs.replace(accepted(), state=OfferState.SHOWN, max_qty=2)
    state = with_lost_acceptance(known(shown), claims(T0 + 9_000), CONFIRMED, PRICED)
    assert (state.offers["of_1"].state, state.offers["of_1"].qty) == (OfferState.ACCEPTED, 2)


@pytest.mark.parametrize("kept", [OfferState.ACCEPTED, OfferState.WITHDRAWN, OfferState.REDEEMED])
def test_an_offer_that_is_accepted_or_ended_stays_as_it_is(kept: OfferState) -> None:
    state = known(structs.replace(accepted(), state=kept))
    assert with_lost_acceptance(state, claims(T0 + 9_000), CONFIRMED, PRICED) is state
