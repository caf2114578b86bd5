"""How many more buyers an offer needs to earn what the public price earns without it."""

from tactful.core.pricing.quote import PriceBasis
from tactful.core.values.money import BP, divide_up

TENTH = 10
"""Numbers of buyers are in tenths of those at the public price: 20 is twice as many."""


def buyers_needed(price: PriceBasis, unit: int) -> int | None:
    """Return the buyers at an offer's price that earn as much as ten at the public price.

    The result is rounded up. A discount of 15 % at a margin of 30 % needs 20, twice the buyers.

    Args:
        price: The public price with its cost; the cost is known.
        unit: The offer's price of one unit, in minor units.

    Returns:
        `None` where no number of buyers is enough, because a unit earns nothing at the offer's price,
        or nothing at the public price already.
    """
    earned, left = _earned(price, price.amount), _earned(price, unit)
    return divide_up(TENTH * earned, left) if earned > 0 and left > 0 else None


def margin_of(price: PriceBasis) -> int:
    """Return the margin of the public price as a share of the net price, in basis points, rounded down."""
    return BP * _earned(price, price.amount) // (price.amount * BP)


def _earned(price: PriceBasis, unit: int) -> int:
    """Return what a unit earns, in an exact multiple of the net minor units: (BP + tax rate) × BP⁻¹."""
    return unit * BP - (price.cost or 0) * (BP + price.tax_rate_bp)
