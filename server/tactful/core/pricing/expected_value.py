"""Expected value of an offer compared with no offer, exact, in minor units per shopper.

p(buy | offer) · (net offer − cost) − p(buy | no offer) · (net price − cost). The stated prior counts as
`weight` shoppers beside those of the log. See `server/SEMANTICS.md`, section 7.
"""

from fractions import Fraction
from typing import Any, Final

from msgspec import Struct

from tactful.core.pricing.conversion_rates import NO_OFFER, ConversionRates, Tally
from tactful.core.pricing.quote import PriceBasis
from tactful.core.rules.policy import RatePrior
from tactful.core.values.money import BP

NOTHING: Final = Fraction(0)
"""The value of making no offer."""


class ExpectedOutcome(Struct, frozen=True, gc=False):
    """The expected rate and margin of one alternative: the offer, or no offer."""

    rate: Fraction
    """The share of shoppers who buy, from 0 to 1."""
    margin: Fraction
    """The margin of one purchase, net of tax and cost, in minor units."""
    log: Tally
    by_prior: bool
    """Whether the prior weighs more than the log."""

    def for_trace(self) -> dict[str, Any]:
        """Return the alternative as a trace shows it."""
        return {
            "rate": f"{_decimal(self.rate * 100)}%",
            "margin": _decimal(self.margin),
            "shoppers": self.log.tried,
            "bought": self.log.bought,
        }


class ExpectedValue(Struct, frozen=True, gc=False):
    """The value of an offer compared with no offer, and the numbers it comes from."""

    offer: ExpectedOutcome
    silence: ExpectedOutcome

    @property
    def exact(self) -> Fraction:
        """The value in minor units per shopper."""
        offer, silence = self.offer, self.silence
        return offer.rate * offer.margin - silence.rate * silence.margin

    @property
    def by_prior(self) -> bool:
        """Whether the log has too little data, so that the stated prior decides."""
        return self.offer.by_prior or self.silence.by_prior

    def for_trace(self) -> dict[str, Any]:
        """Return the value as a trace shows it: amounts in minor units, to the hundredth."""
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
    basis: PriceBasis,
) -> ExpectedValue | None:
    """Return the value of offering `unit`; `None` where the cost is unknown.

    Args:
        rates: What the shop's log says.
        prior: The policy's stated prior.
        rule: The rule that makes the offer.
        product: The product of the offer.
        territory: Where the shopper is.
        unit: The offered price of one unit, in minor units.
        basis: The public price and the cost.
    """
    if basis.cost is None:
        return None
    offered = rates.tally_of(rule, product, territory)
    silent = rates.tally_of(NO_OFFER, product, territory)
    return ExpectedValue(
        _outcome(offered, prior.offer_bp, prior.weight, unit, basis.tax_rate_bp, basis.cost),
        _outcome(
            silent, prior.silence_bp, prior.weight, basis.amount, basis.tax_rate_bp, basis.cost
        ),
    )


def _outcome(
    log: Tally, prior_bp: int, weight: int, gross: int, tax_bp: int, cost: int
) -> ExpectedOutcome:
    # Without data there is only the prior, so it counts even with a weight of 0.
    weight = weight or int(log.tried == 0)
    rate = Fraction(log.bought * BP + prior_bp * weight, (log.tried + weight) * BP)
    margin = Fraction(gross * BP, BP + tax_bp) - cost
    return ExpectedOutcome(rate, margin, log, by_prior=log.tried < weight)


def _decimal(exact: Fraction) -> str:
    hundredths = round(exact * 100)
    whole, rest = divmod(abs(hundredths), 100)
    return f"{'-' if hundredths < 0 else ''}{whole}.{rest:02}"
