"""Client of a shop's test driver: the few verbs by which the kit shops and administrates."""

from typing import Any, Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from tactful.bridge_check.json_requests import NoAnswerError, request_json
from tactful.bridge_check.offer_server import Promise, ShopItem

T = TypeVar("T")

Card = Literal["good", "declined", "bank"]
"""`bank`: the payment waits on another page, from which the shopper comes back or does not."""


class DriverError(Exception):
    """The test driver cannot be reached or breaks its contract; the message says how."""


class ShopFailedError(Exception):
    """The shop failed where it should have answered, as it would have failed for a shopper."""


class NotSupportedError(Exception):
    """The shop has no such thing, such as a promotion; the checks that need it are left out."""

    def __init__(self, verb: str) -> None:
        super().__init__(verb)
        self.verb: Final = verb


class Payment(Struct, frozen=True):
    """What became of an attempt to pay."""

    state: Literal["placed", "declined", "waiting", "refused"]
    """`refused`: the shop stopped before it charged anything."""
    order: str | None = None
    """The id under which the bridge redeems; known at the latest when the order is placed."""
    charged: int | None = None
    """Minor units that were charged for the items, without shipping; only for a placed order."""


class _Put(Struct, frozen=True):
    refused: str | None = None


class _Total(Struct, frozen=True):
    total: int


class ShopDriver:
    """The verbs of `server/bridges/README.md`, each a POST to `URL/VERB`."""

    def __init__(self, url: str) -> None:
        """Remember the address of the test driver."""
        self._url: Final = url.rstrip("/")

    def about(self) -> ShopItem:
        """Return what the shop sells.

        Raises:
            DriverError: The driver does not answer as it must.
        """
        try:
            return self._as(ShopItem, "about")
        except (ShopFailedError, NotSupportedError) as error:
            raise DriverError(f"The test driver does not answer `about`: {error}") from error

    def put(self, cart: str, promise: Promise, qty: int) -> str | None:
        """Put an offer into a cart; return the code of a refusal, or `None`."""
        return self._as(_Put, "put", cart=cart, token=promise.token, qty=qty).refused

    def total(self, cart: str) -> int:
        """Return what the items of a cart cost now, in minor units, without shipping."""
        return self._as(_Total, "total", cart=cart).total

    def pay(self, cart: str, card: Card = "good") -> Payment:
        """Check out a cart."""
        return self._payment("pay", cart=cart, card=card)

    def finish(self, cart: str) -> Payment:
        """End the payment on the bank's page with success."""
        return self._payment("finish", cart=cart)

    def back(self, cart: str) -> None:
        """Come back from the bank's page to the cart without a payment."""
        self._ask("back", cart=cart)

    def cancel(self, order: str) -> None:
        """Cancel a placed order, as the shop's staff does."""
        self._ask("cancel", order=order)

    def refund(self, order: str, refund: str, qty: int) -> None:
        """Refund units of a placed order; the same `refund` again is the same refund."""
        self._ask("refund", order=order, refund=refund, qty=qty)

    def price(self, amount: int) -> None:
        """Set the shop's own price of the item, in minor units."""
        self._ask("price", amount=amount)

    def promotion(self, percent: int) -> None:
        """Start a promotion on everything that the shop sells; 0 ends it."""
        self._ask("promotion", percent=percent)

    def settle(self) -> None:
        """Send what waits and run the sweep, as if every wait was over."""
        self._ask("settle")

    def _payment(self, verb: str, **body: object) -> Payment:
        payment = self._as(Payment, verb, **body)
        if payment.state == "placed" and (payment.order is None or payment.charged is None):
            raise DriverError(f"`{verb}` placed an order, and names no `order` or `charged`.")
        return payment

    def _as(self, kind: type[T], verb: str, **body: object) -> T:
        try:
            return msgspec.convert(self._ask(verb, **body), kind)
        except msgspec.ValidationError as error:
            raise DriverError(f"The answer to `{verb}` cannot be read: {error}.") from error

    def _ask(self, verb: str, **body: object) -> Any:
        try:
            answer = request_json(self._url, "POST", f"/{verb}", body)
        except NoAnswerError as error:
            raise DriverError(f"The test driver does not answer: {error}") from error
        if answer.status == 501:
            raise NotSupportedError(verb)
        if answer.status != 200:
            raise ShopFailedError(f"`{verb}` failed with status {answer.status}: {answer.body}.")
        return answer.body
