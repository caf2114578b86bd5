"""How often was something bought after an offer, and after silence?"""

from collections.abc import Mapping

from msgspec import Struct

Offered = tuple[str, str, str]
"""(rule, product, territory)"""
Silent = tuple[str, str]
"""(product, territory)"""


class Tally(Struct, frozen=True, array_like=True):
    """So many shoppers, of whom so many bought."""

    tried: int = 0
    bought: int = 0

    def plus(self, tried: int, bought: int) -> "Tally":
        """With more of them."""
        return Tally(self.tried + tried, self.bought + bought)


NOTHING = Tally()


class Rates(Struct, frozen=True):
    """What the shop's own log says; the mappings may be live, so nobody keeps them."""

    offered: Mapping[Offered, Tally] = {}
    """Shoppers who saw an offer, and those of them who redeemed it."""
    silent: Mapping[Silent, Tally] = {}
    """Shoppers who were deliberately shown nothing, and those of them who bought all the same."""

    def after_offer(self, rule: str, product: str, territory: str) -> Tally:
        """What came of a rule's offers of a product."""
        return self.offered.get((rule, product, territory), NOTHING)

    def after_silence(self, product: str, territory: str) -> Tally:
        """What came of saying nothing about a product."""
        return self.silent.get((product, territory), NOTHING)


NO_RATES = Rates()
