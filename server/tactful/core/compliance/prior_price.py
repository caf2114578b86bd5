"""Prior price of an SKU, and the reduction that an offer may claim against it.

Article 6a of Directive 98/6/EC, as inserted by Directive (EU) 2019/2161, Article 2: an announced reduction states
the prior price, and that is the lowest price applied in the 30 days before. See `server/SEMANTICS.md`, section 9.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from tactful.core.facts.price_history import PublicPrice
from tactful.core.values.calendar import DAY
from tactful.core.values.money import percent_off

WINDOW: Final = 30 * DAY
"""The shortest period that Article 6a(2) of Directive 98/6/EC allows, in milliseconds."""


class PriorPrice(Struct, frozen=True, gc=False):
    """The lowest public price before a reduction."""

    amount: int
    """The price of one unit, in minor units."""
    since: int
    """The start of the recorded prices within the window, in milliseconds since the Unix epoch, UTC."""
    complete: bool
    """Whether prices are on record for the whole window."""


class PriceClaim(Struct, frozen=True, gc=False):
    """What may be shown beside an offer's price."""

    was: int
    """The prior price of one unit, in minor units."""
    percent: int | None
    """The whole percentage saved, rounded down; `None` where it would be below 1."""


def prior_price(
    ledger: Iterable[PublicPrice], t0: int, currency: str, window: int = WINDOW
) -> PriorPrice | None:
    """Return the lowest public price over [t0 − window, t0); `None` where none is on record.

    The price in force when the window starts counts; a price that starts at t0 does not. If two
    entries start at one instant, the later entry counts, because the first was never in force.

    Args:
        ledger: The public prices of one SKU in one territory, in the order in which they were reported.
        t0: When this reduction first applied, in milliseconds since the Unix epoch, UTC.
        currency: Only prices in this currency count.
        window: How far back to look, in milliseconds.
    """
    start = t0 - window
    before = {
        entry.since: entry.amount
        for entry in ledger
        if entry.since < t0 and entry.currency == currency
    }
    if not before:
        return None
    if len(before) == 1:
        # Most items have had one price only.
        ((since, amount),) = before.items()
        return PriorPrice(amount, max(since, start), complete=since <= start)
    in_force = max([since for since in before if since <= start], default=None)
    since = min(before) if in_force is None else in_force
    lowest = min([amount for at, amount in before.items() if at >= since])
    return PriorPrice(lowest, max(since, start), complete=in_force is not None)


def claim(prior: PriorPrice | None, unit: int) -> PriceClaim | None:
    """Return the claim of an offer at `unit`; `None` without a reduction or a recorded prior price.

    Strike-through and percentage use the prior price, never the list price.
    """
    if prior is None or unit >= prior.amount:
        return None
    return PriceClaim(prior.amount, percent_off(prior.amount, unit) or None)


def is_general(reached: int, viewers: int) -> bool:
    """Return whether an offer reached most of a product's viewers, which makes it a public price."""
    return 2 * reached > viewers
