"""Redemptions after a restore, whose ledger lacks what happened since the backup.

Until the shop has reported the orders of the gap again, nobody knows whether a token was used in it.
From then on an order that names the offer refuses a second use, and the token alone proves what was
accepted in the gap.
"""

from msgspec import structs

from tactful.core.offers.offer import Offer, OfferState
from tactful.core.offers.tokens import TokenClaims
from tactful.core.redemption.order_totals import SkuNow
from tactful.core.redemption.redemption_rows import RedemptionState
from tactful.core.values.allocation import Deduction
from tactful.core.values.calendar import SECOND
from tactful.runtime.ports.ledger_rows import RestoredGap


class UnconfirmedRestoreError(Exception):
    """It is not known whether another order has used the offer; the shop must report its orders."""


def with_lost_acceptance(
    state: RedemptionState,
    claims: TokenClaims,
    gap: RestoredGap | None,
    sku_now: SkuNow | None,
) -> RedemptionState:
    """Return the state with the acceptance that a token proves and the ledger lost.

    Args:
        state: What the ledger knows of the offer, and of the order that is to use it.
        claims: A token with a valid signature.
        gap: What the last restore lost; `None`: nothing.
        sku_now: The item as last reported.

    Raises:
        UnconfirmedRestoreError: The token is older than the restore, and the shop has not confirmed
            that the orders of the gap are reported again.
    """
    issued_at = claims.iat * SECOND
    if gap is None or issued_at > gap.restored_at:
        return state
    if any(row.offer == claims.offer and row.order in state.orders for row in state.redemptions):
        return state
    if not gap.is_confirmed:
        raise UnconfirmedRestoreError
    if issued_at < gap.backup_at // SECOND * SECOND:
        return state
    known = state.offers.get(claims.offer)
    if known is not None and (not known.standing or known.state is OfferState.ACCEPTED):
        return state
    accepted = _accepted(claims, known, sku_now)
    return structs.replace(state, offers={**state.offers, claims.offer: accepted})


def _accepted(claims: TokenClaims, known: Offer | None, sku_now: SkuNow | None) -> Offer:
    until = claims.exp * SECOND
    if known is not None:
        return structs.replace(
            known, state=OfferState.ACCEPTED, qty=known.max_qty, accept_until=until
        )
    deduction = None
    if claims.level is not None:
        deduction = Deduction(claims.level, claims.at_most or 0, claims.percent_bp)
    public = (sku_now.price if sku_now else None) or claims.unit
    return Offer(
        id=claims.offer,
        session=f"restored-{claims.offer}",
        rule="",
        rulebook=claims.rulebook,
        sku=claims.sku,
        product=claims.sku,
        territory=claims.territory,
        currency=claims.currency,
        unit=claims.unit,
        public=max(public, claims.unit),
        deduction=deduction,
        min_order=claims.min_order,
        since=claims.iat * SECOND,
        max_qty=claims.max_qty,
        qty=claims.max_qty,
        state=OfferState.ACCEPTED,
        issued_at=claims.iat * SECOND,
        ends_at=until,
        accept_until=until,
    )
