"""Basket lines that may carry an offer: which one, its token, and the item that is sold."""

from typing import Any

from oscar.core.loading import get_model

from tactful_bridge.cart import CartItem
from tactful_bridge.offer_tokens import OfferClaims
from tactful_oscar.amounts import minor_units
from tactful_oscar.conf import OPTION_CODE, bridge_settings
from tactful_oscar.models import AcceptedOffer


def offer_of(line: Any) -> str:
    """Return the id of the offer that a basket or order line carries; empty: it carries none."""
    values = [
        attribute.value
        for attribute in line.attributes.all()
        if attribute.option is not None and attribute.option.code == OPTION_CODE
    ]
    return str(values[0]) if values else ""


def token_of(line: Any) -> str:
    """Return the token of the offer that a basket line carries; empty: it carries none."""
    offer = offer_of(line)
    row = AcceptedOffer.objects.filter(pk=offer).first() if offer else None
    return "" if row is None else str(row.token)


def put_line(basket: Any, product: Any, quantity: int, claims: OfferClaims, token: str) -> None:
    """Add a line with an offer to a basket, at the promised price.

    Args:
        basket: The basket, with its strategy.
        product: The product that the offer is for.
        quantity: Units of the line.
        claims: The claims of the token.
        token: The verified token.
    """
    AcceptedOffer.objects.update_or_create(
        pk=claims.offer, defaults={"token": token, "ends": claims.exp}
    )
    options = [{"option": _option(), "value": claims.offer}]
    line, _ = basket.add_product(product, quantity, options=options)
    # Oscar compares this price with the present one, and warns if it has changed since.
    price = basket.strategy.fetch_for_line(line, line.stockrecord).price
    line.price_excl_tax, line.price_incl_tax = price.excl_tax, price.incl_tax
    line.save()


def item_of(stockrecord: Any, price: Any) -> CartItem | None:
    """Return an item as the shop sells it without any offer.

    Args:
        stockrecord: The record that fulfils the line.
        price: The shop's own pricing policy for it.

    Returns:
        `None` if the item has no price, or one whose tax is not known yet.
    """
    if stockrecord is None or not price.exists or not price.is_tax_known:
        return None
    return CartItem(
        sku=stockrecord.partner_sku,
        territory=bridge_settings().territory,
        currency=price.currency,
        unit=minor_units(price.incl_tax, price.currency),
    )


def drop_token(line: Any) -> None:
    """Remove the token from a basket line, which then costs the shop's own price."""
    line.attributes.filter(option__code=OPTION_CODE).delete()


def _option() -> Any:
    """Return the option that carries the token; it belongs to no product, so no form shows it."""
    option, _ = get_model("catalogue", "Option").objects.get_or_create(
        code=OPTION_CODE, defaults={"name": "Offer", "type": "text", "required": False}
    )
    return option
