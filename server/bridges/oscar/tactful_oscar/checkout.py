"""Payment with offers: a mixin for the shop's `PaymentDetailsView`."""

from typing import Any

from oscar.apps.payment.exceptions import UnableToTakePayment

from tactful_oscar.checkout_holds import OfferHoldError, hold_offers, release_offers
from tactful_oscar.order_sessions import write_session


class TactfulPaymentMixin:
    """Holds offers before the payment, and releases them when the payment fails.

    Write it before the shop's own class:
    `class PaymentDetailsView(TactfulPaymentMixin, CorePaymentDetailsView)`. Views that end a payment
    on another site take it too, because they restore the basket when the shopper comes back unpaid.
    The confirmation needs no view: it follows Oscar's signal `order_placed`.
    """

    def submit(self, user: Any, basket: Any, *args: Any, **kwargs: Any) -> Any:
        """Remember the basket with its promotions, and submit it."""
        self._submitted = (user, basket)
        return super().submit(user, basket, *args, **kwargs)  # type: ignore[misc]

    def handle_payment(self, order_number: Any, total: Any, **kwargs: Any) -> Any:
        """Hold the offers, then let the shop take the payment.

        Raises:
            UnableToTakePayment: The offers cannot be held; Oscar restores the basket and shows why.
        """
        user, basket = self._submitted
        try:
            hold_offers(order_number, basket, user)
        except OfferHoldError as error:
            raise UnableToTakePayment(str(error)) from error
        return super().handle_payment(order_number, total, **kwargs)  # type: ignore[misc]

    def place_order(self, order_number: Any, *args: Any, **kwargs: Any) -> Any:
        """Write in which session the order is placed, then place it: Oscar's signal reports it."""
        write_session(self.request, str(order_number))  # type: ignore[attr-defined]
        return super().place_order(order_number, *args, **kwargs)  # type: ignore[misc]

    def restore_frozen_basket(self) -> Any:
        """Release what was held, and restore the basket: the payment failed, or was abandoned."""
        if number := self.checkout_session.get_order_number():  # type: ignore[attr-defined]
            release_offers(number)
        return super().restore_frozen_basket()  # type: ignore[misc]
