"""Confirmation of held redemptions: the order is paid, so its offers are used for good."""

from collections.abc import Sequence

from msgspec import structs

from tactful.core.offers.offer import Offer, OfferState
from tactful.core.redemption.answers import Repeated
from tactful.core.redemption.applied_offers import answer_of
from tactful.core.redemption.error_codes import ERROR_CODES
from tactful.core.redemption.redemption_rows import (
    RedemptionResult,
    RedemptionRow,
    RedemptionState,
)
from tactful.core.redemption.state_changes import (
    budget_moves,
    is_affordable,
    merged,
    refuse,
    state_after,
    transition,
    uses_of_order,
)
from tactful.core.redemption.use_states import (
    REDEMPTION_TABLE,
    STATUS_AFTER,
    UseState,
    state_of_order,
)


def confirm(
    state: RedemptionState, now: int, *, attempt: int | None = None, alias: str | None = None
) -> RedemptionResult:
    """Redeem for good what an order holds, or repeat the response, or refuse.

    A hold that has lapsed is judged again, because the shopper has paid: it is redeemed if no other
    order uses its offers and the budget bears them. An offer that ended meanwhile still counts.

    Args:
        state: What the ledger knows of the order.
        now: Milliseconds since the Unix epoch, UTC.
        attempt: The payment attempt that was paid; `None`: what is held, else the latest attempt.
        alias: Another id that the order has from now on; `None`: none.
    """
    rows = _rows_to_confirm(uses_of_order(state, attempt))
    found = state_of_order(rows)
    verdict = REDEMPTION_TABLE["confirm", found]
    alias = alias if rows and alias not in state.orders else None
    if verdict == "repeat":
        return structs.replace(_repeat(state, rows), alias=alias)
    if verdict != "decide":
        return refuse(verdict if verdict in ERROR_CODES else "redemption.unknown")
    results, known = [], state
    for row in rows:
        if row.status == found:
            result = _confirm_use(known, row, now)
            if result is None:
                return refuse("redemption.lapsed")
            results.append(result)
            known = state_after(known, result)
    confirmed = [row for result in results for row in result.confirmed]
    answer = answer_of([(known.offers[row.offer], row) for row in confirmed])
    return merged(answer, results, alias)


def _rows_to_confirm(rows: Sequence[RedemptionRow]) -> list[RedemptionRow]:
    """Return the uses that a confirmation is about: those held, else those of the latest attempt."""
    held = [row for row in rows if row.status == "held"]
    if held:
        return held
    newest = max((row.attempt for row in rows), default=1)
    latest = [row for row in rows if row.attempt == newest]
    return [row for row in latest if row.status == "lapsed"] or latest


def _repeat(state: RedemptionState, rows: Sequence[RedemptionRow]) -> RedemptionResult:
    """Return the response to the latest confirmation, or for a redemption at once its present state."""
    confirmed = [row for row in rows if row.confirmed_at is not None]
    if confirmed:
        latest = max(confirmed, key=lambda row: row.confirmed_at or 0)
        return RedemptionResult(answer=Repeated(latest.confirmation))
    used = [row for row in rows if row.status == "redeemed"]
    return RedemptionResult(answer=answer_of([(state.offers[row.offer], row) for row in used]))


def _confirm_use(state: RedemptionState, row: RedemptionRow, now: int) -> RedemptionResult | None:
    """Return the confirmation of one use; `None`: it has lapsed and cannot be redeemed any more."""
    offer = state.offers.get(row.offer)
    if offer is None:
        return None
    status: UseState = row.status
    if status == "held":
        changes = budget_moves(
            state, offer, reserve=-row.saved, settle=row.saved, count=-1, settle_count=1
        )
    elif offer.id in state.used_vouchers:
        return None
    elif offer.state is OfferState.ACCEPTED:
        changes = budget_moves(
            state, offer, reserve=-offer.hold, settle=row.granted, count=-1, settle_count=1
        )
    elif offer.state is OfferState.EXPIRED:
        changes = budget_moves(state, offer, settle=row.granted, settle_count=1)
    else:
        return None
    if not is_affordable(state, changes):
        return None
    used, step = transition(state, offer, "confirm", now)
    used = _with_promised_hold(used, row)
    confirmed = structs.replace(
        row, status=STATUS_AFTER["confirm", status], saved=row.granted, confirmed_at=now
    )
    return RedemptionResult(
        answer=answer_of([(used, confirmed)]),
        confirmed=(confirmed,),
        offers=(used,),
        steps=(step,),
        moves=changes,
    )


def _with_promised_hold(offer: Offer, row: RedemptionRow) -> Offer:
    """Return the offer with the hold that a rollback would restore."""
    return structs.replace(offer, hold=row.promised_hold)
