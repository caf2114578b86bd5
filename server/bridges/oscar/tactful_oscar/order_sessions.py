"""The shopper's Tactful session, which is written beside each order."""

import re
from typing import Any, Final

from tactful_oscar.models import OrderSession

SESSION_COOKIE: Final = "tactful_session"
"""The storefront's script writes it, and deletes it when the shopper withdraws consent.

The shop's own session is not used: a request of the script could write it back while a form of the
checkout changes it.
"""
_REFERENCE: Final = re.compile(r"[\w.-]{1,128}", re.ASCII)


def write_session(request: Any, order_number: str) -> None:
    """Write in which session an order is placed, before the order is reported."""
    reference = request.COOKIES.get(SESSION_COOKIE, "")
    if _REFERENCE.fullmatch(reference):
        OrderSession.objects.update_or_create(
            order_number=order_number, defaults={"reference": reference}
        )


def session_of(order_number: str) -> str:
    """Return the session in which an order was placed; empty: none is known."""
    row = OrderSession.objects.filter(pk=order_number).first()
    return "" if row is None else row.reference
