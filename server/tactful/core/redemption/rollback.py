"""What comes back when an order that redeemed offers is cancelled, or partly refunded?"""

import hashlib
from collections.abc import Sequence

import msgspec
from msgspec import Struct, structs

from tactful.core.offers.budget import BudgetMove
from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.core.redemption.error_codes import REDEMPTION_ERRORS
from tactful.core.redemption.order_totals import RequestedLine
from tactful.core.redemption.redeem import REDEMPTION_TABLE, UseState, moved, moves, refuse
from tactful.core.redemption.redemption_rows import (
    SHIPPING,
    RedemptionOutcome,
    RedemptionRow,
    RedemptionState,
    RefundRow,
    SoldLine,
)
from tactful.core.values.money import Money


class _Rollback(Struct, frozen=True):
    """What of one redemption goes back: money paid, and budget spent."""

    row: RedemptionRow
    paid: int = 0
    saved: int = 0


def cancel(desk: RedemptionState, order: str, now: int, *, shipped: bool) -> RedemptionOutcome:
    """Give back the rights and the budget of everything that the order redeemed; once."""
    rows = _rows(desk, order)
    verdict = REDEMPTION_TABLE["cancel", _place(rows)]
    if verdict == "repeat":
        return _cancelled(rows)
    if verdict != "judge":
        return refuse("redemption.unknown")
    if shipped:
        return refuse("order.shipped", "What was shipped comes back as a refund.")
    offers: list[Offer] = []
    steps: list[OfferStep] = []
    changes: list[BudgetMove] = []
    for row in rows:
        if row.status == "redeemed":
            offer, told, change = _restore(desk, row, now)
            offers.append(offer)
            steps += told
            changes += change
    ended = tuple(structs.replace(row, status="cancelled", saved=0) for row in rows)
    return structs.replace(
        _cancelled(ended),
        redemptions=ended,
        offers=tuple(offers),
        steps=tuple(steps),
        moves=tuple(changes),
    )


def _place(rows: Sequence[RedemptionRow]) -> UseState:
    if not rows:
        return "unknown"
    return "mine" if any(row.status == "redeemed" for row in rows) else "cancelled"


def _rows(desk: RedemptionState, order: str) -> list[RedemptionRow]:
    return [row for row in desk.redemptions if row.order == order and row.status != "refused"]


def _cancelled(rows: Sequence[RedemptionRow]) -> RedemptionOutcome:
    listed = sorted((row.id, row.offer) for row in rows)
    answer = {"cancelled": [{"redemption": key, "offer": offer} for key, offer in listed]}
    return RedemptionOutcome(status=200, body=msgspec.json.encode(answer))


def _restore(
    desk: RedemptionState, row: RedemptionRow, now: int
) -> tuple[Offer, list[OfferStep], tuple[BudgetMove, ...]]:
    """The right is open again until its hold ends, or has ended by now; the budget follows it."""
    offer, step = moved(desk, desk.offers[row.offer], "roll_back", now)
    if offer.accept_until is None or now >= offer.accept_until:
        ended = structs.replace(offer, state=OfferState.EXPIRED, seq=offer.seq + 1)
        last = OfferStep(ended.id, now, ended.seq, ended.state)
        return ended, [step, last], moves(desk, offer, settle=-row.saved, used=-1)
    hold = _affordable(desk, offer, row.saved)
    changes = moves(desk, offer, reserve=hold, settle=-row.saved, count=1, used=-1)
    return structs.replace(offer, hold=hold), [step], changes


def _affordable(desk: RedemptionState, offer: Offer, freed: int) -> int:
    """As much of the hold as there was, unless others took the budget: then what comes free now."""
    row = desk.balances.get((offer.campaign or "", offer.period, offer.currency))
    if row is None or row.limit is None:
        return offer.hold
    return max(min(offer.hold, row.limit - row.reserved - row.settled + freed), 0)


def refund(
    desk: RedemptionState,
    order: str,
    ident: str,
    lines: Sequence[RequestedLine],
    now: int,
    *,
    shipping: Money | None = None,
) -> RedemptionOutcome:
    """Give back pro rata of what was paid for some units, and of what the budget bore.

    `shipping`: how much of the shipping charge goes back, as it was before any offer.
    """
    asked = _digest(lines, shipping)
    if desk.refund:
        same = desk.refund.request == asked
        return (
            RedemptionOutcome(status=200, body=desk.refund.answer)
            if same
            else refuse("refund.mismatch")
        )
    rows = _rows(desk, order)
    verdict = REDEMPTION_TABLE["refund", _place(rows)]
    if verdict != "judge":
        return refuse(verdict if verdict in REDEMPTION_ERRORS else "redemption.unknown")
    back = {row.id: _Rollback(row) for row in rows if row.status == "redeemed"}
    wanted = [(line.sku, line.qty) for line in lines]
    if shipping is not None:
        currency = desk.offers[rows[0].offer].currency
        if shipping.currency != currency or shipping.amount <= 0:
            return refuse("refund.quantity", f"A part of the shipping is an amount in {currency}.")
        wanted.append((SHIPPING, shipping.amount))
    if not wanted:
        return refuse("refund.quantity", "Name lines, or a part of the shipping charge.")
    for sku, units in wanted:
        name = sku or "the shipping charge"
        if not any(sold.sku == sku for row in rows for sold in row.lines):
            return refuse("refund.sku", f"The order used no offer for {name}.")
        left = _take(desk, back, sku, units)
        if left:
            return refuse("refund.quantity", f"Of {name}, {units - left} can go back.")
    return _refunded(desk, RefundRow(ident, order, now, asked, b""), list(back.values()))


def _digest(lines: Sequence[RequestedLine], shipping: Money | None) -> bytes:
    """What must be the same for a refund to be a repeated one."""
    pieces = sorted((line.sku, line.qty) for line in lines)
    asked = [*pieces, shipping] if shipping else pieces
    return hashlib.sha256(msgspec.json.encode(asked)).digest()


def _take(desk: RedemptionState, back: dict[str, _Rollback], sku: str, units: int) -> int:
    """Move units of a line into what goes back; how many found no place.

    Prices of an item are for some units each. What came off the order, or its shipping, every unit
    bears, and the last such offer knows what was paid in the end.
    """
    shared = [
        key
        for key, found in back.items()
        if desk.offers[found.row.offer].level != "item"
        and any(sold.sku == sku for sold in found.row.lines)
    ]
    last, left, rest = shared[-1] if shared else None, units, 0
    for key, found in back.items():
        back[key], done = _put_back(found, sku, units if key in shared else left)
        if key not in shared:
            left -= done
        if key == last:
            rest = units - done
        elif last:
            back[key] = structs.replace(back[key], paid=found.paid)
    return rest if last else left


def _put_back(found: _Rollback, sku: str, units: int) -> tuple[_Rollback, int]:
    """Up to so many units of one redemption, and how many they are."""
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
    """Shares are differences of a running total, so that the last unit takes what rounding left."""
    return after.share(amount, after.returned) - before.share(amount, before.returned)


def _refunded(
    desk: RedemptionState, row: RefundRow, back: Sequence[_Rollback]
) -> RedemptionOutcome:
    known = {row.id: row.lines for row in desk.redemptions}
    returned = [found for found in back if found.row.lines != known[found.row.id]]
    currency = desk.offers[back[0].row.offer].currency
    answer = {
        "refund": row.refund,
        "amount": Money(sum(found.paid for found in returned), currency),
        "released": Money(sum(found.saved for found in returned), currency),
    }
    body = msgspec.json.encode(answer)
    rows = (structs.replace(found.row, saved=found.row.saved - found.saved) for found in returned)
    changes = (
        change
        for found in returned
        for change in moves(desk, desk.offers[found.row.offer], settle=-found.saved)
    )
    return RedemptionOutcome(
        status=200,
        body=body,
        redemptions=tuple(rows),
        refund=structs.replace(row, answer=body),
        moves=tuple(changes),
    )
