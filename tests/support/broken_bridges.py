"""Shops whose bridge has one fault each, and the checks that must find it."""

from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import jwt

from support.driven_shop import PRICE, SKU, TERRITORY, Cart, Order, Shop, at_own_price
from tactful_bridge.attempts import Attempt
from tactful_bridge.cart import LinePrice, price_of, reason_against
from tactful_bridge.checkout import Checkout, HoldRequest
from tactful_bridge.client import TactfulClient, path_of
from tactful_bridge.errors import BridgeError, OutcomeUnknownError, RefusedError
from tactful_bridge.offer_tokens import OfferClaims
from tactful_bridge.sweep import OrderState
from tactful_bridge.transport import Response


class ShowsAnotherPrice(Shop):
    """The cart rounds the promised price of one unit up."""

    def total(self, cart: str) -> dict[str, object]:
        mine = self.carts[cart]
        amount = self.amount(mine, self.price_of(mine))
        return {"total": amount + (mine.qty == 1)}


class BelievesEveryToken(Shop):
    """Tokens are read, and their signatures are not checked."""

    def verify(self, token: str) -> OfferClaims:
        claims = jwt.decode(token, options={"verify_signature": False})
        return OfferClaims(**claims)


class AllowsEveryQuantity(Shop):
    """The largest quantity of an offer is ignored."""

    def reason_against(self, claims: OfferClaims, qty: int, in_cart: list[str]) -> str | None:
        return reason_against(claims, self.item(), min(qty, claims.max_qty), in_cart)

    def price_of(self, cart: Cart) -> LinePrice:
        return price_of(cart.claims, self.item(), 1)


class TakesATokenTwice(Shop):
    """Each request adds units at the promised price to the cart."""

    def reason_against(self, claims: OfferClaims, qty: int, in_cart: list[str]) -> str | None:
        del in_cart
        return reason_against(claims, self.item(), qty, [])

    def price_of(self, cart: Cart) -> LinePrice:
        return price_of(cart.claims, self.item(), 1)


class ChargesThePromiseAboveTheOwnPrice(Shop):
    """The promised price is charged whatever everybody else pays."""

    def price_of(self, cart: Cart) -> LinePrice:
        if cart.claims is None:
            return super().price_of(cart)
        return LinePrice(cart.claims.unit, uses_offer=True)


class ForgetsThePromiseWhenPricesRise(Shop):
    """A raised price replaces the promised one."""

    def price_of(self, cart: Cart) -> LinePrice:
        if self.price_now > PRICE:
            return LinePrice(self.price_now, uses_offer=False)
        return super().price_of(cart)


class StacksPromotions(Shop):
    """Promotions come off the promised price."""

    def amount(self, cart: Cart, price: LinePrice) -> int:
        return super().amount(cart, price) * (100 - self.percent) // 100


class WithoutHold(HoldRequest):
    """A request that redeems at once."""

    def body(self, number: int) -> dict[str, object]:
        return {key: value for key, value in super().body(number).items() if key != "hold"}


class RedeemsBeforeThePayment(Shop):
    """Offers are redeemed for good before anything is paid."""

    def hold_request(self, name: str, order: Order) -> HoldRequest:
        held = super().hold_request(name, order)
        return WithoutHold(order=held.order, territory=TERRITORY, lines=held.lines)


class HoldsAtTheEnd(Shop):
    """Offers are held when the payment has succeeded, and refusals are ignored."""

    def hold(self, name: str, order: Order) -> Attempt | None:
        del name, order
        return None

    def placed(self, name: str, order: Order) -> None:
        if order.price.uses_offer:
            try:
                super().hold(name, order)
            except BridgeError:
                return
        super().placed(name, order)


class RepeatsUnderAnotherOrder(Shop):
    """A hold without an answer is repeated for a new order."""

    def hold(self, name: str, order: Order) -> Attempt | None:
        client = TactfulClient(self.transport, patience=0)
        impatient = Checkout(client, self.store, self.delivery)
        try:
            return impatient.hold(self.hold_request(name, order))
        except OutcomeUnknownError:
            again = f"{name}-again"
            self.orders[again] = self.orders.pop(name)
            self.order_of = {
                cart: again if one == name else one for cart, one in self.order_of.items()
            }
            return super().hold(again, order)


class TakesALostRequestForAHold(Shop):
    """An order whose hold got no answer is placed at the promised price."""

    def hold(self, name: str, order: Order) -> Attempt | None:
        try:
            self.transport.send("POST", "/v1/redemptions", self.hold_request(name, order).body(1))
        except OutcomeUnknownError:
            return None
        return super().hold(name, order)


@dataclass
class StatusIsARefusal:
    """A transport in which a status of a hold is final."""

    inner: Any
    status: int

    def send(self, method: str, path: str, body: object = None) -> Response:
        answer: Response = self.inner.send(method, path, body)
        if path == "/v1/redemptions" and answer.status == self.status:
            return Response(409, b'{"code": "unclear"}')
        return answer


class TakesTooManyForARefusal(Shop):
    """A hold that was answered with 429 counts as refused."""

    def connect(self, url: str, key: str) -> Any:
        return StatusIsARefusal(super().connect(url, key), 429)


class TakesAnErrorForARefusal(Shop):
    """A hold that was answered with 500 counts as refused."""

    def connect(self, url: str, key: str) -> Any:
        return StatusIsARefusal(super().connect(url, key), 500)


class ChargesTheOwnPriceWithoutAnswer(Shop):
    """Without an answer the order is placed at the own price."""

    def not_held(self, cart: str, order: Order, error: BridgeError) -> dict[str, object]:
        if isinstance(error, RefusedError):
            return super().not_held(cart, order, error)
        at_own_price(order)
        return self.finish(cart)


class IgnoresRefusals(Shop):
    """An order is placed at the promised price although its hold was refused."""

    def hold(self, name: str, order: Order) -> Attempt | None:
        try:
            return super().hold(name, order)
        except RefusedError:
            return None


class ForgetsDeclinedOrders(Shop):
    """After a declined card the next try is another order, and the first is never released."""

    def declined(self, name: str) -> None:
        self.orders[name].state = OrderState.PENDING
        self.order_of = {cart: one for cart, one in self.order_of.items() if one != name}


class ForgetsWhoCameBack(ForgetsDeclinedOrders):
    """A shopper who comes back from the bank gets a new order, and the first is never released."""

    def declined(self, name: str) -> None:
        Shop.declined(self, name)

    def came_back(self, name: str) -> None:
        ForgetsDeclinedOrders.declined(self, name)


class ReleasesOnce(Shop):
    """A release is sent once, whether or not it arrives."""

    def came_back(self, name: str) -> None:
        self.orders[name].state = OrderState.PENDING
        send_once(self, name, "cancel", {})


class CancelsWhatItCannotConfirm(Shop):
    """An order whose confirmation failed is cancelled at Tactful."""

    def placed(self, name: str, order: Order) -> None:
        super().placed(name, order)
        waiting = [entry.kind for entry, _ in self.store.waiting.values()]
        if "confirm" in waiting:
            self.checkout.cancel(name)


class ConfirmsOnce(Shop):
    """A confirmation is sent once, and the sweep does not know the order."""

    def placed(self, name: str, order: Order) -> None:
        order.state = OrderState.UNKNOWN
        if order.price.uses_offer:
            send_once(self, name, "confirm", {})

    def cancelled(self, name: str) -> None:
        self.checkout.placed(name, uses_offers=True)
        super().cancelled(name)

    def refunded(self, name: str, refund: str, qty: int) -> None:
        self.checkout.placed(name, uses_offers=True)
        super().refunded(name, refund, qty)


class KeepsCancellationsToItself(Shop):
    """Cancelled orders are not reported."""

    def cancelled(self, name: str) -> None:
        pass


class CancelsOnce(Shop):
    """A cancellation is sent once, whether or not it arrives."""

    def cancelled(self, name: str) -> None:
        send_once(self, name, "cancel", {})


class KeepsWholeRefundsToItself(Shop):
    """Refunds of a whole order are not reported."""

    def refunded(self, name: str, refund: str, qty: int) -> None:
        if qty < self.orders[name].cart.qty:
            super().refunded(name, refund, qty)


class NumbersRefundsAnew(Shop):
    """The same refund is reported under a new id each time."""

    ids = count(1)

    def refunded(self, name: str, refund: str, qty: int) -> None:
        super().refunded(name, f"{refund}-{next(self.ids)}", qty)


class RepeatsRefundsUnderAnotherId(Shop):
    """A refund without an answer is repeated under a new id."""

    def refunded(self, name: str, refund: str, qty: int) -> None:
        lines = {"lines": [{"sku": SKU, "qty": qty}]}
        if not send_once(self, name, "refund", {"refund": refund, **lines}):
            send_once(self, name, "refund", {"refund": f"{refund}-again", **lines})


class RefundsOnce(Shop):
    """A refund is sent once, whether or not it arrives."""

    def refunded(self, name: str, refund: str, qty: int) -> None:
        body = {"refund": refund, "lines": [{"sku": SKU, "qty": qty}]}
        send_once(self, name, "refund", body)


def send_once(shop: Shop, order: str, step: str, body: object) -> bool:
    """Send a request without a repetition; whether an answer came."""
    try:
        shop.client.ask("POST", path_of(order, step), body, patience=0)
    except BridgeError:
        return False
    return True


BROKEN: Final[tuple[tuple[type[Shop], frozenset[str]], ...]] = (
    (ShowsAnotherPrice, frozenset({"cart.price"})),
    (BelievesEveryToken, frozenset({"cart.forged"})),
    (AllowsEveryQuantity, frozenset({"cart.quantity"})),
    (TakesATokenTwice, frozenset({"cart.twice"})),
    (ChargesThePromiseAboveTheOwnPrice, frozenset({"price.lower"})),
    (ForgetsThePromiseWhenPricesRise, frozenset({"price.higher"})),
    (StacksPromotions, frozenset({"promotion.stacks"})),
    (RedeemsBeforeThePayment, frozenset({"hold.first"})),
    (
        HoldsAtTheEnd,
        frozenset(
            {
                "hold.first",
                "hold.away",
                "order.second",
                "order.while_held",
                "payment.back_lost",
                "confirm.away",
            }
        ),
    ),
    (RepeatsUnderAnotherOrder, frozenset({"hold.answer_lost", "hold.error"})),
    (
        TakesALostRequestForAHold,
        frozenset({"hold.answer_lost", "hold.request_lost", "hold.away"}),
    ),
    (TakesTooManyForARefusal, frozenset({"hold.too_many"})),
    (TakesAnErrorForARefusal, frozenset({"hold.error"})),
    (ChargesTheOwnPriceWithoutAnswer, frozenset({"hold.away"})),
    (IgnoresRefusals, frozenset({"order.second", "order.while_held"})),
    (ForgetsDeclinedOrders, frozenset({"payment.declined"})),
    (ForgetsWhoCameBack, frozenset({"payment.back", "payment.back_lost"})),
    (ReleasesOnce, frozenset({"payment.back_lost"})),
    (
        CancelsWhatItCannotConfirm,
        frozenset({"confirm.answer_lost", "confirm.error", "confirm.away"}),
    ),
    (ConfirmsOnce, frozenset({"confirm.error", "confirm.away"})),
    (KeepsCancellationsToItself, frozenset({"cancel.order", "cancel.away"})),
    (CancelsOnce, frozenset({"cancel.away"})),
    (KeepsWholeRefundsToItself, frozenset({"refund.once"})),
    (NumbersRefundsAnew, frozenset({"refund.repeated"})),
    (RepeatsRefundsUnderAnotherId, frozenset({"refund.answer_lost"})),
    (RefundsOnce, frozenset({"refund.error"})),
)
"""Each shop, with exactly the checks that it fails."""
