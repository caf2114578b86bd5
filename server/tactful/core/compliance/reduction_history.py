"""Since when, and to how many, has a reduction been offered already?"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from tactful.core.compliance.prior_price import is_general

VIEWERS: Final = ""
"""What stands for a rule where all who viewed a product are counted."""
FEWEST_VIEWERS: Final = 10
"""Of fewer viewers in a day nobody can say what reached most of them."""


class ReductionHistory(Struct, frozen=True, gc=False):
    """What was pushed lately; the mappings may be live, so nobody keeps them."""

    since: Mapping[tuple[str, str], Mapping[str, int]] = {}
    """(SKU, territory) → rule → when its reduction first applied (ms)."""
    counts: Mapping[tuple[str, str], Mapping[str, int]] = {}
    """(product, territory) → `VIEWERS` or rule → how many in the last 24 h."""

    def first_applied_at(self, rule: str, sku: str, territory: str, now: int) -> int:
        """When a rule's reduction of an SKU first applied: now, if it did not yet."""
        return self.since.get((sku, territory), {}).get(rule, now)

    def makes_general(self, rule: str, product: str, territory: str) -> bool:
        """Whether one more offer of the rule makes it one to everybody."""
        counts = self.counts.get((product, territory), {})
        viewers = counts.get(VIEWERS, 0)
        return viewers >= FEWEST_VIEWERS and is_general(counts.get(rule, 0) + 1, viewers)


NO_REDUCTIONS = ReductionHistory()
