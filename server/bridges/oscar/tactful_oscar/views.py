"""The view to which the storefront's script sends an accepted offer: it changes the basket."""

import json
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import View
from oscar.core.loading import get_model

from tactful_bridge.cart import reason_against
from tactful_bridge.errors import OutcomeUnknownError, TokenRefusedError
from tactful_oscar.basket_lines import item_of, offer_of, put_line
from tactful_oscar.conf import bridge_settings
from tactful_oscar.connection import connection

_LONGEST_BODY: Final = 8_192
"""Bytes; a token has at most 4,096."""


class PutOfferView(View):
    """`POST {"token", "quantity"?}` puts an offer's item into the basket, as a line of its own.

    Units of the same item that are in the basket at the shop's own price become units of the offer.
    """

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 201 with the basket's address, or a problem with a stable `code`.

        An offer that is in the basket already is answered with 200 and the same body.
        """
        asked = _asked(request.body)
        if asked is None:
            return _problem(HTTPStatus.BAD_REQUEST, "request")
        token, quantity = asked
        if not bridge_settings().is_paired:
            return _problem(HTTPStatus.CONFLICT, "offer.ended")
        try:
            claims = connection().keys.verify(token)
        except TokenRefusedError:
            return _problem(HTTPStatus.CONFLICT, "offer.ended")
        except OutcomeUnknownError:
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, "offer.later")
        found = _found(request, claims.sku)
        if found is None:
            return _problem(HTTPStatus.CONFLICT, "offer.item")
        product, info = found
        item = item_of(info.stockrecord, info.price)
        if item is None:
            return _problem(HTTPStatus.CONFLICT, "offer.tax")
        in_basket = {offer_of(line) for line in request.basket.all_lines()}
        if claims.offer in in_basket:
            # The answer to an earlier request was lost on its way.
            return JsonResponse({"basket": reverse("basket:summary")})
        if reason := reason_against(claims, item, quantity, in_basket):
            return _problem(HTTPStatus.CONFLICT, reason)
        if not info.availability.is_purchase_permitted(quantity)[0]:
            return _problem(HTTPStatus.CONFLICT, "offer.stock")
        _take_plain_units(request.basket, product, info.stockrecord, quantity)
        put_line(request.basket, product, quantity, claims, token)
        return JsonResponse({"basket": reverse("basket:summary")}, status=HTTPStatus.CREATED)


def _asked(body: bytes) -> tuple[str, int] | None:
    """Return token and quantity of a request; `None`: it is malformed."""
    try:
        found = json.loads(body) if len(body) <= _LONGEST_BODY else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    token, quantity = found.get("token"), found.get("quantity", 1)
    return (token, quantity) if isinstance(token, str) and type(quantity) is int else None


def _found(request: HttpRequest, sku: str) -> tuple[Any, Any] | None:
    """Return the product that the shop sells under an SKU, with Oscar's `PurchaseInfo`."""
    records = get_model("partner", "StockRecord").objects.filter(partner_sku=sku)
    for record in records.select_related("product"):
        info = request.strategy.fetch_for_product(record.product)
        if record.product.is_public and info.stockrecord == record:
            return record.product, info
    return None


def _take_plain_units(basket: Any, product: Any, stockrecord: Any, quantity: int) -> None:
    """Remove units at the shop's own price, which become units of the offer."""
    plain = None
    if basket.pk is not None:  # Oscar stores a basket with its first line
        lines = basket.lines.filter(product=product, stockrecord=stockrecord)
        plain = lines.filter(attributes=None).first()
    if plain is not None:
        if plain.quantity > quantity:
            plain.quantity -= quantity
            plain.save()
        else:
            plain.delete()


def _problem(status: HTTPStatus, code: str) -> HttpResponseBase:
    message = (
        _("The offer cannot be put into your basket at the moment. Please try again.")
        if status == HTTPStatus.SERVICE_UNAVAILABLE
        else _("The offer has ended.")
    )
    return JsonResponse({"code": code, "message": message}, status=status)
