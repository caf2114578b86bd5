"""How often was something bought after an offer, and after silence?"""

from collections.abc import Mapping

from msgspec import Struct

ProductInTerritory = tuple[str, str]
"""(product, territory)"""
NO_OFFER = ""
"""What stands for a rule where a shopper was deliberately shown nothing."""


class Tally(Struct, frozen=True, gc=False, array_like=True):
    """So many shoppers, of whom so many bought."""

    tried: int = 0
    bought: int = 0

    def plus(self, tried: int, bought: int) -> "Tally":
        """With more of them."""
        return Tally(self.tried + tried, self.bought + bought)


EMPTY_TALLY = Tally()


class ConversionRates(Struct, frozen=True, gc=False):
    """What the shop's own log says of each rule, and of `SILENCE`; may be live, so nobody keeps it.

    A rule's offer was tried when a shopper saw it, and bought when it was redeemed; silence was tried
    when a shopper was held out, and bought when they bought the product all the same.
    """

    log: Mapping[ProductInTerritory, Mapping[str, Tally]] = {}

    def tally_of(self, rule: str, product: str, territory: str) -> Tally:
        """What came of a rule, or of `SILENCE`."""
        return self.log.get((product, territory), {}).get(rule, EMPTY_TALLY)


NO_CONVERSION_RATES = ConversionRates()
