"""Whether an order may use an offer, and the price at which it does."""

from collections.abc import Sequence

from tactful.core.offers.offer import Offer
from tactful.core.offers.tokens import TokenClaims, numeric_date
from tactful.core.redemption.order_totals import (
    UNKNOWN_SKU,
    EarlierOffer,
    LineTotals,
    NotApplicable,
    RequestedLine,
    SkusNow,
    below_minimum,
    item_sale,
    order_sale,
    shipping_sale,
)
from tactful.core.redemption.redemption_rows import RedemptionRow, RedemptionState
from tactful.core.values.allocation import LEVELS, Deduction
from tactful.core.values.money import Money


def not_applicable(
    offer: Offer, territory: str, now: int, claims: TokenClaims, *, is_holder: bool | None
) -> NotApplicable | None:
    """Return why the offer is not for this order at all, or `None`.

    Args:
        offer: The accepted offer.
        territory: The territory of the order.
        now: Milliseconds since the Unix epoch, UTC.
        claims: What the offer's token promises.
        is_holder: Whether the shop named the offer's holder; `None`: it named nobody, and need not.
    """
    # The token states whole seconds, rounded up: that is what the shopper was promised.
    held = claims.exp if offer.accept_until is None else numeric_date(offer.accept_until, end=True)
    if now >= min(claims.exp, held) * 1000:
        return NotApplicable("offer.expired")
    if territory != claims.territory:
        detail = f"The offer is for {claims.territory}, the order for {territory}."
        return NotApplicable("redemption.territory", detail)
    if is_holder is False:
        return NotApplicable(
            "redemption.holder",
            "The offer is for one customer. Send that customer's id as `customer`, or the id of"
            " their session as `session`.",
        )
    return None


def not_stackable(state: RedemptionState, offer: Offer) -> NotApplicable | None:
    """Return why an order that uses other offers cannot use this one as well, or `None`."""
    for row in _used(state):
        other = state.offers[row.offer]
        # Each level is computed on the result of the one before, so an item offer cannot follow an
        # order offer.
        if LEVELS.index(other.level) > LEVELS.index(offer.level):
            detail = f"The order used an offer on its {other.level} already."
            return NotApplicable("redemption.sequence", detail)
        both_items = other.level == offer.level == "item"
        # The prices of two items do not interact, and both were promised.
        apart = other.sku != offer.sku
        if not (
            apart
            if both_items
            else other.may_stand_beside(offer.rule, offer.level, offer.stacks_with)
        ):
            detail = f"The order used an offer of '{other.rule}', which does not stack with '{offer.rule}'."
            return NotApplicable("redemption.stacking", detail)
    return None


def sale_of(
    state: RedemptionState,
    offer: Offer,
    lines: Sequence[RequestedLine],
    shipping: Money | None,
    skus_now: SkusNow,
) -> LineTotals | NotApplicable:
    """Return what the order pays with the offer, or why the offer cannot be applied to it.

    Args:
        state: Has the offers that the order uses already.
        offer: The offer.
        lines: All lines of the order.
        shipping: What the order is charged for shipping, before any offer; `None`: not stated.
        skus_now: Price and stock of each SKU, as last reported.
    """
    if offer.order_deduction is None:
        return _sale_of_item(offer, lines, skus_now)
    return _sale_of_order(state, offer, offer.order_deduction, lines, shipping, skus_now)


def _used(state: RedemptionState) -> list[RedemptionRow]:
    """Return the order's uses of offers, in the order in which they were applied."""
    return [row for row in state.redemptions if row.order in state.orders and row.is_live]


def _sale_of_item(
    offer: Offer, lines: Sequence[RequestedLine], skus_now: SkusNow
) -> LineTotals | NotApplicable:
    own = [line for line in lines if line.sku == offer.sku]
    qty = sum(line.qty for line in own)
    if not own:
        return NotApplicable("redemption.sku", f"The offer is for {offer.sku}.")
    if qty > offer.qty:
        detail = f"The offer is for {offer.qty}, the order has {qty}."
        return NotApplicable("redemption.quantity", detail)
    sku_now = skus_now.get(offer.sku, UNKNOWN_SKU)
    sale = item_sale(offer, own, sku_now)
    if isinstance(sale, NotApplicable):
        return sale
    if sku_now.recalled:
        return NotApplicable("recall", ends_offer=True)
    if sku_now.available is not None and sku_now.available < qty:
        if sku_now.available <= 0:
            return NotApplicable("stock.out", ends_offer=True)
        detail = f"There are {sku_now.available} left, the order has {qty}."
        return NotApplicable("stock.out", detail)
    return sale


def _sale_of_order(
    state: RedemptionState,
    offer: Offer,
    off: Deduction,
    lines: Sequence[RequestedLine],
    shipping: Money | None,
    skus_now: SkusNow,
) -> LineTotals | NotApplicable:
    """Return the sale of an offer on the order or its shipping.

    A recalled SKU leads to a refusal, but does not end the offer.
    """
    recalled = [line.sku for line in lines if skus_now.get(line.sku, UNKNOWN_SKU).recalled]
    if recalled:
        return NotApplicable("recall", f"Of the order, {', '.join(recalled)} was recalled.")
    before = [EarlierOffer(state.offers[row.offer].level, row.lines) for row in _used(state)]
    if offer.min_order is not None:
        short = below_minimum(offer, offer.min_order, lines, skus_now, before)
        if short:
            return short
    if off.level == "shipping":
        return shipping_sale(offer, off, shipping, before)
    return order_sale(offer, off, lines, skus_now, before)
