"""Public prices that were announced for a later instant, and when each takes effect.

Of the versions of one price fact the highest is in force. A version that was reported before its own
`since` is *announced*: until that instant the price before it stays the public price.
"""

from collections.abc import Sequence

from msgspec import Struct

from tactful.core.facts.fact_types import Price, ReportedFact, ms


class PlannedPrice(Struct, frozen=True, gc=False):
    """A price, and when it takes effect."""

    since: int
    """Milliseconds since the Unix epoch, UTC; 0: it was in force before every announcement."""
    price: ReportedFact[Price]


PricePlan = tuple[PlannedPrice, ...]
"""The prices of one SKU in one territory, in the order in which they take effect."""


def price_plan(versions: Sequence[ReportedFact[Price]]) -> PricePlan:
    """Return the plan of a price with announced versions; empty: no version was announced.

    An announcement is dropped if a higher version was reported after it had taken effect. Several
    announcements hold one after the other, so a sale and its end can be announced together. An
    announcement for the same instant replaces that of a lower version.

    Args:
        versions: Every retained version of one price fact, in the order of recording.
    """
    announced = [one for one in versions if is_announced(one)]
    if not announced:
        return ()
    rest = [one for one in versions if not is_announced(one)]
    base = max(rest, key=version_order, default=None)
    kept = [
        PlannedPrice(_since(one), one)
        for one in sorted(announced, key=lambda one: (_since(one), version_order(one)))
        if base is None or version_order(one) > version_order(base) or base.at < _since(one)
    ]
    return (PlannedPrice(0, base), *kept) if base else tuple(kept)


def planned_price(plan: PricePlan, now: int) -> ReportedFact[Price] | None:
    """Return the price in force at an instant; `None`: the first one has not begun.

    Args:
        plan: A plan that is not empty.
        now: Milliseconds since the Unix epoch, UTC.
    """
    found = None
    for planned in plan:
        if planned.since > now:
            break
        found = planned.price
    return found


def next_change(plan: PricePlan, now: int) -> int | None:
    """Return when the next announced price takes effect after `now`; `None`: none will."""
    return min((one.since for one in plan if one.since > now), default=None)


def is_announced(one: ReportedFact[Price]) -> bool:
    """Return whether a price was reported before it takes effect."""
    return one.fact.since is not None and ms(one.fact.since) > one.at


def version_order(one: ReportedFact[Price]) -> int:
    """Return a number by which the versions of a price are ordered; arrival where it has none."""
    version = one.fact.version
    if isinstance(version, int):
        return version
    return ms(version) if version else one.at


def _since(one: ReportedFact[Price]) -> int:
    return ms(one.fact.since) if one.fact.since else one.at
