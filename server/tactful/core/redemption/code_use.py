"""Redemption of an offer whose discount code an order has used at the shop's own checkout.

The checkout has charged the price already. So the use is recorded as it happened, also after the end
of the offer's hold, and beyond its budget (`server/SEMANTICS.md`, section 4, rule 13).
"""

from collections.abc import Sequence
from typing import Final

from msgspec import structs

from tactful.core.facts.customer_facts import Order
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.redemption.applied_offers import use_answer
from tactful.core.redemption.redemption_rows import (
    SHIPPING,
    RedemptionResult,
    RedemptionRow,
    RedemptionState,
    SoldLine,
)
from tactful.core.redemption.state_changes import budget_moves, next_place, refuse, transition
from tactful.core.values.allocation import allocate

ALL_BP: Final = 10_000
"""The whole, in basis points."""


def record_code_use(
    state: RedemptionState, *, offer: str, order: Order, redemption: str, now: int
) -> RedemptionResult:
    """Redeem an offer by the report of an order, or refuse and change nothing.

    Args:
        state: What the ledger knows of the offer and the order.
        offer: The offer that has the code.
        order: The paid order that used the code.
        redemption: The id of the redemption.
        now: Milliseconds since the Unix epoch, UTC.
    """
    promised = state.offers.get(offer)
    uses = [row for row in state.redemptions if row.offer == offer and row.status != "refused"]
    is_recorded = any(row.is_live or row.order in state.orders for row in uses)
    if promised is None or is_recorded:
        return refuse("redemption.used")
    if promised.state is OfferState.ACCEPTED:
        changes = budget_moves(state, promised, reserve=-promised.hold, count=-1)
    elif promised.state is OfferState.EXPIRED and promised.was_accepted:
        changes = ()
    else:
        return refuse("offer.ended")
    lines = _sold_lines(promised, order)
    saved = sum(line.saved for line in lines)
    spent = budget_moves(state, promised, settle=saved, settle_count=1)
    used, step = transition(state, promised, "confirm", now)
    unit, qty = _unit_and_qty(promised, lines)
    use = RedemptionRow(
        id=redemption,
        offer=offer,
        order=order.order,
        at=now,
        status="redeemed",
        saved=saved,
        lines=lines,
        promised_hold=promised.hold,
        unit=unit,
        qty=qty,
        place=next_place(state),
    )
    return RedemptionResult(
        answer=use_answer(used, use),
        uses=(use,),
        offers=(used,),
        steps=(step,),
        moves=(*changes, *(structs.replace(move, is_past=True) for move in spent)),
    )


def _sold_lines(offer: Offer, order: Order) -> tuple[SoldLine, ...]:
    """Return what the offer sold, at the prices that the checkout charged."""
    off = offer.order_deduction
    if off is None:
        return (_sold_item(offer, order),)
    if off.level == "shipping":
        # An order does not say its charge, so the discount counts as the most that it may be.
        return (SoldLine(SHIPPING, max(off.at_most, 1), 0, off.at_most),)
    paid = [
        (line.sku, line.qty, line.unit.amount * line.qty)
        for line in order.lines
        if line.sku and line.unit.currency == offer.currency
    ]
    total, share = sum(amount for _, _, amount in paid), off.percent_bp
    saved = off.at_most
    if not total:
        return (SoldLine(offer.sku, 1, 0, saved),)
    if share is not None and share < ALL_BP:
        saved = min(saved, total * share // (ALL_BP - share))
    # No line may bear more than its weight, and a discount may be larger than what is left to pay.
    weights = [amount * (saved // total + 1) for _, _, amount in paid]
    return tuple(
        SoldLine(sku, qty, amount, part)
        for (sku, qty, amount), part in zip(paid, allocate(saved, weights), strict=True)
    )


def _sold_item(offer: Offer, order: Order) -> SoldLine:
    """Return the units of the item that the offer covers, of the first lines that have it."""
    wanted, paid = offer.qty, 0
    for line in order.lines:
        if line.sku == offer.sku and line.unit.currency == offer.currency and wanted:
            units = min(line.qty, wanted)
            wanted -= units
            paid += units * line.unit.amount
    sold = offer.qty - wanted
    if not sold:
        # The order does not have the item, or in another currency: nothing is known of its price.
        return SoldLine(offer.sku, offer.qty, offer.unit * offer.qty, 0)
    # What comes off beyond the promise is not the offer's: the price has fallen since.
    promised = (offer.public - offer.unit) * sold
    return SoldLine(offer.sku, sold, paid, min(max(offer.public * sold - paid, 0), promised))


def _unit_and_qty(offer: Offer, lines: Sequence[SoldLine]) -> tuple[int, int]:
    if offer.level == "item":
        return lines[0].paid // lines[0].qty, lines[0].qty
    return sum(line.paid for line in lines), 1
