"""Discounts that went to shoppers who would have bought anyway."""

from msgspec import Struct

from tactful.measurement.arm_comparison import ArmComparison


class GivenAway(Struct, frozen=True):
    """What of the discounts changed no purchase, in minor units of the currency of the margin."""

    discount: int
    """What redeemed offers saved in all."""
    likely: int
    """The part of it that is given away, at the estimated difference."""
    least: int
    """That part at the upper end of the interval of the difference, which is valid at every look."""
    most: int
    """That part at its lower end."""


def given_away(discount: ArmComparison, bought: ArmComparison) -> GivenAway | None:
    """Return which part of the discounts went to shoppers who would have bought anyway.

    The held-out arm shows how many shoppers buy the offered product without an offer. The treated arm
    has as many of them among its buyers, and they are assumed to redeem as often as its other buyers.

    Args:
        discount: The comparison of what redeemed offers saved.
        bought: The comparison of whether the product of the first offer was bought.

    Returns:
        None where no treated unit bought, or nothing was saved: there is nothing to divide.
    """
    # Winsorising has reduced the mean, and the discounts were given nevertheless.
    total = discount.treated * discount.units[0] + discount.amount_cut
    if bought.treated <= 0 or total <= 0:
        return None

    def part(difference: float) -> int:
        return round(total * min(1.0, max(0.0, 1 - difference / bought.treated)))

    return GivenAway(
        discount=round(total),
        likely=part(bought.difference),
        least=part(bought.interval.high),
        most=part(bought.interval.low),
    )
