"""Is an offer worth more than saying nothing?

p(buy | offer) · (net offer − cost) − p(buy | silence) · (net price − cost), exact to the last digit,
in minor units per shopper. The stated prior counts as `weight` shoppers beside those of the log.
"""

from fractions import Fraction
from typing import Any, Final

from msgspec import Struct

from tactful.core.pricing.conversion_rates import NO_OFFER, ConversionRates, Tally
from tactful.core.pricing.quote import PriceBasis
from tactful.core.rules.policy import RatePrior
from tactful.core.values.money import BP

NOTHING: Final = Fraction(0)
"""What silence is worth."""


class ExpectedOutcome(Struct, frozen=True, gc=False):
    """One of the two things that can be done, and what comes of it."""

    rate: Fraction
    """The share of shoppers who buy."""
    margin: Fraction
    """What a purchase leaves, net, in minor units."""
    log: Tally
    by_prior: bool
    """Whether the prior weighs more than the log."""

    def for_trace(self) -> dict[str, Any]:
        """As a trace says it."""
        return {
            "rate": f"{_decimal(self.rate * 100)}%",
            "margin": _decimal(self.margin),
            "shoppers": self.log.tried,
            "bought": self.log.bought,
        }


class ExpectedValue(Struct, frozen=True, gc=False):
    """What an offer is worth against silence, and from which numbers."""

    offer: ExpectedOutcome
    silence: ExpectedOutcome

    @property
    def exact(self) -> Fraction:
        """In minor units per shopper."""
        offer, silence = self.offer, self.silence
        return offer.rate * offer.margin - silence.rate * silence.margin

    @property
    def by_prior(self) -> bool:
        """Whether there is too little data, so that the stated prior decides."""
        return self.offer.by_prior or self.silence.by_prior

    def for_trace(self) -> dict[str, Any]:
        """As a trace says it: amounts in minor units, to the hundredth."""
        return {
            "value": _decimal(self.exact),
            "offer": self.offer.for_trace(),
            "silence": self.silence.for_trace(),
            "decided_by": "prior" if self.by_prior else "log",
        }


def value_of(
    rates: ConversionRates,
    prior: RatePrior,
    rule: str,
    product: str,
    territory: str,
    unit: int,
    shelf: PriceBasis,
) -> ExpectedValue | None:
    """What offering `unit` is worth; None: nobody can say, because the cost is not known."""
    if shelf.cost is None:
        return None
    offered = rates.tally_of(rule, product, territory)
    silent = rates.tally_of(NO_OFFER, product, territory)
    return ExpectedValue(
        _side(offered, prior.offer_bp, prior.weight, unit, shelf.tax_rate_bp, shelf.cost),
        _side(silent, prior.silence_bp, prior.weight, shelf.amount, shelf.tax_rate_bp, shelf.cost),
    )


def _side(
    log: Tally, prior_bp: int, weight: int, gross: int, tax_bp: int, cost: int
) -> ExpectedOutcome:
    weight = weight or int(log.tried == 0)  # without data there is nothing but the prior
    rate = Fraction(log.bought * BP + prior_bp * weight, (log.tried + weight) * BP)
    margin = Fraction(gross * BP, BP + tax_bp) - cost
    return ExpectedOutcome(rate, margin, log, by_prior=log.tried < weight)


def _decimal(exact: Fraction) -> str:
    hundredths = round(exact * 100)
    whole, rest = divmod(abs(hundredths), 100)
    return f"{'-' if hundredths < 0 else ''}{whole}.{rest:02}"
