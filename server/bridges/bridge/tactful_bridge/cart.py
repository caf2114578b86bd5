"""Offers in a cart: whether one may be put there, and what its line costs."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal

from tactful_bridge.offer_tokens import OfferClaims

CartCode = Literal[
    "offer.level", "offer.item", "offer.territory", "offer.currency", "offer.quantity",
    "offer.in_cart", "offer.no_saving",
]  # fmt: skip
"""Why an offer cannot be put into a cart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CartItem:
    """An item as the platform sells it now, to the shopper of this cart."""

    sku: str
    territory: str
    currency: str
    """ISO 4217 code."""
    unit: int
    """The platform's own price of one unit, as the shopper sees it, in minor units."""


def reason_against(
    claims: OfferClaims, item: CartItem, quantity: int, in_cart: Collection[str]
) -> CartCode | None:
    """Return why an offer cannot be put into a cart as a line of its own; `None`: it can.

    Args:
        claims: The claims of a verified token.
        item: The item for which the offer is meant.
        quantity: Units of the line, 1 or more.
        in_cart: The ids of the offers that the cart has already.
    """
    if claims.level is not None:
        return "offer.level"
    if claims.sku != item.sku:
        return "offer.item"
    if claims.territory != item.territory:
        return "offer.territory"
    if claims.currency != item.currency:
        return "offer.currency"
    if not 1 <= quantity <= claims.max_qty:
        return "offer.quantity"
    if claims.offer in in_cart:
        return "offer.in_cart"
    return "offer.no_saving" if item.unit <= claims.unit else None


@dataclass(frozen=True, slots=True)
class LinePrice:
    """What one unit of a line costs."""

    unit: int
    """Minor units."""
    uses_offer: bool
    """Whether it is the offer's price, so that the order has to redeem the offer."""


def price_of(claims: OfferClaims | None, item: CartItem, quantity: int) -> LinePrice:
    """Return the price of a line that carries an offer: the lower of the promise and the own price.

    Every recalculation of the cart calls it. A line that no longer fits the offer, because its
    quantity was raised or the offer has ended, costs the platform's own price.

    Args:
        claims: The claims of the line's token; `None`: the token is not valid, or not any more.
        item: The item as the platform sells it now.
        quantity: Units of the line.
    """
    if claims is None or reason_against(claims, item, quantity, ()) is not None:
        return LinePrice(item.unit, uses_offer=False)
    return LinePrice(claims.unit, uses_offer=True)


MINOR_DIGITS: Final = {
    "BHD": 3, "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0,
    "KMF": 0, "KRW": 0, "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "RWF": 0, "TND": 3, "UGX": 0,
    "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
}  # fmt: skip
"""Digits of the minor unit (ISO 4217) of every currency in use that has not two of them."""


def digits_of(currency: str) -> int:
    """Return how many decimal digits amounts of a currency have (ISO 4217)."""
    return MINOR_DIGITS.get(currency, 2)
