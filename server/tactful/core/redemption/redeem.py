"""May this order use this offer, at which price, and what does that leave of it?

Whatever is asked twice is answered twice alike and done once: the first answer of an (offer, order)
pair that had an effect is kept, and given again for as long as the ledger lives.
"""

import hashlib
from typing import Final, Literal

import msgspec
from msgspec import Struct, structs

from tactful.core.offers.budget import COUNT, BudgetMove
from tactful.core.offers.offer import Offer, OfferEvent, OfferState, OfferStep, next_state
from tactful.core.offers.tokens import TokenClaims, seconds
from tactful.core.redemption.error_codes import (
    ENDS,
    REDEMPTION_ERRORS,
    RedemptionErrorCode,
    problem,
)
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
    RedemptionOutcome,
    RedemptionRow,
    RedemptionState,
)
from tactful.core.values.allocation import LEVELS, Deduction
from tactful.core.values.money import Money

UseState = Literal[
    "unknown", "unaccepted", "open", "mine", "theirs", "cancelled", "refused", "ended", "expired"
]
"""Where an (offer, order) pair stands. `mine` and `cancelled`: this order used the offer, and gave it
back; `theirs`: another order uses it; `refused`: an attempt to use it ended it."""
UseAction = Literal["redeem", "cancel", "refund"]
UseVerdict = Literal["judge", "repeat"] | RedemptionErrorCode

REDEMPTION_TABLE: Final[dict[tuple[UseAction, UseState], UseVerdict]] = {
    ("redeem", "unknown"): "offer.unknown",
    ("redeem", "unaccepted"): "offer.unaccepted",
    ("redeem", "open"): "judge",
    ("redeem", "mine"): "repeat",
    ("redeem", "theirs"): "redemption.used",
    ("redeem", "cancelled"): "repeat",
    ("redeem", "refused"): "repeat",
    ("redeem", "ended"): "offer.ended",
    ("redeem", "expired"): "offer.expired",
    ("cancel", "unknown"): "redemption.unknown",
    ("cancel", "mine"): "judge",
    ("cancel", "cancelled"): "repeat",
    ("refund", "unknown"): "redemption.unknown",
    ("refund", "mine"): "judge",
    ("refund", "cancelled"): "order.cancelled",
}
"""The whole of what may be asked for where; a pair that is not here cannot come up."""

_BY_STATE: Final[dict[OfferState, UseState]] = {
    OfferState.PUSHED: "unaccepted",
    OfferState.SHOWN: "unaccepted",
    OfferState.ACCEPTED: "open",
    OfferState.REDEEMED: "theirs",
    OfferState.EXPIRED: "expired",
    OfferState.DECLINED: "ended",
    OfferState.WITHDRAWN: "ended",
    OfferState.SUPERSEDED: "ended",
    OfferState.HELD_OUT: "unknown",
}


class RedemptionRequest(Struct, frozen=True, kw_only=True):
    """One attempt to redeem. `holds`: whether the shopper is who the token names; None: not said."""

    id: str
    """A fresh `rd_…`, used if this attempt is the first."""
    token: bytes
    """The digest of the token."""
    order: str
    territory: str
    lines: tuple[RequestedLine, ...]
    shipping: Money | None = None
    """What the order is charged for shipping, before any offer."""
    holds: bool | None = None

    def digest(self, offer: str) -> bytes:
        """What must be the same for an attempt to be a retry: the order of lines does not matter."""
        lines = sorted((line.sku, line.qty) for line in self.lines)
        asked = (offer, self.order, self.territory, lines)
        canonical = msgspec.json.encode((*asked, self.shipping) if self.shipping else asked)
        return hashlib.sha256(canonical).digest()


def redeem(
    desk: RedemptionState,
    request: RedemptionRequest,
    now: int,
    claims: TokenClaims,
    shelves: SkusNow,
    *,
    taken: bool = False,
) -> RedemptionOutcome:
    """Use the offer of a token that was verified, whether or not it has expired since.

    `taken`: the shop reported another order that used the offer; a restored ledger knows it only so.
    """
    offer = desk.offers.get(claims.offer)
    used = _used(desk, claims.offer, request.order)
    verdict = REDEMPTION_TABLE["redeem", _use_state(offer, used)]
    if verdict == "repeat" and used:
        return _repeat(used, request)
    if offer and verdict == "offer.ended":
        return refuse(next((code for code in ENDS if code == offer.withdrawn), verdict))
    if verdict != "judge" or offer is None:
        return refuse(verdict if verdict in REDEMPTION_ERRORS else "offer.unknown")
    if taken:
        return refuse("redemption.used")
    refused = _not_applicable(offer, request, now, claims) or _unstacked(desk, offer, request.order)
    if refused:
        return refused
    if offer.off is None:
        return _redeem_item(desk, offer, request, now, shelves.get(offer.sku, UNKNOWN_SKU))
    return _redeem_order(desk, offer, offer.off, request, now, shelves)


def repeat(
    desk: RedemptionState, request: RedemptionRequest, refusal: RedemptionErrorCode
) -> RedemptionOutcome:
    """The answer to a token that is not accepted any more: what it was told when it was, else no."""
    for row in desk.redemptions:
        if (row.order, row.token) == (request.order, request.token):
            return _repeat(row, request)
    return refuse(refusal)


def refuse(code: RedemptionErrorCode, detail: str | None = None) -> RedemptionOutcome:
    """An answer without an effect."""
    status, title = REDEMPTION_ERRORS[code]
    return RedemptionOutcome(status=status, body=problem(code, detail or title + "."))


def moved(
    desk: RedemptionState, offer: Offer, event: OfferEvent, at: int, reason: str | None = None
) -> tuple[Offer, OfferStep]:
    """The offer after an event, and the step that tells of it."""
    seq = max(desk.seqs.get(offer.session, 0), offer.seq) + 1
    offer = structs.replace(offer, state=next_state(offer.state, event), seq=seq)
    return offer, OfferStep(offer.id, at, seq, offer.state, reason)


def moves(
    desk: RedemptionState,
    offer: Offer,
    *,
    reserve: int = 0,
    settle: int = 0,
    count: int = 0,
    used: int = 0,
) -> tuple[BudgetMove, ...]:
    """Changes of the balances that the offer was reserved in: of its money, and of its count."""
    changes = ((offer.currency, reserve, settle), (COUNT, count, used))
    return tuple(
        BudgetMove(
            offer.campaign or "", offer.period, currency, row.limit, held, spent, offer=offer.id
        )
        for currency, held, spent in changes
        if (row := desk.balances.get((offer.campaign or "", offer.period, currency)))
        and (held or spent)
    )


def _used(desk: RedemptionState, offer: str, order: str) -> RedemptionRow | None:
    """What this order did with the offer, or else the attempt of another that ended it."""
    rows = [row for row in desk.redemptions if row.offer == offer]
    mine = next((row for row in rows if row.order == order), None)
    return mine or next((row for row in rows if row.status == "refused"), None)


def _use_state(offer: Offer | None, used: RedemptionRow | None) -> UseState:
    if used:
        return "mine" if used.status == "redeemed" else used.status
    return _BY_STATE[offer.state] if offer else "unknown"


def _repeat(row: RedemptionRow, request: RedemptionRequest) -> RedemptionOutcome:
    if row.status != "refused" and row.request != request.digest(row.offer):
        return refuse("redemption.mismatch")
    return RedemptionOutcome(status=row.code, body=row.answer)


def _not_applicable(
    offer: Offer, request: RedemptionRequest, now: int, claims: TokenClaims
) -> RedemptionOutcome | None:
    """Why the offer is not for this order at all."""
    # The token tells whole seconds, rounded up: what it says is what the shopper was promised.
    held = claims.exp if offer.accept_until is None else seconds(offer.accept_until, end=True)
    if now >= min(claims.exp, held) * 1000:
        return refuse("offer.expired")
    if request.territory != claims.territory:
        return refuse(
            "redemption.territory",
            f"The offer is for {claims.territory}, the order for {request.territory}.",
        )
    if request.holds is False:
        return refuse("redemption.holder")
    return None


def _unstacked(desk: RedemptionState, offer: Offer, order: str) -> RedemptionOutcome | None:
    """Why the offer cannot come off an order that used others already."""
    for row in _redeemed(desk, order):
        other = desk.offers[row.offer]
        if LEVELS.index(other.level) > LEVELS.index(offer.level):
            detail = f"The order used an offer on its {other.level} already."
            return refuse("redemption.sequence", detail)
        items = other.level == offer.level == "item"
        # Prices of two items meet nowhere, and both were promised.
        apart = other.sku != offer.sku
        if not (apart if items else other.beside(offer.rule, offer.level, offer.stacks_with)):
            detail = f"The order used an offer of '{other.rule}', which does not stack with '{offer.rule}'."
            return refuse("redemption.stacking", detail)
    return None


def _redeemed(desk: RedemptionState, order: str) -> list[RedemptionRow]:
    """What the order has used, in the order in which it came off."""
    return [row for row in desk.redemptions if (row.order, row.status) == (order, "redeemed")]


def _redeem_item(
    desk: RedemptionState, offer: Offer, request: RedemptionRequest, now: int, shelf: SkuNow
) -> RedemptionOutcome:
    lines = [line for line in request.lines if line.sku == offer.sku]
    qty = sum(line.qty for line in lines)
    sale = item_sale(offer, qty, shelf)
    if not lines:
        return refuse("redemption.sku", f"The offer is for {offer.sku}.")
    if qty > offer.qty:
        return refuse("redemption.quantity", f"The offer is for {offer.qty}, the order has {qty}.")
    if any(line.unit not in {None, Money(sale.unit, offer.currency)} for line in lines):
        return refuse("redemption.price", f"The offer's price is {sale.unit} {offer.currency}.")
    if shelf.recalled:
        return _end(desk, offer, request, now, "recall")
    if shelf.available is not None and shelf.available < qty:
        if shelf.available <= 0:
            return _end(desk, offer, request, now, "stock.out")
        return refuse("stock.out", f"There are {shelf.available} left, the order has {qty}.")
    return _sell(desk, offer, request, now, sale)


def _redeem_order(
    desk: RedemptionState,
    offer: Offer,
    off: Deduction,
    request: RedemptionRequest,
    now: int,
    shelves: SkusNow,
) -> RedemptionOutcome:
    """Off the order or its shipping; what was recalled is nothing to promote, and ends no such promise."""
    recalled = [line.sku for line in request.lines if shelves.get(line.sku, UNKNOWN_SKU).recalled]
    if recalled:
        return refuse("recall", f"Of the order, {', '.join(recalled)} was recalled.")
    before = [
        EarlierOffer(desk.offers[row.offer].level, row.lines)
        for row in _redeemed(desk, request.order)
    ]
    if off.level == "shipping":
        sale = shipping_sale(offer, off, request.shipping, before)
    else:
        sale = order_sale(offer, off, request.lines, shelves, before)
    if isinstance(sale, NotApplicable):
        return refuse(sale.code, sale.detail)
    return _sell(desk, offer, request, now, sale)


def _sell(
    desk: RedemptionState, offer: Offer, request: RedemptionRequest, now: int, sale: LineTotals
) -> RedemptionOutcome:
    changes = moves(desk, offer, reserve=-offer.hold, settle=sale.saved, count=-1, used=1)
    if not _bearable(desk, changes):
        return refuse("redemption.budget")
    redeemed, step = moved(desk, offer, "redeem", now)
    answer = _answer(offer, request, sale)
    row = _row(offer, request, now)
    row = structs.replace(
        row, saved=sale.saved, lines=sale.lines, answer=msgspec.json.encode(answer)
    )
    return RedemptionOutcome(
        status=200,
        body=row.answer,
        redemptions=(row,),
        offers=(redeemed,),
        steps=(step,),
        moves=changes,
    )


def _answer(offer: Offer, request: RedemptionRequest, sale: LineTotals) -> dict[str, object]:
    answer: dict[str, object] = {
        "redemption": request.id,
        "unit": Money(sale.unit, offer.currency),
        "qty": sale.qty,
        "saved": Money(sale.saved, offer.currency),
    }
    if offer.level != "item":
        answer["level"] = offer.level
    if offer.level == "order":
        answer["lines"] = [
            {
                "sku": line.sku,
                "qty": line.qty,
                "paid": Money(line.paid, offer.currency),
                "saved": Money(line.saved, offer.currency),
            }
            for line in sale.lines
        ]
    return answer


def _bearable(desk: RedemptionState, changes: tuple[BudgetMove, ...]) -> bool:
    """Always, but for a right that came back after its budget had gone elsewhere."""
    for change in changes:
        row = desk.balances[change.campaign, change.period, change.currency]
        grown = change.reserve + change.settle
        if grown > 0 and row.limit is not None and row.reserved + row.settled + grown > row.limit:
            return False
    return True


def _end(
    desk: RedemptionState,
    offer: Offer,
    request: RedemptionRequest,
    now: int,
    code: RedemptionErrorCode,
) -> RedemptionOutcome:
    """What even a promise does not outlive: it ends for good, and its hold is released."""
    ended, step = moved(desk, structs.replace(offer, withdrawn=code), "withdraw", now, code)
    ruling = refuse(code)
    row = structs.replace(
        _row(offer, request, now), status="refused", code=ruling.status, answer=ruling.body
    )
    return structs.replace(
        ruling,
        redemptions=(row,),
        offers=(ended,),
        steps=(step,),
        moves=moves(desk, offer, reserve=-offer.hold, count=-1),
    )


def _row(offer: Offer, request: RedemptionRequest, now: int) -> RedemptionRow:
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
