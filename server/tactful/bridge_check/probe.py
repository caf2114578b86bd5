"""What a check has at hand: a shop, offers, faults, and the comparison of both sides."""

import time
from collections.abc import Callable
from itertools import count
from typing import Any, Final

from tactful.bridge_check.fault_proxy import FaultProxy
from tactful.bridge_check.offer_server import OfferServer, Promise, ShopItem
from tactful.bridge_check.shop_driver import Payment, ShopDriver

_POLL_S: Final = 0.05


class CheckFailedError(Exception):
    """The bridge did something else than it must; the message says what."""


class Probe:
    """The parts of one run, and questions that several checks ask."""

    def __init__(
        self,
        item: ShopItem,
        shop: ShopDriver,
        server: OfferServer,
        proxy: FaultProxy,
        patience: float,
    ) -> None:
        """Join the parts.

        Args:
            item: What the shop sells.
            shop: The shop's test driver.
            server: The Tactful that makes the offers.
            proxy: What stands between the bridge and the server.
            patience: Seconds in which both sides must agree.
        """
        self.item: Final = item
        self.shop: Final = shop
        self.server: Final = server
        self.proxy: Final = proxy
        self._patience: Final = patience
        self._numbers: Final = count(1)

    def cart(self) -> str:
        """Return the name of a new cart."""
        return f"check-{next(self._numbers)}"

    def cart_with(self, promise: Promise, qty: int = 1) -> str:
        """Return a new cart with an offer in it.

        Raises:
            CheckFailedError: The shop refuses a valid offer.
        """
        cart = self.cart()
        refused = self.shop.put(cart, promise, qty)
        if refused is not None:
            raise CheckFailedError(f"The shop refused a valid offer: {refused}.")
        return cart

    def paid(self, cart: str, promise: Promise, qty: int = 1) -> str:
        """Pay a cart at the promised price; return the order's id."""
        return self.placed_at_promise(self.shop.pay(cart), promise, qty)

    def placed_at_promise(self, payment: Payment, promise: Promise, qty: int = 1) -> str:
        """Return the id of an order that was placed at the promised price.

        Raises:
            CheckFailedError: It was not placed, or at another price.
        """
        if payment.state != "placed" or payment.order is None:
            raise CheckFailedError(f"The order was not placed: the payment is `{payment.state}`.")
        if payment.charged != promise.unit * qty:
            raise CheckFailedError(
                f"The order was charged {payment.charged}, and {promise.unit * qty} was promised."
            )
        return payment.order

    def pay_again_if_refused(self, cart: str) -> Payment:
        """Pay, and once more if the shop refused, as where it could not know or a price has changed."""
        payment = self.shop.pay(cart)
        return self.shop.pay(cart) if payment.state == "refused" else payment

    def waiting(self, cart: str) -> Payment:
        """Check out up to the bank's page.

        Raises:
            CheckFailedError: The payment does not wait there.
        """
        payment = self.shop.pay(cart, "bank")
        if payment.state != "waiting":
            raise CheckFailedError(f"The payment at the bank is `{payment.state}`, not `waiting`.")
        return payment

    def uses_of(self, promise: Promise) -> list[dict[str, Any]]:
        """Return the redemptions of an offer that were not given back."""
        return [row for row in self.server.redemptions(promise) if row["state"] != "cancelled"]

    def redeemed_once(self, promise: Promise, order: str) -> None:
        """Wait until Tactful has exactly one redemption of the offer, by this order.

        Raises:
            CheckFailedError: It has another number, or one of another order.
        """

        def is_right(found: list[dict[str, Any]]) -> bool:
            return (
                len(found) == 1
                and found[0]["state"] == "redeemed"
                and order in {found[0]["order"], *found[0].get("also", ())}
            )

        found = self._settled(lambda: self.uses_of(promise), is_right)
        if not is_right(found):
            raise CheckFailedError(
                f"Order {order} was placed at the promised price, but Tactful has {_words(found)}."
            )

    def unused(self, promise: Promise) -> None:
        """Wait until no order holds the offer or has redeemed it.

        Raises:
            CheckFailedError: One does.
        """
        found = self._settled(lambda: self.uses_of(promise), lambda uses: not uses)
        if found:
            raise CheckFailedError(
                f"No order uses the offer any more, but Tactful has {_words(found)}."
            )

    def cost_of_offers(self, expected: int) -> None:
        """Wait until the offers have cost the budget `expected` minor units for good.

        Raises:
            CheckFailedError: They cost another amount.
        """
        found = self._settled(self.server.settled, lambda settled: settled == expected)
        if found != expected:
            raise CheckFailedError(
                f"The budget counts {found} as given away, and {expected} would be right."
            )

    def met(self, what: str) -> None:
        """Check that a request met each planned fault.

        Raises:
            CheckFailedError: The bridge never sent such a request.
        """
        for step, _ in self.proxy.unused_faults:
            raise CheckFailedError(f"The bridge sent no {step} {what}.")

    def _settled(self, ask: Callable[[], Any], is_right: Callable[[Any], bool]) -> Any:
        """Let the shop settle until the answer is right or the patience is over.

        It settles at least twice: the first time may be when a request meets its fault.
        """
        end = time.monotonic() + self._patience
        for settled in count(1):
            self.shop.settle()
            found = ask()
            if is_right(found) or (settled > 1 and time.monotonic() >= end):
                return found
            time.sleep(_POLL_S)
        raise AssertionError("unreachable")


def _words(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "no redemption of it"
    return "; ".join(f"`{row['state']}` by order {row['order']}" for row in rows)
