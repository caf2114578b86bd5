"""Rollback of redemptions: a cancellation or a lapse restores the rights and the budget.

Repeating a cancellation changes nothing: `server/SEMANTICS.md`, section 4.
"""

from collections.abc import Sequence

from msgspec import structs

from tactful.core.offers.budget import BudgetMove
from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.core.redemption.answers import Cancelled, CancelledUse
from tactful.core.redemption.redemption_rows import (
    RedemptionResult,
    RedemptionRow,
    RedemptionState,
    Status,
)
from tactful.core.redemption.state_changes import (
    budget_moves,
    merged,
    refuse,
    state_after,
    transition,
    uses_of_order,
)
from tactful.core.redemption.use_states import REDEMPTION_TABLE, STATUS_AFTER, state_of_order


def cancel(
    state: RedemptionState,
    now: int,
    *,
    shipped: bool,
    attempt: int | None = None,
    reported_at: int | None = None,
) -> RedemptionResult:
    """Give back the rights and the budget of everything that the order uses.

    Args:
        state: What the ledger knows of the order.
        now: Milliseconds since the Unix epoch, UTC.
        shipped: Whether the shop reported the order as shipped; a shipped order can only be refunded.
        attempt: Only the uses of this payment attempt; `None`: those of all attempts.
        reported_at: Only the uses up to this instant, because the report of the cancellation is of
            then; `None`: all uses. A late word about attempt 1 never ends attempt 2.
    """
    rows = uses_of_order(state, attempt)
    if reported_at is not None:
        rows = [row for row in rows if row.at <= reported_at]
    verdict = REDEMPTION_TABLE["cancel", state_of_order(rows)]
    if verdict == "repeat":
        return RedemptionResult(answer=_cancelled(rows))
    if verdict != "decide":
        return refuse("redemption.unknown")
    if shipped:
        return refuse("order.shipped", "What was shipped comes back as a refund.")
    results, known = [], state
    for row in rows:
        if REDEMPTION_TABLE["cancel", row.status] == "decide":
            result = _give_up(known, row, STATUS_AFTER["cancel", row.status], now)
            results.append(result)
            known = state_after(known, result)
    return merged(_cancelled(rows), results)


def lapse(state: RedemptionState, now: int) -> RedemptionResult:
    """Give back what the order holds and did not confirm in time.

    Args:
        state: What the ledger knows of the order.
        now: Milliseconds since the Unix epoch, UTC.
    """
    return lapse_rows(state, uses_of_order(state), now)


def expire(state: RedemptionState, offer: str, now: int) -> RedemptionResult:
    """Expire an accepted offer that no session keeps, and release what it reserves.

    Args:
        state: Has the offer.
        offer: Its id.
        now: Milliseconds since the Unix epoch, UTC.
    """
    known = state.offers.get(offer)
    is_due = known is not None and known.state is OfferState.ACCEPTED
    if known is None or not is_due or (known.accept_until or 0) > now:
        return RedemptionResult(answer=Cancelled(()))
    ended, step = transition(state, known, "expire", now)
    return RedemptionResult(
        answer=Cancelled(()),
        offers=(ended,),
        steps=(step,),
        moves=budget_moves(state, known, reserve=-known.hold, count=-1),
    )


def lapse_rows(state: RedemptionState, rows: Sequence[RedemptionRow], now: int) -> RedemptionResult:
    """Give back those of some uses that are held and were to be confirmed before now.

    Args:
        state: Has the offers of the uses.
        rows: The uses.
        now: Milliseconds since the Unix epoch, UTC.
    """
    due = [
        row
        for row in rows
        if REDEMPTION_TABLE["lapse", row.status] == "decide" and (row.until or 0) <= now
    ]
    results, known = [], state
    for row in due:
        result = _give_up(known, row, STATUS_AFTER["lapse", row.status], now)
        results.append(result)
        known = state_after(known, result)
    return merged(_cancelled(due), results)


def _cancelled(rows: Sequence[RedemptionRow]) -> Cancelled:
    listed = sorted((row.id, row.offer) for row in rows)
    return Cancelled(tuple(CancelledUse(redemption, offer) for redemption, offer in listed))


def _give_up(
    state: RedemptionState, row: RedemptionRow, status: Status, now: int
) -> RedemptionResult:
    """End one use and restore what it took, unless its hold has lapsed before."""
    ended = structs.replace(row, status=status, saved=0)
    if not row.is_live:
        return RedemptionResult(answer=_cancelled((row,)), redemptions=(ended,))
    offer, steps, changes = _restore(state, row, now)
    return RedemptionResult(
        answer=_cancelled((row,)),
        redemptions=(ended,),
        offers=(offer,),
        steps=tuple(steps),
        moves=changes,
    )


def _restore(
    state: RedemptionState, row: RedemptionRow, now: int
) -> tuple[Offer, list[OfferStep], tuple[BudgetMove, ...]]:
    """Return the offer with its right restored, or expired if its hold has ended, and what changes."""
    is_held = row.status == "held"
    offer, step = transition(state, state.offers[row.offer], "roll_back", now)
    # While the use is held, the hold of the offer is what the use saves.
    promised = structs.replace(offer, hold=row.promised_hold) if is_held else offer
    if offer.accept_until is None or now >= offer.accept_until:
        ended = structs.replace(promised, state=OfferState.EXPIRED, seq=offer.seq + 1)
        last = OfferStep(ended.id, now, ended.seq, ended.state)
        if is_held:
            changes = budget_moves(state, offer, reserve=-row.saved, count=-1)
        else:
            changes = budget_moves(state, offer, settle=-row.saved, settle_count=-1)
        return ended, [step, last], changes
    hold = _affordable_hold(state, promised, row.saved)
    if is_held:
        changes = budget_moves(state, offer, reserve=hold - row.saved)
    else:
        changes = budget_moves(
            state, offer, reserve=hold, settle=-row.saved, count=1, settle_count=-1
        )
    return structs.replace(promised, hold=hold), [step], changes


def _affordable_hold(state: RedemptionState, offer: Offer, freed: int) -> int:
    """Return as much of the offer's hold as the budget allows.

    Other offers may have reserved the budget since. Then only what this rollback frees is
    available.
    """
    row = state.balances.get((offer.campaign or "", offer.period, offer.currency))
    if row is None or row.limit is None:
        return offer.hold
    return max(min(offer.hold, row.limit - row.reserved - row.settled + freed), 0)
