"""Shoppers who get no offers because of a support case whose kind is not known."""

from collections.abc import Iterator
from typing import Final

from tactful.core.customer.taints import Taints
from tactful.core.values.calendar import MINUTE
from tactful.core.verdicts.reasons import Reason
from tactful.runtime.alerts.causes import Cause
from tactful.runtime.state.shop_state import ShopState

LIMIT_BP: Final = 200
"""The share of the identified shoppers, in basis points, above which an alert is raised."""
LEAST_SHOPPERS: Final = 50
"""The share of fewer identified shoppers says nothing."""
COUNT_MS: Final = MINUTE
"""Milliseconds between two counts, which pass through all sessions."""


class UnknownKinds:
    """Counts the identified shoppers in memory who have an open case of unknown kind."""

    def __init__(self, state: ShopState) -> None:
        """Count on demand, at most once a minute, and register the metric."""
        self._state = state
        self._counted_at: int | None = None
        self._suppressed = self._identified = 0
        state.telemetry.add_gauge(
            "tactful_unknown_case_shoppers",
            "Identified shoppers in memory with an open case of unknown kind",
            lambda: [((), self.count()[0])],
        )

    def count(self) -> tuple[int, int]:
        """Return how many shoppers have such a case, and how many shoppers are identified."""
        now = self._state.clock.now()
        if self._counted_at is None or not 0 <= now - self._counted_at < COUNT_MS:
            self._counted_at = now
            customers = {
                live.state.customer for live in self._state.registry if live.state.customer
            }
            # Only profiles in memory are looked at. They are those of the latest shoppers.
            profiles = [
                profile
                for customer in customers
                if (profile := self._state.fact_cache.customer(customer)) is not None
            ]
            self._identified = len(profiles)
            self._suppressed = sum(_has_unknown_case(one.taints, now) for one in profiles)
        return self._suppressed, self._identified

    def causes(self) -> Iterator[Cause]:
        """Yield a cause while too many shoppers are concerned."""
        suppressed, identified = self.count()
        if identified >= LEAST_SHOPPERS and suppressed * 10_000 > identified * LIMIT_BP:
            yield Cause("cases.unknown", "", {"shoppers": suppressed, "identified": identified})


def _has_unknown_case(taints: Taints, now: int) -> bool:
    by_key = (*taints.products.values(), *taints.brands.values(), *taints.skus.values())
    return any(
        one.reason is Reason.COMPLAINT_UNKNOWN and one.open_until is None and one.since <= now
        for found in (*by_key, taints.shop)
        for one in found
    )
