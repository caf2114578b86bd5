"""Rollback of redemptions: a cancelled order gives everything back, a refund a part of it.

A cancellation before shipment restores the right and the budget. A partial refund gives back pro rata of the
paid unit price. Repeating either changes nothing: `server/SEMANTICS.md`, section 4.
"""

import hashlib
from collections.abc import Sequence

import msgspec
from msgspec import Struct, structs

from tactful.core.offers.budget import BudgetMove
from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.core.redemption.answers import Cancelled, CancelledUse, Refunded, Repeated
from tactful.core.redemption.error_codes import ERROR_CODES
from tactful.core.redemption.order_totals import RequestedLine
from tactful.core.redemption.redemption_rows import (
    SHIPPING,
    RedemptionResult,
    RedemptionRow,
    RedemptionState,
    RefundRow,
    SoldLine,
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
from tactful.core.values.money import Money


class _Rollback(Struct, frozen=True):
    """What is given back of one redemption. Amounts in minor units of the offer's currency."""

    row: RedemptionRow
    paid: int = 0
    saved: int = 0


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


def refund(
    state: RedemptionState,
    order: str,
    ident: str,
    lines: Sequence[RequestedLine],
    now: int,
    *,
    shipping: Money | None = None,
) -> RedemptionResult:
    """Give back the share of some units in the amount paid and in the amount that the budget bore.

    Args:
        state: What the ledger knows of the order and of a refund with this id.
        order: The shop's id of the order.
        ident: The shop's id of the refund; the same id again is a retry.
        lines: Which units go back.
        now: Milliseconds since the Unix epoch, UTC.
        shipping: The part of the shipping charge, before any offer, that goes back.
    """
    request = _digest(lines, shipping)
    if state.refund:
        if state.refund.request != request:
            return refuse("refund.mismatch")
        return RedemptionResult(answer=Repeated(state.refund.answer))
    rows = uses_of_order(state)
    verdict = REDEMPTION_TABLE["refund", state_of_order(rows)]
    if verdict != "decide":
        return refuse(verdict if verdict in ERROR_CODES else "redemption.unknown")
    back = {row.id: _Rollback(row) for row in rows if row.status == "redeemed"}
    wanted = [(line.sku, line.qty) for line in lines]
    if shipping is not None:
        currency = state.offers[rows[0].offer].currency
        if shipping.currency != currency or shipping.amount <= 0:
            return refuse("refund.quantity", f"A part of the shipping is an amount in {currency}.")
        wanted.append((SHIPPING, shipping.amount))
    if not wanted:
        return refuse("refund.quantity", "Name lines, or a part of the shipping charge.")
    for sku, units in wanted:
        name = sku or "the shipping charge"
        if not any(sold.sku == sku for row in rows for sold in row.lines):
            return refuse("refund.sku", f"The order used no offer for {name}.")
        left = _give_back(state, back, sku, units)
        if left:
            return refuse("refund.quantity", f"Of {name}, {units - left} can go back.")
    return _refunded(state, RefundRow(ident, order, now, request, b""), list(back.values()))


def _digest(lines: Sequence[RequestedLine], shipping: Money | None) -> bytes:
    """Return the digest that identifies a retry of this refund."""
    pieces = sorted((line.sku, line.qty) for line in lines)
    asked = [*pieces, shipping] if shipping else pieces
    return hashlib.sha256(msgspec.json.encode(asked)).digest()


def _give_back(state: RedemptionState, back: dict[str, _Rollback], sku: str, units: int) -> int:
    """Return units of one SKU to the redemptions of an order.

    An item offer covers only the units that were bought at its price. An offer on the order or on its
    shipping covers every unit. Such offers apply one after the other, each to the result of the one
    before, so the last one holds what was really paid.

    Args:
        state: The rows of the order, as the ledger has them.
        back: Offer id → what its redemption gives back so far; updated in place.
        sku: The SKU that goes back.
        units: How many units of it go back.

    Returns:
        The number of units that the order did not buy.
    """
    shared = [
        key
        for key, found in back.items()
        if state.offers[found.row.offer].level != "item"
        and any(sold.sku == sku for sold in found.row.lines)
    ]
    last, left, rest = shared[-1] if shared else None, units, 0
    for key, found in back.items():
        back[key], done = _give_back_units(found, sku, units if key in shared else left)
        if key not in shared:
            left -= done
        if key == last:
            rest = units - done
        elif last:
            # 100.00 paid under the first offer was reduced to 90.00 by the last one. Only the 90.00
            # was paid, so the amount of an earlier offer is not counted beside it.
            back[key] = structs.replace(back[key], paid=found.paid)
    return rest if last else left


def _give_back_units(found: _Rollback, sku: str, units: int) -> tuple[_Rollback, int]:
    """Give back up to `units` of one redemption; return the rollback and how many units it took."""
    paid, saved, left, lines = found.paid, found.saved, units, []
    for sold in found.row.lines:
        back = min(left, sold.qty - sold.returned) if sold.sku == sku else 0
        left -= back
        after = structs.replace(sold, returned=sold.returned + back)
        paid += _between(sold, after, sold.paid)
        saved += _between(sold, after, sold.saved)
        lines.append(after)
    return _Rollback(structs.replace(found.row, lines=tuple(lines)), paid, saved), units - left


def _between(before: SoldLine, after: SoldLine, amount: int) -> int:
    # The difference of a running total: the last unit gets what rounding left, and the sum is exact.
    return after.share(amount, after.returned) - before.share(amount, before.returned)


def _refunded(
    state: RedemptionState, row: RefundRow, back: Sequence[_Rollback]
) -> RedemptionResult:
    known = {row.id: row.lines for row in state.redemptions}
    returned = [found for found in back if found.row.lines != known[found.row.id]]
    currency = state.offers[back[0].row.offer].currency
    rows = (structs.replace(found.row, saved=found.row.saved - found.saved) for found in returned)
    changes = (
        change
        for found in returned
        for change in budget_moves(state, state.offers[found.row.offer], settle=-found.saved)
    )
    return RedemptionResult(
        answer=Refunded(
            refund=row.refund,
            amount=Money(sum(found.paid for found in returned), currency),
            released=Money(sum(found.saved for found in returned), currency),
        ),
        redemptions=tuple(rows),
        refund=row,
        moves=tuple(changes),
    )
