"""Redemption of an offer by an order: its checks, its price and its changes.

Redemptions are idempotent per (offer, order). The first response that had an effect is stored and returned
byte for byte on every retry, for as long as the ledger exists. `server/SEMANTICS.md`, section 4.
"""

import hashlib

import msgspec
from msgspec import Struct, structs

from tactful.core.offers.budget import COUNT, BudgetMove
from tactful.core.offers.offer import Offer, OfferEvent, OfferStep, next_state
from tactful.core.offers.tokens import TokenClaims, numeric_date
from tactful.core.redemption.answers import Redeemed, RedeemedLine, RedemptionRefusal, Repeated
from tactful.core.redemption.error_codes import ENDS, ERROR_CODES, RedemptionErrorCode
from tactful.core.redemption.order_totals import (
    UNKNOWN_SKU,
    EarlierOffer,
    LineTotals,
    NotApplicable,
    RequestedLine,
    SkuNow,
    SkusNow,
    item_sale,
    order_sale,
    shipping_sale,
)
from tactful.core.redemption.redemption_rows import (
    RedemptionResult,
    RedemptionRow,
    RedemptionState,
)
from tactful.core.redemption.use_states import REDEMPTION_TABLE, use_state
from tactful.core.values.allocation import LEVELS, Deduction
from tactful.core.values.money import Money


class RedemptionRequest(Struct, frozen=True, kw_only=True):
    """One attempt to redeem an offer."""

    id: str
    """A fresh `rd_…`, used if this attempt is the first."""
    token: bytes
    """The digest of the token."""
    order: str
    territory: str
    lines: tuple[RequestedLine, ...]
    shipping: Money | None = None
    """What the order is charged for shipping, before any offer."""
    is_holder: bool | None = None
    """Whether the shop named the offer's holder; `None`: it named nobody, and need not."""

    def digest(self, offer: str) -> bytes:
        """Return the digest that identifies a retry of this attempt; the order of lines is ignored."""
        lines = sorted((line.sku, line.qty) for line in self.lines)
        asked = (offer, self.order, self.territory, lines)
        canonical = msgspec.json.encode((*asked, self.shipping) if self.shipping else asked)
        return hashlib.sha256(canonical).digest()


def redeem(
    state: RedemptionState,
    request: RedemptionRequest,
    now: int,
    claims: TokenClaims,
    skus_now: SkusNow,
    *,
    used_elsewhere: bool = False,
) -> RedemptionResult:
    """Redeem the offer of a verified token, or refuse, or repeat the stored response.

    Args:
        state: What the ledger knows of the offer and the order.
        request: The attempt.
        now: Milliseconds since the Unix epoch, UTC.
        claims: What the token promises. Its signature was verified; it may have expired since.
        skus_now: Price and stock of the offer's SKU and of the order's, as last reported.
        used_elsewhere: Whether the shop reported another order with this offer. After a restore from a
            backup, only such a report tells that the offer was used.
    """
    offer = state.offers.get(claims.offer)
    use = _used(state, claims.offer, request.order)
    verdict = REDEMPTION_TABLE["redeem", use_state(offer, use)]
    if verdict == "repeat" and use:
        return _repeat(use, request)
    if offer and verdict == "offer.ended":
        return refuse(next((code for code in ENDS if code == offer.withdrawn), verdict))
    if offer is None and verdict == "offer.unknown" and now >= claims.exp * 1000:
        # Ended offers are deleted in the end; their tokens still say when they ended.
        return refuse("offer.expired")
    if verdict != "decide" or offer is None:
        return refuse(verdict if verdict in ERROR_CODES else "offer.unknown")
    if used_elsewhere:
        return refuse("redemption.used")
    refused = _not_applicable(offer, request, now, claims) or _not_stackable(
        state, offer, request.order
    )
    if refused:
        return refused
    if offer.order_deduction is None:
        sku_now = skus_now.get(offer.sku, UNKNOWN_SKU)
        return _redeem_item(state, offer, request, now, sku_now)
    return _redeem_order(state, offer, offer.order_deduction, request, now, skus_now)


def repeat(
    state: RedemptionState, request: RedemptionRequest, refusal: RedemptionErrorCode
) -> RedemptionResult:
    """Answer a token that is no longer accepted, with the response stored earlier or a refusal."""
    for row in state.redemptions:
        if (row.order, row.token) == (request.order, request.token):
            return _repeat(row, request)
    return refuse(refusal)


def refuse(code: RedemptionErrorCode, detail: str | None = None) -> RedemptionResult:
    """Return a refusal that changes nothing."""
    return RedemptionResult(answer=RedemptionRefusal(code, detail))


def transition(
    state: RedemptionState, offer: Offer, event: OfferEvent, at: int, reason: str | None = None
) -> tuple[Offer, OfferStep]:
    """Return the offer after an event, and the audited step.

    Args:
        state: Has the session's highest sequence number, which the step must exceed.
        offer: The offer before the event.
        event: What happens to it.
        at: Milliseconds since the Unix epoch, UTC.
        reason: The reason code that the audit shows; it never leaves the server.

    Raises:
        LookupError: The event cannot happen in the offer's state.
    """
    seq = max(state.seqs.get(offer.session, 0), offer.seq) + 1
    offer = structs.replace(offer, state=next_state(offer.state, event), seq=seq)
    return offer, OfferStep(offer.id, at, seq, offer.state, reason)


def budget_moves(
    state: RedemptionState,
    offer: Offer,
    *,
    reserve: int = 0,
    settle: int = 0,
    count: int = 0,
    settle_count: int = 0,
) -> tuple[BudgetMove, ...]:
    """Return the changes of the two balances in which the offer was reserved: its money and its count.

    Args:
        state: Has the balances of the offer's campaign.
        offer: The offer whose hold changes.
        reserve: Change of the reserved money, in minor units of the offer's currency.
        settle: Change of the settled money, in minor units of the offer's currency.
        count: Change of the number of reserved offers.
        settle_count: Change of the number of settled offers.
    """
    changes = ((offer.currency, reserve, settle), (COUNT, count, settle_count))
    return tuple(
        BudgetMove(
            offer.campaign or "", offer.period, currency, row.limit, held, spent, offer=offer.id
        )
        for currency, held, spent in changes
        if (row := state.balances.get((offer.campaign or "", offer.period, currency)))
        and (held or spent)
    )


def _used(state: RedemptionState, offer: str, order: str) -> RedemptionRow | None:
    """Return this order's use of the offer, or else the attempt of another order that ended it."""
    rows = [row for row in state.redemptions if row.offer == offer]
    mine = next((row for row in rows if row.order == order), None)
    return mine or next((row for row in rows if row.status == "refused"), None)


def _repeat(row: RedemptionRow, request: RedemptionRequest) -> RedemptionResult:
    # A refused attempt ended the offer: every later attempt gets its response, whatever is in the cart.
    if row.status != "refused" and row.request != request.digest(row.offer):
        return refuse("redemption.mismatch")
    return RedemptionResult(answer=Repeated(row.answer, row.code))


def _not_applicable(
    offer: Offer, request: RedemptionRequest, now: int, claims: TokenClaims
) -> RedemptionResult | None:
    """Return why the offer is not for this order at all, or `None`."""
    # The token states whole seconds, rounded up: that is what the shopper was promised.
    held = claims.exp if offer.accept_until is None else numeric_date(offer.accept_until, end=True)
    if now >= min(claims.exp, held) * 1000:
        return refuse("offer.expired")
    if request.territory != claims.territory:
        return refuse(
            "redemption.territory",
            f"The offer is for {claims.territory}, the order for {request.territory}.",
        )
    if request.is_holder is False:
        return refuse(
            "redemption.holder",
            "The offer is for one customer. Send that customer's id as `customer`, or the id of"
            " their session as `session`.",
        )
    return None


def _not_stackable(state: RedemptionState, offer: Offer, order: str) -> RedemptionResult | None:
    """Return why an order that used other offers before cannot use this one, or `None`."""
    for row in _redeemed(state, order):
        other = state.offers[row.offer]
        # Each level is computed on the result of the one before, so an item offer cannot follow an
        # order offer.
        if LEVELS.index(other.level) > LEVELS.index(offer.level):
            detail = f"The order used an offer on its {other.level} already."
            return refuse("redemption.sequence", detail)
        both_items = other.level == offer.level == "item"
        # The prices of two items do not interact, and both were promised.
        apart = other.sku != offer.sku
        if not (
            apart
            if both_items
            else other.may_stand_beside(offer.rule, offer.level, offer.stacks_with)
        ):
            detail = f"The order used an offer of '{other.rule}', which does not stack with '{offer.rule}'."
            return refuse("redemption.stacking", detail)
    return None


def _redeemed(state: RedemptionState, order: str) -> list[RedemptionRow]:
    """Return the order's uses of offers, in the order in which they were applied."""
    return [row for row in state.redemptions if (row.order, row.status) == (order, "redeemed")]


def _redeem_item(
    state: RedemptionState, offer: Offer, request: RedemptionRequest, now: int, sku_now: SkuNow
) -> RedemptionResult:
    lines = [line for line in request.lines if line.sku == offer.sku]
    qty = sum(line.qty for line in lines)
    sale = item_sale(offer, qty, sku_now)
    if not lines:
        return refuse("redemption.sku", f"The offer is for {offer.sku}.")
    if qty > offer.qty:
        return refuse("redemption.quantity", f"The offer is for {offer.qty}, the order has {qty}.")
    if any(line.unit not in {None, Money(sale.unit, offer.currency)} for line in lines):
        return refuse("redemption.price", f"The offer's price is {sale.unit} {offer.currency}.")
    if sku_now.recalled:
        return _end(state, offer, request, now, "recall")
    if sku_now.available is not None and sku_now.available < qty:
        if sku_now.available <= 0:
            return _end(state, offer, request, now, "stock.out")
        return refuse("stock.out", f"There are {sku_now.available} left, the order has {qty}.")
    return _sell(state, offer, request, now, sale)


def _redeem_order(
    state: RedemptionState,
    offer: Offer,
    off: Deduction,
    request: RedemptionRequest,
    now: int,
    skus_now: SkusNow,
) -> RedemptionResult:
    """Redeem an offer on the order or its shipping.

    A recalled SKU leads to a refusal, but does not end the offer.
    """
    recalled = [line.sku for line in request.lines if skus_now.get(line.sku, UNKNOWN_SKU).recalled]
    if recalled:
        return refuse("recall", f"Of the order, {', '.join(recalled)} was recalled.")
    before = [
        EarlierOffer(state.offers[row.offer].level, row.lines)
        for row in _redeemed(state, request.order)
    ]
    if off.level == "shipping":
        sale = shipping_sale(offer, off, request.shipping, before)
    else:
        sale = order_sale(offer, off, request.lines, skus_now, before)
    if isinstance(sale, NotApplicable):
        return refuse(sale.code, sale.detail)
    return _sell(state, offer, request, now, sale)


def _sell(
    state: RedemptionState, offer: Offer, request: RedemptionRequest, now: int, sale: LineTotals
) -> RedemptionResult:
    changes = budget_moves(
        state, offer, reserve=-offer.hold, settle=sale.saved, count=-1, settle_count=1
    )
    if not _affordable(state, changes):
        return refuse("redemption.budget")
    redeemed, step = transition(state, offer, "redeem", now)
    use = structs.replace(_use(offer, request, now), saved=sale.saved, lines=sale.lines)
    return RedemptionResult(
        answer=_redeemed_answer(offer, request, sale),
        use=use,
        offers=(redeemed,),
        steps=(step,),
        moves=changes,
    )


def _redeemed_answer(offer: Offer, request: RedemptionRequest, sale: LineTotals) -> Redeemed:
    lines = (
        RedeemedLine(
            line.sku,
            line.qty,
            Money(line.paid, offer.currency),
            Money(line.saved, offer.currency),
        )
        for line in sale.lines
    )
    return Redeemed(
        redemption=request.id,
        unit=Money(sale.unit, offer.currency),
        qty=sale.qty,
        saved=Money(sale.saved, offer.currency),
        level=None if offer.level == "item" else offer.level,
        lines=tuple(lines) if offer.level == "order" else None,
    )


def _affordable(state: RedemptionState, changes: tuple[BudgetMove, ...]) -> bool:
    """Return whether the balances allow the changes.

    They always do, except if the offer was restored after other offers had reserved its budget.
    """
    for change in changes:
        row = state.balances[change.campaign, change.period, change.currency]
        grown = change.reserve + change.settle
        if grown > 0 and row.limit is not None and row.reserved + row.settled + grown > row.limit:
            return False
    return True


def _end(
    state: RedemptionState,
    offer: Offer,
    request: RedemptionRequest,
    now: int,
    code: RedemptionErrorCode,
) -> RedemptionResult:
    """Refuse with a reason that ends even an accepted offer, and release its hold."""
    ended, step = transition(state, structs.replace(offer, withdrawn=code), "withdraw", now, code)
    return RedemptionResult(
        answer=RedemptionRefusal(code),
        use=structs.replace(_use(offer, request, now), status="refused"),
        offers=(ended,),
        steps=(step,),
        moves=budget_moves(state, offer, reserve=-offer.hold, count=-1),
    )


def _use(offer: Offer, request: RedemptionRequest, now: int) -> RedemptionRow:
    return RedemptionRow(
        id=request.id,
        offer=offer.id,
        order=request.order,
        at=now,
        status="redeemed",
        saved=0,
        request=request.digest(offer.id),
        token=request.token,
    )
