"""Reduction history: the start of each reduction, and the number of shoppers it reached."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from tactful.core.compliance.prior_price import is_general

VIEWERS: Final = ""
"""The key, in place of a rule, under which all viewers of a product are counted."""
ANY_RULE: Final = ""
"""The key, in place of a rule, under which all reductions of an SKU are one."""
FEWEST_VIEWERS: Final = 10
"""With fewer viewers in 24 hours no offer counts as general: the share would be meaningless."""


class ReductionHistory(Struct, frozen=True, gc=False):
    """Recently pushed reductions. The mappings may be live: do not keep them beyond the decision."""

    since: Mapping[tuple[str, str], Mapping[str, int]] = {}
    """(SKU, territory) → rule or `ANY_RULE` → when its reduction first applied, in ms since the epoch.

    A reduction begins anew after a pause of `WINDOW`. That of `ANY_RULE` pauses only while no rule
    reduces the SKU.
    """
    counts: Mapping[tuple[str, str], Mapping[str, int]] = {}
    """(product, territory) → `VIEWERS` or rule → how many shoppers in the last 24 hours."""

    def first_applied_at(self, rule: str, sku: str, territory: str, now: int) -> int:
        """Return when a rule's reduction of an SKU first applied (ms since the Unix epoch); `now` if it never did."""
        return self.since.get((sku, territory), {}).get(rule, now)

    def reduced_since(self, sku: str, territory: str, now: int) -> int:
        """Return when the reductions of an SKU began that still count; `now` where there are none.

        Any rule counts: another rule, or a new name of the same one, is no pause at the regular
        price. Turns that release 0.1.0 recorded lack `ANY_RULE`; there, the earliest rule counts.
        """
        return min(self.since.get((sku, territory), {}).values(), default=now)

    def makes_general(self, rule: str, product: str, territory: str) -> bool:
        """Return whether one more offer of the rule makes it a general offer (`is_general`)."""
        counts = self.counts.get((product, territory), {})
        viewers = counts.get(VIEWERS, 0)
        return viewers >= FEWEST_VIEWERS and is_general(counts.get(rule, 0) + 1, viewers)


NO_REDUCTIONS = ReductionHistory()
