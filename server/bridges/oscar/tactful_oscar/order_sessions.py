"""The shopper's Tactful session: kept with the visit, and written beside each order."""

from typing import Any, Final

from tactful_oscar.models import OrderSession

SESSION_KEY: Final = "tactful_session"
"""In the shop's own session of the visitor."""
LONGEST: Final = 128
"""Characters of a session's public reference."""


def remember_session(request: Any, reference: str) -> None:
    """Keep the public reference of the shopper's session for a later order.

    Args:
        request: Django's request, with its session.
        reference: At most `LONGEST` characters; empty: the shopper gave the session up.
    """
    if reference:
        request.session[SESSION_KEY] = reference
    else:
        request.session.pop(SESSION_KEY, None)


def write_session(request: Any, order_number: str) -> None:
    """Write in which session an order is placed, before the order is reported."""
    if reference := request.session.get(SESSION_KEY):
        OrderSession.objects.update_or_create(
            order_number=order_number, defaults={"reference": reference}
        )


def session_of(order_number: str) -> str:
    """Return the session in which an order was placed; empty: none is known."""
    row = OrderSession.objects.filter(pk=order_number).first()
    return "" if row is None else row.reference
