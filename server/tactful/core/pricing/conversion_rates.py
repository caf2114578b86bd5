"""Conversion rates from the shop's own log: purchases after an offer, and without one."""

from collections.abc import Mapping

from msgspec import Struct

ProductInTerritory = tuple[str, str]
"""(product, territory)"""
NO_OFFER = ""
"""The key, in place of a rule, for shoppers who were held out and shown nothing."""


class Tally(Struct, frozen=True, gc=False, array_like=True):
    """How many shoppers were counted, and how many of them bought."""

    tried: int = 0
    """Shoppers who saw the offer, or who were held out."""
    bought: int = 0

    def plus(self, tried: int, bought: int) -> "Tally":
        """Return the tally with more shoppers counted."""
        return Tally(self.tried + tried, self.bought + bought)


EMPTY_TALLY = Tally()


class ConversionRates(Struct, frozen=True, gc=False):
    """What the shop's own log says of each rule, and of `NO_OFFER`.

    An offer counts as tried when a shopper saw it, and as bought when it was redeemed. `NO_OFFER` counts as tried
    when a shopper was held out, and as bought when that shopper bought the product all the same. The mapping may
    be live: read it during the decision, and do not store it.
    """

    log: Mapping[ProductInTerritory, Mapping[str, Tally]] = {}
    """(product, territory) → rule or `NO_OFFER` → its tally."""

    def tally_of(self, rule: str, product: str, territory: str) -> Tally:
        """Return the tally of a rule, or of `NO_OFFER`; an empty one if nothing was counted."""
        return self.log.get((product, territory), {}).get(rule, EMPTY_TALLY)


NO_CONVERSION_RATES = ConversionRates()
