"""Which candidate wins the placement?"""

from collections.abc import Sequence

from msgspec import Struct

from tactful.core.gates import Priced
from tactful.core.items import Item
from tactful.core.pricing import Quote
from tactful.core.rules import Rule


class Candidate(Struct, frozen=True):
    """A rule that may speak about an item, and what it would say."""

    rule: Rule
    item: Item
    priced: Priced
    quote: Quote


def rank(candidate: Candidate) -> tuple[int, int, str, str]:
    """Tier, then the smaller discount, then rule id, then SKU: never the order of files."""
    rule = candidate.rule
    return (-rule.priority, candidate.quote.saved, rule.id, candidate.item.sku)


def arbitrate(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates, the winner first."""
    return sorted(candidates, key=rank)
