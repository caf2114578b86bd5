"""Holds of offers around a payment, and the messages to shoppers when nothing can be held."""

import logging
from collections.abc import Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from tactful_bridge.checkout import HoldLine, HoldRequest
from tactful_bridge.errors import BridgeError, OutcomeUnknownError, RefusedError
from tactful_oscar.amounts import minor_units
from tactful_oscar.basket_lines import drop_token
from tactful_oscar.conf import bridge_settings
from tactful_oscar.connection import connection, deliver_after_commit
from tactful_oscar.models import PaymentAttempt
from tactful_oscar.offer_lines import OfferLine, offer_lines, reason_of

_SHOWN_AT_OWN_PRICE: Final = frozenset({"offer.no_saving", "offer.quantity"})
"""Reasons for which the basket has shown the shop's own price all along, so that it is charged."""

_log: Final = logging.getLogger("tactful_bridge")


class OfferHoldError(Exception):
    """The offers of a basket cannot be held; the text is for the shopper, and nothing was charged."""


def hold_offers(order_number: str, basket: Any, user: Any) -> None:
    """Hold every offer of a basket before its payment.

    An offer that cannot be used any more is removed from its line, so that the next attempt shows and
    charges the present price.

    Args:
        order_number: The number that the order will have.
        basket: The basket that is paid, with its strategy and after its promotions.
        user: The user who orders; anonymous: a guest.

    Raises:
        OfferHoldError: The payment must not be taken.
    """
    number = str(order_number)
    usable: list[OfferLine] = []
    try:
        usable += _usable(basket)
        if usable:
            _hold(_request(number, usable, user), basket)
        else:
            release_offers(number)
    except OutcomeUnknownError as error:
        _log.warning("Order %s: the offers cannot be held now: %s", number, error)
        raise OfferHoldError(
            _(
                "The price of an offer in your basket cannot be confirmed at the moment. "
                "Nothing was charged. Please try again in a minute."
            )
        ) from error
    except RefusedError as refused:
        _log.warning("Order %s: the offers are refused: %s", number, refused.code)
        dead = _dead(usable)
        for one in dead:
            drop_token(one.line)
        raise OfferHoldError(_ended(dead)) from refused


def _hold(request: HoldRequest, basket: Any) -> None:
    try:
        connection().checkout.hold(request)
    finally:
        # The sweep reads from the basket whether the payment is still under way.
        rows = PaymentAttempt.objects.filter(order_number=request.order, basket_id=None)
        rows.update(basket_id=basket.pk)


def release_offers(order_number: str) -> None:
    """Release what an order holds: its payment failed, or the shopper is back at the basket."""
    connection().checkout.release(str(order_number))
    deliver_after_commit(str(order_number))


def _usable(basket: Any) -> list[OfferLine]:
    """Return the lines at the price of an offer; raise OfferHoldError if one has ended."""
    usable: list[OfferLine] = []
    ended: list[OfferLine] = []
    for one in offer_lines(basket):
        reason = reason_of(one, basket.strategy.fetch_without_offer(one.line).price)
        if reason is None:
            _check_charge(one)
            usable.append(one)
        else:
            drop_token(one.line)
            if reason not in _SHOWN_AT_OWN_PRICE:
                ended.append(one)
    if ended:
        raise OfferHoldError(_ended(ended))
    return usable


def _check_charge(one: OfferLine) -> None:
    """Raise OfferHoldError unless the line costs exactly what was promised."""
    assert one.claims is not None, "a line without claims has a reason against it"  # noqa: S101
    line = one.line
    charged = minor_units(line.line_price_incl_tax_incl_discounts, line.price_currency)
    if charged != one.claims.unit * line.quantity:
        _log.error(
            "The line %s of an offer costs %s instead of %s minor units. A promotion of the shop was "
            "applied on top: add TactfulApplicatorMixin to the shop's Applicator.",
            line.pk, charged, one.claims.unit * line.quantity,
        )  # fmt: skip
        raise OfferHoldError(
            _(
                "An offer in your basket cannot be combined with another reduction. Nothing was charged."
            )
        )


def _request(number: str, usable: Sequence[OfferLine], user: Any) -> HoldRequest:
    chosen = bridge_settings()
    lines = [
        HoldLine(
            token=one.token,
            sku=one.claims.sku,
            qty=one.line.quantity,
            unit=one.claims.unit,
            currency=one.claims.currency,
            line=str(one.line.pk),
        )
        for one in usable
        if one.claims is not None
    ]
    return HoldRequest(
        order=number,
        territory=chosen.territory,
        lines=lines,
        customer=str(user.pk) if user is not None and user.is_authenticated else "",
        seconds=chosen.hold_seconds,
    )


def _dead(usable: Sequence[OfferLine]) -> Sequence[OfferLine]:
    """Return the lines whose offers cannot be used any more; all, if that cannot be told apart."""
    dead = [one for one in usable if one.claims is not None and not _stands(one.claims.offer)]
    return dead or usable


def _stands(offer: str) -> bool:
    try:
        state = connection().client.ask("GET", f"/v1/offers/{offer}").get("state")
    except BridgeError:
        return False
    return state == "accepted"


def _ended(lines: Sequence[OfferLine]) -> str:
    titles = ", ".join(str(one.line.product.get_title()) for one in lines)
    return _(
        "The offer on %(titles)s has ended, and nothing was charged. "
        "Your basket now shows the present price."
    ) % {"titles": titles}
