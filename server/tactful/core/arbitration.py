"""Which candidate wins the placement?"""

from collections.abc import Iterable
from fractions import Fraction

from msgspec import Struct

from tactful.core.context import Context, Scene
from tactful.core.expected_value import NOTHING, Value, value_of
from tactful.core.ground import Priced
from tactful.core.offers import Offer
from tactful.core.pricing import Quote
from tactful.core.rules import Rule

Rank = tuple[int, Fraction | int, int, str, str]


class Candidate(Struct, frozen=True, gc=False):
    """A rule that may speak about an item, and what it would say."""

    rule: Rule
    scene: Scene
    priced: Priced
    quote: Quote
    value: Value | None = None
    """None: nobody asked, or nobody can say."""


def arbitrate(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The candidates, the winner first."""
    return sorted(candidates, key=rank)


def rank(candidate: Candidate) -> Rank:
    """Tier, expected value, the smaller discount, rule id, then SKU: never the order of files."""
    rule, sku = candidate.rule, candidate.scene.item.sku
    worth = _exact(candidate.value)
    return (-rule.priority, -worth, candidate.quote.saved, rule.id, sku)


def rank_of(offer: Offer, rule: Rule | None, value: Value | None) -> Rank:
    """Where an offer that is up stands; without its rule, in the lowest tier of them all."""
    tier = -rule.priority if rule else 2**31
    return (tier, -_exact(value), offer.saved, offer.rule, offer.sku)


def kept(rule: Rule, quote: Quote) -> int:
    """What is left of the public price at worst, if one of the item is all that is ordered."""
    return quote.unit - quote.saved if rule.level == "shipping" else quote.unit


def value(context: Context, scene: Scene, rule: str, priced: Priced, unit: int) -> Value | None:
    """What `rule` leaving `unit` for an item is worth, where the policy arbitrates by that."""
    policy, shelf = context.rulebook.policy, priced.shelf
    if policy.arbitration != "expected_value" or shelf is None or scene.territory is None:
        return None
    product = scene.item.product_id
    return value_of(context.rates, policy.prior, rule, product, scene.territory, unit, shelf)


def beats_silence(context: Context, candidate: Candidate) -> bool:
    """Whether it is worth more than saying nothing; one that is forced, or owed, need not be."""
    rule = candidate.rule
    if context.rulebook.policy.arbitration != "expected_value" or rule.force or rule.remedy:
        return True
    return candidate.value is not None and candidate.value.exact > NOTHING


def _exact(value: Value | None) -> Fraction | int:
    """0 where nobody asked: to negate and compare fractions of ten candidates takes 8 µs."""
    return value.exact if value else 0
