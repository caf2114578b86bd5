"""Refunds: some units of an order, or an amount of money, go back.

A refund gives back a share of what was paid, and of what each offer cost its budget. Repeating one changes
nothing: `server/SEMANTICS.md`, section 4.
"""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct, structs

from tactful.core.redemption.answers import RedemptionRefusal, Refunded, Repeated
from tactful.core.redemption.error_codes import ERROR_CODES
from tactful.core.redemption.order_totals import RequestedLine
from tactful.core.redemption.redemption_rows import (
    SHIPPING,
    RedemptionResult,
    RedemptionRow,
    RedemptionState,
    RefundRow,
    SoldLine,
)
from tactful.core.redemption.state_changes import budget_moves, refuse, uses_of_order
from tactful.core.redemption.use_states import REDEMPTION_TABLE, state_of_order
from tactful.core.values.allocation import allocate
from tactful.core.values.money import Money


class Refund(Struct, frozen=True, kw_only=True):
    """One refund, as the shop states it: units and a part of the shipping charge, or an amount."""

    id: str
    """The shop's id of the refund; the same id again is a retry."""
    order: str
    lines: tuple[RequestedLine, ...] = ()
    """Which units go back."""
    shipping: Money | None = None
    """The part of the shipping charge, before any offer, that goes back."""
    amount: Money | None = None
    """The money that goes back, where the shop names no units."""

    def digest(self) -> bytes:
        """Return the digest that identifies a retry of this refund."""
        pieces: list[object] = [*sorted((line.sku, line.qty) for line in self.lines)]
        pieces += [one for one in (self.shipping, self.amount) if one is not None]
        return hashlib.sha256(msgspec.json.encode(pieces)).digest()


class _Rollback(Struct, frozen=True):
    """What is given back of one redemption. Amounts in minor units of the offer's currency."""

    row: RedemptionRow
    paid: int = 0
    saved: int = 0


def refund(state: RedemptionState, asked: Refund, now: int) -> RedemptionResult:
    """Give back a share of the amount paid and of the amount that the budget bore.

    Args:
        state: What the ledger knows of the order and of a refund with this id.
        asked: The refund.
        now: Milliseconds since the Unix epoch, UTC.
    """
    request = asked.digest()
    if state.refund:
        if state.refund.request != request:
            return refuse("refund.mismatch")
        return RedemptionResult(answer=Repeated(state.refund.answer))
    rows = uses_of_order(state)
    verdict = REDEMPTION_TABLE["refund", state_of_order(rows)]
    if verdict != "decide":
        return refuse(verdict if verdict in ERROR_CODES else "redemption.unknown")
    redeemed = [row for row in rows if row.status == "redeemed"]
    back = {row.id: _Rollback(row) for row in redeemed}
    currency = state.offers[redeemed[0].offer].currency
    if asked.amount is None:
        refused = _return_units(state, asked, back, currency)
    else:
        refused = _return_amount(state, asked, back, currency)
    if refused:
        return RedemptionResult(answer=refused)
    return _refunded(state, RefundRow(asked.id, asked.order, now, request, b""), [*back.values()])


def _return_units(
    state: RedemptionState, asked: Refund, back: dict[str, _Rollback], currency: str
) -> RedemptionRefusal | None:
    """Give back the units and the part of the shipping that a refund names, or return why not."""
    wanted = [(line.sku, line.qty) for line in asked.lines]
    if asked.shipping is not None:
        if asked.shipping.currency != currency or asked.shipping.amount <= 0:
            detail = f"A part of the shipping is an amount in {currency}."
            return RedemptionRefusal("refund.quantity", detail)
        wanted.append((SHIPPING, asked.shipping.amount))
    if not wanted:
        detail = "Name lines, a part of the shipping charge, or an amount."
        return RedemptionRefusal("refund.quantity", detail)
    for sku, units in wanted:
        name = sku or "the shipping charge"
        if not any(sold.sku == sku for found in back.values() for sold in found.row.lines):
            return RedemptionRefusal("refund.sku", f"The order used no offer for {name}.")
        left = _give_back(state, back, sku, units)
        if left:
            return RedemptionRefusal("refund.quantity", f"Of {name}, {units - left} can go back.")
    return None


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
        after = _without_units(sold, back)
        paid += after.paid_back - sold.paid_back
        saved += after.saved_back - sold.saved_back
        lines.append(after)
    return _Rollback(structs.replace(found.row, lines=tuple(lines)), paid, saved), units - left


def _without_units(sold: SoldLine, units: int) -> SoldLine:
    """Return a line after some of its units were given back.

    Of a line of which only units went back, the share is the difference of a running total: the last
    unit gets what rounding left, and the sum is exact. Where an amount went back as well, the units
    that are left bear what is left.
    """
    after = structs.replace(sold, returned=sold.returned + units)
    if not units or not (sold.extra_paid or sold.extra_saved):
        return after
    left = sold.qty - sold.returned
    return _with_given_back(
        after,
        sold.paid_back + (sold.paid - sold.paid_back) * units // left,
        sold.saved_back + (sold.saved - sold.saved_back) * units // left,
    )


def _with_given_back(sold: SoldLine, paid: int, saved: int) -> SoldLine:
    """Return a line of which these amounts have gone back in all."""
    return structs.replace(
        sold,
        extra_paid=paid - sold.share(sold.paid, sold.returned),
        extra_saved=saved - sold.share(sold.saved, sold.returned),
    )


def _return_amount(
    state: RedemptionState, asked: Refund, back: dict[str, _Rollback], currency: str
) -> RedemptionRefusal | None:
    """Spread an amount over the lines by what is left of the amount paid, or return why not.

    The offers know the lines that they sold. What exceeds their price was paid for other lines of the
    order, and concerns no offer.
    """
    amount = asked.amount
    if amount is None or amount.currency != currency or amount.amount <= 0:
        detail = f"A refund of money is a positive amount in {currency}."
        return RedemptionRefusal("refund.amount", detail)
    if asked.lines or asked.shipping is not None:
        return RedemptionRefusal("refund.amount", "Name lines, or an amount, and not both.")
    paying = _paying_lines(state, [found.row for found in back.values()])
    left = [line.left for line in paying]
    given = allocate(min(amount.amount, sum(left)), left)
    by_place = {(line.row, line.place): part for line, part in zip(paying, given, strict=True)}
    by_sku: dict[str, _Share] = {}
    for line, part in zip(paying, given, strict=True):
        before = by_sku.get(line.sku, _Share(0, 0))
        by_sku[line.sku] = _Share(before.part + part, before.of + line.left)
    is_whole = amount.amount >= sum(left)
    for key, found in back.items():
        back[key] = _give_back_money(found, by_place, by_sku, is_whole=is_whole)
    return None


class _PayingLine(Struct, frozen=True):
    """A line that says what was really paid."""

    row: str
    """The id of its redemption."""
    place: int
    """Its place among the lines of the redemption."""
    sku: str
    left: int
    """What is left of the amount paid, in minor units."""


class _Share(Struct, frozen=True):
    """The part of what is left that goes back now; both in minor units."""

    part: int
    of: int

    def apply(self, amount: int) -> int:
        """Return the same share of another amount, rounded down."""
        return amount * self.part // self.of if self.of else 0


def _paying_lines(state: RedemptionState, rows: Sequence[RedemptionRow]) -> list[_PayingLine]:
    """Return the lines that say what was really paid.

    Those of the last offer on the order cover all its lines, and those of the last offer on the
    shipping cover the charge. Without an offer on the order, the item offers know what their units cost.
    """
    by_level: dict[str, list[RedemptionRow]] = {}
    for row in rows:
        by_level.setdefault(state.offers[row.offer].level, []).append(row)
    paying = by_level.get("order", [])[-1:] or by_level.get("item", [])
    return [
        _PayingLine(row.id, place, sold.sku, sold.paid - sold.paid_back)
        for row in (*paying, *by_level.get("shipping", [])[-1:])
        for place, sold in enumerate(row.lines)
    ]


def _give_back_money(
    found: _Rollback,
    by_place: Mapping[tuple[str, int], int],
    by_sku: Mapping[str, _Share],
    *,
    is_whole: bool,
) -> _Rollback:
    """Give back the share of each line of one redemption.

    Args:
        found: The redemption.
        by_place: (id of a redemption, place of a line) → what goes back of the amount paid.
        by_sku: SKU → the share that goes back of all its paying lines. It counts for the lines of
            earlier offers, whose amounts were reduced by later ones.
        is_whole: Whether everything goes back, so that the budget gets back what is left.
    """
    paid, saved, lines = found.paid, found.saved, []
    for place, sold in enumerate(found.row.lines):
        left_paid, left_saved = sold.paid - sold.paid_back, sold.saved - sold.saved_back
        part = by_place.get((found.row.id, place))
        share = by_sku.get(sold.sku, _Share(0, 0)) if part is None else _Share(part, left_paid)
        paid_now = left_paid if is_whole else share.apply(left_paid)
        saved_now = left_saved if is_whole else share.apply(left_saved)
        paid += paid_now if part is not None else 0
        saved += saved_now
        lines.append(_with_given_back(sold, sold.paid_back + paid_now, sold.saved_back + saved_now))
    return _Rollback(structs.replace(found.row, lines=tuple(lines)), paid, saved)


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
