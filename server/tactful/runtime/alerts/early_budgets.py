"""Budgets that will run out before their period ends, at the pace so far."""

from collections.abc import Iterator
from typing import Final

from tactful.core.offers.budget import COUNT
from tactful.core.values.calendar import format_rfc3339, period_bounds
from tactful.runtime.alerts.causes import Cause, CauseReader
from tactful.runtime.state.shop_state import ShopState

LEAST_USED_BP: Final = 2500
"""A smaller part of a budget says nothing about its pace, in basis points."""
EARLY_PART: Final = 10
"""A budget that lasts until the last one of so many parts of its period is not early."""


def budget_causes(state: ShopState) -> CauseReader:
    """Return a reader of the budgets of a day, week or month that will run out early.

    What is reserved counts as spent. A budget that is spread evenly cannot run out early, and one
    without a period has no end.
    """

    def read() -> Iterator[Cause]:
        now = state.clock.now()
        campaigns = state.active_rulebook.current.campaigns
        for (name, currency), balance in state.balances.view(now).items():
            campaign = campaigns.get(name)
            if campaign is None or campaign.pace == "even" or not balance.limit:
                continue
            bounds = period_bounds(campaign.per, now, campaign.timezone)
            if bounds is None:
                continue
            start, end = bounds
            used = balance.reserved + balance.settled
            if used * 10_000 < balance.limit * LEAST_USED_BP:
                continue
            # At the pace so far, the rest lasts as long as the used part did, in proportion.
            empty_at = start + (now - start) * balance.limit // used
            if empty_at < end - (end - start) // EARLY_PART:
                unit = "offers" if currency == COUNT else f"minor units of {currency}"
                yield Cause(
                    "budget.early",
                    name if currency == COUNT else f"{name} {currency}",
                    {
                        "used": used,
                        "limit": balance.limit,
                        "unit": unit,
                        "empty_at": format_rfc3339(max(empty_at, now)),
                        "period_ends": format_rfc3339(end),
                    },
                )

    return read
