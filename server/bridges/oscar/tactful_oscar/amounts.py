"""Amounts of money: between the platform's decimals and whole minor units."""

from decimal import ROUND_HALF_UP, Decimal

from tactful_bridge.cart import digits_of


def minor_units(amount: Decimal, currency: str) -> int:
    """Return an amount in minor units, rounded as the shop's pages round what shoppers see.

    Args:
        amount: An amount in the currency's main unit; tax rates may give it more digits.
        currency: ISO 4217 code.
    """
    scaled = amount.scaleb(digits_of(currency))
    return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def decimal_amount(units: int, currency: str) -> Decimal:
    """Return minor units as an amount in the currency's main unit."""
    return Decimal(units).scaleb(-digits_of(currency))
