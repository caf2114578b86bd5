"""The shop's orders as the sweep reads them."""

from typing import Any, Final

from oscar.core.loading import get_model

from tactful_bridge.sweep import OrderState
from tactful_oscar.conf import OPTION_CODE, BridgeSettings
from tactful_oscar.models import PaymentAttempt

_BACK_AT_THE_BASKET: Final = frozenset({"Open", "Saved", "Merged"})


class OscarOrders:
    """Implements `tactful_bridge.sweep.PlatformOrders`."""

    def __init__(self, chosen: BridgeSettings) -> None:
        self._chosen: Final = chosen

    def state_of(self, order: str) -> OrderState:
        """Return the state of an order, or of the basket that is being paid under its number."""
        found = _order(order)
        if found is not None:
            cancelled = found.status in self._chosen.cancelled_statuses
            return OrderState.CANCELLED if cancelled else OrderState.PLACED
        rows = PaymentAttempt.objects.filter(order_number=order, basket_id__isnull=False)
        attempt = rows.order_by("-number").first()
        if attempt is None:
            return OrderState.UNKNOWN
        basket = get_model("basket", "Basket").objects.filter(pk=attempt.basket_id).first()
        # A basket is frozen while its payment is under way.
        is_back = basket is None or basket.status in _BACK_AT_THE_BASKET
        return OrderState.ABANDONED if is_back else OrderState.PENDING

    def uses_offers(self, order: str) -> bool:
        """Return whether a line of a placed order has the price of an offer."""
        found = _order(order)
        return found is not None and lines_with_offers(found).exists()


def lines_with_offers(order: Any) -> Any:
    """Return the lines of an order that carry an offer, as a query."""
    return order.lines.filter(attributes__option__code=OPTION_CODE).distinct()


def _order(number: str) -> Any:
    return get_model("order", "Order").objects.filter(number=number).first()
