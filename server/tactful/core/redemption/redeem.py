"""Redemption of offers by an order: what a call gets, and what changes with it.

Redemptions are idempotent per (set of offers, order, attempt). The first response that had an effect is stored
and returned byte for byte on every retry, until the order gives the offers back: `server/SEMANTICS.md`,
section 4.
"""

import hashlib
from collections.abc import Sequence

import msgspec
from msgspec import Struct, structs

from tactful.core.offers.offer import Offer
from tactful.core.offers.tokens import TokenClaims
from tactful.core.redemption.answers import RedemptionRefusal, Repeated
from tactful.core.redemption.applied_offers import use_answer, used_together
from tactful.core.redemption.error_codes import ENDS, ERROR_CODES, RedemptionErrorCode
from tactful.core.redemption.offer_sales import not_applicable, not_stackable, sale_of
from tactful.core.redemption.order_totals import (
    LineTotals,
    NotApplicable,
    RequestedLine,
    SkusNow,
)
from tactful.core.redemption.redemption_rows import (
    RedemptionResult,
    RedemptionRow,
    RedemptionState,
)
from tactful.core.redemption.rollback import lapse_rows
from tactful.core.redemption.state_changes import (
    budget_moves,
    is_affordable,
    merged,
    next_place,
    refuse,
    state_after,
    transition,
)
from tactful.core.redemption.use_states import (
    REDEMPTION_TABLE,
    STATUS_AFTER,
    UseAct,
    state_of_offer,
)
from tactful.core.redemption.voucher_remainder import without_remainder
from tactful.core.values.allocation import LEVELS
from tactful.core.values.money import Money


class PresentedToken(Struct, frozen=True, kw_only=True):
    """One verified token of a redemption, with the offer that it promises."""

    id: str
    """A fresh `rd_…`, used if this request is the first."""
    digest: bytes
    """The digest of the token."""
    claims: TokenClaims
    """What the token promises. Its signature was verified; it may have expired since."""
    is_holder: bool | None = None
    """Whether the shop named the offer's holder; `None`: it named nobody, and need not."""
    used_by: tuple[tuple[str, ...], ...] = ()
    """The ids of each order that the shop reported with this offer, and not as cancelled.

    After a restore from a backup, only such a report tells that the offer was used.
    """


class RedemptionRequest(Struct, frozen=True, kw_only=True):
    """One call that redeems offers for an order."""

    tokens: tuple[PresentedToken, ...]
    """At least one, each of another offer."""
    order: str
    territory: str
    lines: tuple[RequestedLine, ...]
    shipping: Money | None = None
    """What the order is charged for shipping, before any offer."""
    attempt: int = 1
    """The payment attempt of the order."""
    hold: int | None = None
    """Milliseconds after which the use lapses unless it is confirmed; `None`: it is for good."""
    is_joint: bool = False
    """Whether the call takes several tokens, so that the answer lists its uses."""
    keeps_remainder: bool = False
    """Whether the rest of a voucher that is worth more than the order stays a voucher."""

    @property
    def act(self) -> UseAct:
        """Whether the offers are held, or redeemed at once."""
        return "redeem" if self.hold is None else "hold"

    @property
    def offers(self) -> tuple[str, ...]:
        """The offers of the call, sorted."""
        return tuple(sorted({token.claims.offer for token in self.tokens}))

    def digest(self, order: str) -> bytes:
        """Return the digest that identifies a retry of this call; the order of lines is ignored.

        Args:
            order: The id of the order under which the first request was made.
        """
        return request_digest(self.offers, order, self)


class RepeatedRequest(Struct, frozen=True, kw_only=True):
    """A call with a token that is no longer accepted; it may be a retry."""

    token: bytes
    """The digest of the token."""
    order: str
    territory: str
    lines: tuple[RequestedLine, ...]
    shipping: Money | None = None
    attempt: int = 1


def request_digest(
    offers: Sequence[str], order: str, request: RedemptionRequest | RepeatedRequest
) -> bytes:
    """Return the digest that identifies a retry; prices, ids of lines and `hold` are ignored.

    Args:
        offers: The offers that the call uses, sorted.
        order: The id of the order under which the first request was made.
        request: The call.
    """
    lines = sorted((line.sku, line.qty) for line in request.lines)
    named = offers[0] if len(offers) == 1 else tuple(offers)
    asked = (named, order, request.territory, lines)
    canonical = msgspec.json.encode((*asked, request.shipping) if request.shipping else asked)
    return hashlib.sha256(canonical).digest()


def redeem(
    state: RedemptionState, request: RedemptionRequest, now: int, skus_now: SkusNow
) -> RedemptionResult:
    """Redeem or hold the offers of verified tokens, or refuse, or repeat the stored response.

    All offers are used, or none.

    Args:
        state: What the ledger knows of the offers and the order.
        request: The call.
        now: Milliseconds since the Unix epoch, UTC.
        skus_now: Price and stock of the offers' SKUs and of the order's, as last reported.
    """
    earlier = _answer_again(state, request)
    if earlier:
        return earlier
    # A hold that is over binds nobody, even if its timer has not fired yet.
    over = [row for row in state.redemptions if row.offer in request.offers]
    results, known = [], state
    if over:
        results = [lapse_rows(state, over, now)]
        known = state_after(state, results[0])
    for token in _in_sequence(known, request.tokens):
        result = _use(known, request, token, now, skus_now)
        if isinstance(result.answer, RedemptionRefusal):
            return _refused(result, result.answer, token, request)
        if not (results or request.is_joint):
            return result
        results.append(result)
        known = state_after(known, result)
    uses = [row for result in results for row in result.uses]
    if len({known.offers[row.offer].currency for row in uses}) > 1:
        return refuse("redemption.stacking", "The tokens are of different currencies.")
    if not request.is_joint:
        return merged(use_answer(known.offers[uses[0].offer], uses[0]), results)
    answer = used_together([(known.offers[row.offer], row) for row in uses])
    return merged(answer, results)


def _refused(
    result: RedemptionResult,
    refusal: RedemptionRefusal,
    token: PresentedToken,
    request: RedemptionRequest,
) -> RedemptionResult:
    """Return a refusal that says which of several offers it is about."""
    if not request.is_joint:
        return result
    named = structs.replace(refusal, offer=token.claims.offer)
    return structs.replace(result, answer=named)


def repeat(
    state: RedemptionState, request: RepeatedRequest, refusal: RedemptionErrorCode
) -> RedemptionResult:
    """Answer a token that is no longer accepted, with the response stored earlier or a refusal."""
    for row in state.redemptions:
        if (row.token, row.attempt) == (request.token, request.attempt) and (
            row.order in state.orders
        ):
            digest = request_digest(row.call_offers, row.order, request)
            return _repeat(row, digest)
    return refuse(refusal)


def _answer_again(state: RedemptionState, request: RedemptionRequest) -> RedemptionResult | None:
    """Return what an earlier call with one of the offers decides about this one, or `None`."""
    rows = [row for row in state.redemptions if row.offer in request.offers]
    mine = [row for row in rows if row.order in state.orders and row.attempt == request.attempt]
    # Two ids of one order may both have been used; the request's own id comes first.
    mine.sort(key=lambda row: row.order != request.order)
    # A refused request ended the offer: every later one gets its response, whatever is in the cart.
    found = next(iter(mine), None) or next((row for row in rows if row.status == "refused"), None)
    if found is None:
        return None
    if found.status != "refused" and found.call_offers != request.offers:
        return refuse("redemption.mismatch", "This attempt used another set of offers.")
    return _repeat(found, request.digest(found.order))


def _repeat(row: RedemptionRow, digest: bytes) -> RedemptionResult:
    verdict = REDEMPTION_TABLE["redeem", row.status]
    if verdict != "repeat":
        return refuse("redemption.cancelled", f"Attempt {row.attempt} gave the offer back.")
    # Without a request the order has used the offer by its discount code, whatever is in the cart.
    if row.status != "refused" and row.request and row.request != digest:
        return refuse("redemption.mismatch")
    return RedemptionResult(answer=Repeated(row.answer, row.code))


def _in_sequence(state: RedemptionState, tokens: Sequence[PresentedToken]) -> list[PresentedToken]:
    """Return the tokens in the order in which their offers apply, however they were sent."""

    def place(token: PresentedToken) -> tuple[int, str]:
        offer = state.offers.get(token.claims.offer)
        level = offer.level if offer else token.claims.level or "item"
        return LEVELS.index(level), token.claims.offer

    return sorted(tokens, key=place)


def _use(
    state: RedemptionState,
    request: RedemptionRequest,
    token: PresentedToken,
    now: int,
    skus_now: SkusNow,
) -> RedemptionResult:
    """Decide on one offer of a call that is no retry."""
    claims = token.claims
    offer = state.offers.get(claims.offer)
    verdict = REDEMPTION_TABLE[request.act, state_of_offer(offer)]
    if offer and verdict == "offer.ended":
        return refuse(next((code for code in ENDS if code == offer.withdrawn), verdict))
    if offer is None and verdict == "offer.unknown" and now >= claims.exp * 1000:
        # Ended offers are deleted in the end; their tokens still say when they ended.
        return refuse("offer.expired")
    if verdict == "redemption.used":
        return refuse(verdict, _who_uses(state, claims.offer))
    if verdict != "decide" or offer is None:
        return refuse(verdict if verdict in ERROR_CODES else "offer.unknown")
    elsewhere = any(state.orders.isdisjoint(order) for order in token.used_by)
    if elsewhere or claims.offer in state.used_vouchers:
        return refuse("redemption.used")
    refused = not_applicable(offer, request.territory, now, claims, is_holder=token.is_holder)
    refused = refused or not_stackable(state, offer)
    if refused:
        return refuse(refused.code, refused.detail)
    sale = sale_of(state, offer, request.lines, request.shipping, skus_now)
    if isinstance(sale, NotApplicable):
        if sale.ends_offer:
            return _end(state, offer, request, token, now, sale.code)
        return RedemptionResult(
            answer=RedemptionRefusal(sale.code, sale.detail, None, sale.missing)
        )
    return _sell(state, offer, request, token, now, sale)


def _who_uses(state: RedemptionState, offer: str) -> str | None:
    """Return a hint where the order itself uses the offer, in another payment attempt."""
    for row in state.redemptions:
        if row.offer == offer and row.is_live and row.order in state.orders:
            return f"Attempt {row.attempt} of this order uses the offer. Cancel that attempt first."
    return None


def _sell(
    state: RedemptionState,
    offer: Offer,
    request: RedemptionRequest,
    token: PresentedToken,
    now: int,
    sale: LineTotals,
) -> RedemptionResult:
    """Use the offer: settle what it saves, or reserve it for as long as the use is held."""
    is_held = request.hold is not None
    if is_held:
        changes = budget_moves(state, offer, reserve=sale.saved - offer.hold)
    else:
        changes = budget_moves(
            state, offer, reserve=-offer.hold, settle=sale.saved, count=-1, settle_count=1
        )
    if not is_affordable(state, changes):
        return refuse("redemption.budget")
    used, step = transition(state, offer, "hold" if is_held else "redeem", now)
    if is_held:
        used = structs.replace(used, hold=sale.saved)
    elif request.keeps_remainder:
        used = without_remainder(used, sale.saved)
    use = structs.replace(
        _new_use(offer, request, token, now),
        place=next_place(state),
        status=STATUS_AFTER[request.act, "open"],
        saved=sale.saved,
        lines=sale.lines,
        unit=sale.unit,
        qty=sale.qty,
        until=None if request.hold is None else now + request.hold,
    )
    return RedemptionResult(
        answer=use_answer(used, use), uses=(use,), offers=(used,), steps=(step,), moves=changes
    )


def _end(
    state: RedemptionState,
    offer: Offer,
    request: RedemptionRequest,
    token: PresentedToken,
    now: int,
    code: RedemptionErrorCode,
) -> RedemptionResult:
    """Refuse with a reason that ends even an accepted offer, and release its hold."""
    ended, step = transition(state, structs.replace(offer, withdrawn=code), "withdraw", now, code)
    return RedemptionResult(
        answer=RedemptionRefusal(code),
        uses=(_new_use(offer, request, token, now),),
        offers=(ended,),
        steps=(step,),
        moves=budget_moves(state, offer, reserve=-offer.hold, count=-1),
    )


def _new_use(
    offer: Offer, request: RedemptionRequest, token: PresentedToken, now: int
) -> RedemptionRow:
    offers = request.offers
    return RedemptionRow(
        id=token.id,
        offer=offer.id,
        order=request.order,
        at=now,
        status="refused",
        saved=0,
        request=request.digest(request.order),
        token=token.digest,
        attempt=request.attempt,
        offers=offers if len(offers) > 1 else (),
        promised_hold=offer.hold,
    )
