"""Which candidate wins the placement?"""

from collections.abc import Iterable

from msgspec import Struct

from tactful.core.context import Scene
from tactful.core.gates import Priced
from tactful.core.offers import Offer
from tactful.core.pricing import Quote
from tactful.core.rules import Rule

Rank = tuple[int, int, str, str]


class Candidate(Struct, frozen=True):
    """A rule that may speak about an item, and what it would say."""

    rule: Rule
    scene: Scene
    priced: Priced
    quote: Quote


def arbitrate(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The candidates, the winner first."""
    return sorted(candidates, key=rank)


def rank(candidate: Candidate) -> Rank:
    """Tier, then the smaller discount, then rule id, then SKU: never the order of files."""
    rule, sku = candidate.rule, candidate.scene.item.sku
    return (-rule.priority, candidate.quote.saved, rule.id, sku)


def rank_of(offer: Offer, rule: Rule | None) -> Rank:
    """Where an offer that is up stands; without its rule, in the lowest tier of them all."""
    tier = -rule.priority if rule else 2**31
    return (tier, offer.public - offer.unit, offer.rule, offer.sku)
