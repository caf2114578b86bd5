"""Against which price may an offer claim a reduction, and what may the claim say?

The lowest price of the 30 days before: Directive 98/6/EC article 6a, as added by (EU) 2019/2161.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from tactful.core.facts.item import PublicPrice
from tactful.core.values.calendar import DAY
from tactful.core.values.money import percent_off

WINDOW: Final = 30 * DAY


class PriorPrice(Struct, frozen=True, gc=False):
    """`complete` is False where less than the whole window is on record; `since` is its first day."""

    amount: int
    since: int
    complete: bool


class PriceClaim(Struct, frozen=True, gc=False):
    """What may be shown beside an offer; without a `percent` where it would be below one."""

    was: int
    percent: int | None


def prior_price(
    ledger: Iterable[PublicPrice], t0: int, currency: str, window: int = WINDOW
) -> PriorPrice | None:
    """The lowest public price over [t0 − window, t0), None where none is on record.

    It includes the price already in force when the window starts, and excludes one that starts at
    t0 itself, the instant at which this reduction first applied. Of two entries for one instant the
    later one counts: the first was in force for no time at all.
    """
    start = t0 - window
    before = {
        entry.since: entry.amount
        for entry in ledger
        if entry.since < t0 and entry.currency == currency
    }
    if not before:
        return None
    in_force = max((since for since in before if since <= start), default=None)
    since = min(before) if in_force is None else in_force
    lowest = min(amount for at, amount in before.items() if at >= since)
    return PriorPrice(lowest, max(since, start), complete=in_force is not None)


def claim(prior: PriorPrice | None, unit: int) -> PriceClaim | None:
    """What may be said of an offer at `unit`; None: it is no reduction, or nothing is on record."""
    if prior is None or unit >= prior.amount:
        return None
    return PriceClaim(prior.amount, percent_off(prior.amount, unit) or None)


def is_general(reached: int, viewers: int) -> bool:
    """Whether an offer that reached so many of a product's viewers in a day is an offer to everybody."""
    return 2 * reached > viewers
