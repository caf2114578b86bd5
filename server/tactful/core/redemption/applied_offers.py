"""Answers about used offers, from the stored uses."""

from collections.abc import Sequence

from tactful.core.offers.offer import Offer
from tactful.core.redemption.answers import Redeemed, RedeemedLine, RedeemedTogether
from tactful.core.redemption.redemption_rows import RedemptionRow
from tactful.core.values.allocation import LEVELS
from tactful.core.values.calendar import format_rfc3339
from tactful.core.values.money import Money


def use_answer(offer: Offer, use: RedemptionRow) -> Redeemed:
    """Return the answer for one use, held or redeemed, whatever was refunded of it since."""
    lines = (
        RedeemedLine(
            line.sku,
            line.qty,
            Money(line.paid, offer.currency),
            Money(line.saved, offer.currency),
        )
        for line in use.lines
    )
    unit, qty = _unit_and_qty(offer, use)
    return Redeemed(
        redemption=use.id,
        state="held" if use.status == "held" else "redeemed",
        unit=Money(unit, offer.currency),
        qty=qty,
        saved=Money(use.granted, offer.currency),
        until=_until(use),
        level=None if offer.level == "item" else offer.level,
        lines=tuple(lines) if offer.level == "order" else None,
    )


def used_together(uses: Sequence[tuple[Offer, RedemptionRow]]) -> RedeemedTogether:
    """Return the answer for several uses of one currency, in the order in which they apply.

    Args:
        uses: Each offer with its use, at least one; held all, or redeemed all.
    """
    found = sorted(uses, key=lambda one: (LEVELS.index(one[0].level), one[0].id))
    saved = sum(use.granted for _, use in found)
    answers = tuple(use_answer(offer, use) for offer, use in found)
    return RedeemedTogether(
        state=answers[0].state,
        redemptions=answers,
        saved=Money(saved, found[0][0].currency),
        until=answers[0].until,
    )


def answer_of(uses: Sequence[tuple[Offer, RedemptionRow]]) -> Redeemed | RedeemedTogether:
    """Return the answer for the uses of an order: one alone, or several together."""
    return use_answer(*uses[0]) if len(uses) == 1 else used_together(uses)


def _until(use: RedemptionRow) -> str | None:
    return format_rfc3339(use.until) if use.status == "held" and use.until is not None else None


def _unit_and_qty(offer: Offer, use: RedemptionRow) -> tuple[int, int]:
    """Return what the response to the first request says; release 0.1.0 did not store it."""
    if use.unit is not None:
        return use.unit, use.qty
    if offer.level == "item":
        return use.lines[0].paid // use.lines[0].qty, use.lines[0].qty
    return sum(line.paid for line in use.lines), 1
