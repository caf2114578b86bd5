"""Offers of basket lines: what a line costs, and why its offer cannot be used."""

from dataclasses import dataclass
from typing import Any

from tactful_bridge.cart import LinePrice, price_of, reason_against
from tactful_bridge.errors import BridgeError, TokenRefusedError
from tactful_bridge.offer_tokens import OfferClaims
from tactful_oscar.basket_lines import item_of, offer_of, token_of
from tactful_oscar.connection import connection


@dataclass(frozen=True, slots=True)
class OfferLine:
    """A line of a basket that carries an offer."""

    line: Any
    token: str
    claims: OfferClaims | None
    """`None`: the offer has ended."""


def claims_of(token: str) -> OfferClaims | None:
    """Return the claims of a token, verified offline; `None`: it is not valid, or not any more.

    While no keys of the server are known, no token counts: pages show public prices.
    """
    try:
        return connection().keys.verify(token)
    except BridgeError:
        return None


def offer_lines(basket: Any) -> list[OfferLine]:
    """Return the lines of a basket that carry an offer.

    Raises:
        OutcomeUnknownError: No keys of the server are known, so no token can be judged.
    """
    found: list[OfferLine] = []
    for line in basket.all_lines():
        if not offer_of(line):
            continue
        token = token_of(line)
        try:
            claims = connection().keys.verify(token)
        except TokenRefusedError:
            claims = None
        found.append(OfferLine(line, token, claims))
    return found


def line_price(line: Any, stockrecord: Any, own: Any) -> LinePrice | None:
    """Return what one unit of a basket line costs; `None`: the line carries no offer.

    Args:
        line: A basket line.
        stockrecord: The record that fulfils it.
        own: The shop's own pricing policy for the line.
    """
    token = token_of(line)
    item = item_of(stockrecord, own) if token else None
    return price_of(claims_of(token), item, line.quantity) if item is not None else None


def reason_of(one: OfferLine, own: Any) -> str | None:
    """Return why the offer of a line cannot be used; `None`: it can.

    Args:
        one: A line with its token.
        own: The shop's own pricing policy for the line.
    """
    item = item_of(one.line.stockrecord, own)
    if one.claims is None:
        return "offer.ended"
    if item is None:
        return "offer.tax"
    return reason_against(one.claims, item, one.line.quantity, ())
