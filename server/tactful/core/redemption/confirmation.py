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
    next_place,
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
from tactful.core.redemption.voucher_remainder import without_remainder


def confirm(
    state: RedemptionState,
    now: int,
    *,
    attempt: int | None = None,
    alias: str | None = None,
    keeps_remainder: bool = False,
) -> RedemptionResult:
    """Redeem for good what an order holds, or repeat the response, or refuse.

    A hold that has lapsed is judged again, because the shopper has paid: it is redeemed if no other
    order uses its offers and the budget bears them. An offer that ended meanwhile still counts.

    Args:
        state: What the ledger knows of the order.
        now: Milliseconds since the Unix epoch, UTC.
        attempt: The payment attempt that was paid; `None`: what is held, else the latest attempt.
        alias: Another id that the order has from now on; `None`: none.
        keeps_remainder: Whether the rest of a voucher that is worth more than the order stays a voucher.
    """
    uses = uses_of_order(state, attempt)
    alias = alias if uses and alias not in state.orders else None
    held = [row for row in uses if row.status == "held"]
    newest = max(uses, key=_last_change, default=None)
    attempts = {row.attempt for row in held or uses if held or row.attempt == _attempt_of(newest)}
    rows = [row for row in uses if row.attempt in attempts]
    calls = _calls_to_confirm(rows)
    found = state_of_order([row for call in calls for row in call] or rows)
    verdict = REDEMPTION_TABLE["confirm", found]
    if verdict == "repeat":
        return structs.replace(_repeat(state, rows), alias=alias)
    if verdict != "decide":
        return refuse(verdict if verdict in ERROR_CODES else "redemption.unknown")
    results, known = [], state
    for call in calls:
        confirmed = _confirm_call(known, call, now, keeps_remainder=keeps_remainder)
        if confirmed is None:
            # What is held is confirmed without a call that lapsed before and is lost.
            if held and not any(row.status == "held" for row in call):
                continue
            return refuse("redemption.lapsed")
        results += confirmed
        for result in confirmed:
            known = state_after(known, result)
    made = [row for result in results for row in result.confirmed]
    answer = answer_of([(known.offers[row.offer], row) for row in made])
    return merged(answer, results, alias)


def _attempt_of(row: RedemptionRow | None) -> int:
    return row.attempt if row else 0


def _calls_to_confirm(rows: Sequence[RedemptionRow]) -> list[list[RedemptionRow]]:
    """Return the uses that a confirmation is about, by the call that made them.

    A call used several offers, all or none, so they are confirmed together. What lapsed before the
    last confirmation was judged by it.
    """
    decided_at = max((row.confirmed_at or 0 for row in rows), default=0)
    calls: dict[tuple[str, int, tuple[str, ...]], list[RedemptionRow]] = {}
    for row in rows:
        is_new = row.status == "lapsed" and (row.until or 0) > decided_at
        if row.status == "held" or is_new:
            calls.setdefault((row.order, row.attempt, row.call_offers), []).append(row)
    # Those that are held come first: a late call may take only what they leave of the budget.
    return sorted(calls.values(), key=lambda call: all(row.status != "held" for row in call))


def _confirm_call(
    state: RedemptionState, call: Sequence[RedemptionRow], now: int, *, keeps_remainder: bool
) -> list[RedemptionResult] | None:
    """Return the confirmations of the uses of one call; `None`: one of them cannot be redeemed."""
    results: list[RedemptionResult] = []
    for row in call:
        result = _confirm_use(state, row, now, keeps_remainder=keeps_remainder)
        if result is None:
            return None
        results.append(result)
        state = state_after(state, result)
    return results


def _last_change(row: RedemptionRow) -> tuple[int, int, int]:
    return row.place, row.at, row.attempt


def _repeat(state: RedemptionState, rows: Sequence[RedemptionRow]) -> RedemptionResult:
    """Return the response to the latest confirmation, or for a redemption at once its present state."""
    confirmed = [row for row in rows if row.confirmed_at is not None]
    if confirmed:
        latest = max(confirmed, key=_last_change)
        return RedemptionResult(answer=Repeated(latest.confirmation))
    used = [row for row in rows if row.status == "redeemed"]
    return RedemptionResult(answer=answer_of([(state.offers[row.offer], row) for row in used]))


def _confirm_use(
    state: RedemptionState, row: RedemptionRow, now: int, *, keeps_remainder: bool
) -> RedemptionResult | None:
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
    if keeps_remainder:
        used = without_remainder(used, row.granted)
    confirmed = structs.replace(
        row,
        status=STATUS_AFTER["confirm", status],
        saved=row.granted,
        confirmed_at=now,
        place=next_place(state),
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
