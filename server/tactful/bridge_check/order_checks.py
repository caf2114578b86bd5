"""Checks of holds, payments, orders and refunds, most of them with a fault on the way.

Each check raises `CheckFailedError`. The table in `checks.py` says what each is for.
"""

from collections.abc import Callable

from tactful.bridge_check.fault_proxy import Fault
from tactful.bridge_check.offer_server import MAX_QTY, Promise
from tactful.bridge_check.probe import CheckFailedError, Probe

# -- The hold ------------------------------------------------------------------------------------------


def hold_first(probe: Probe) -> None:
    """Stop at the bank, and look for the hold."""
    promise = probe.server.promise()
    payment = probe.waiting(probe.cart_with(promise))
    states = [row["state"] for row in probe.server.redemptions(promise)]
    if states != ["held"]:
        raise CheckFailedError(
            f"The shopper is at the bank for order {payment.order}, and Tactful has {states}."
        )


def hold_fails(fault: Fault) -> Callable[[Probe], None]:
    """Return a check that pays while the first hold meets a fault."""

    def run(probe: Probe) -> None:
        promise = probe.server.promise()
        cart = probe.cart_with(promise)
        probe.proxy.plan("hold", fault)
        order = probe.placed_at_promise(probe.pay_again_if_refused(cart), promise)
        probe.met("before the order was placed")
        probe.redeemed_once(promise, order)

    return run


def hold_away(probe: Probe) -> None:
    """Pay while Tactful is away, then again."""
    promise = probe.server.promise()
    cart = probe.cart_with(promise)
    with probe.proxy.away():
        payment = probe.shop.pay(cart)
    if payment.state == "placed":
        raise CheckFailedError(
            f"Tactful was away, and the order was placed for {payment.charged} nevertheless."
        )
    order = probe.placed_at_promise(probe.pay_again_if_refused(cart), promise)
    probe.redeemed_once(promise, order)


def second_order(probe: Probe) -> None:
    """Pay two carts with one token, one after the other."""
    promise = probe.server.promise()
    first, second = probe.cart_with(promise), probe.cart_with(promise)
    order = probe.paid(first, promise)
    _expect_no_promise(probe, second, promise)
    probe.redeemed_once(promise, order)


def second_while_held(probe: Probe) -> None:
    """Pay a cart while another one with its token waits at the bank."""
    promise = probe.server.promise()
    first, second = probe.cart_with(promise), probe.cart_with(promise)
    probe.waiting(first)
    _expect_no_promise(probe, second, promise)
    order = probe.placed_at_promise(probe.shop.finish(first), promise)
    probe.redeemed_once(promise, order)


def _expect_no_promise(probe: Probe, cart: str, promise: Promise) -> None:
    payment = probe.shop.pay(cart)
    if payment.state == "placed" and payment.charged != probe.item.price:
        raise CheckFailedError(
            f"Order {payment.order} was placed for {payment.charged}, "
            f"although another order uses the offer of {promise.unit}."
        )


# -- The payment ---------------------------------------------------------------------------------------


def declined(probe: Probe) -> None:
    """Pay with a card that is declined, then with a good one."""
    promise = probe.server.promise()
    cart = probe.cart_with(promise)
    payment = probe.shop.pay(cart, "declined")
    if payment.state != "declined":
        raise CheckFailedError(f"The card was declined, and the payment is `{payment.state}`.")
    order = probe.paid(cart, promise)
    probe.redeemed_once(promise, order)


def back(probe: Probe) -> None:
    """Come back from the bank to the cart, then pay."""
    promise = probe.server.promise()
    cart = probe.cart_with(promise)
    probe.waiting(cart)
    probe.shop.back(cart)
    probe.unused(promise)
    order = probe.paid(cart, promise)
    probe.redeemed_once(promise, order)


def back_lost(probe: Probe) -> None:
    """Come back from the bank while the release is lost."""
    promise = probe.server.promise()
    cart = probe.cart_with(promise)
    probe.waiting(cart)
    probe.proxy.plan("cancel", Fault.CUT_REQUEST)
    probe.shop.back(cart)
    probe.unused(promise)
    probe.met("when the shopper came back from the bank")


# -- The order -----------------------------------------------------------------------------------------


def confirm_fails(fault: Fault) -> Callable[[Probe], None]:
    """Return a check that pays while the first confirmation meets a fault."""

    def run(probe: Probe) -> None:
        promise = probe.server.promise()
        cart = probe.cart_with(promise)
        probe.waiting(cart)
        probe.proxy.plan("confirm", fault)
        order = probe.placed_at_promise(probe.shop.finish(cart), promise)
        probe.redeemed_once(promise, order)
        probe.met("after the order was placed")

    return run


def confirm_away(probe: Probe) -> None:
    """End a payment at the bank while Tactful is away."""
    promise = probe.server.promise()
    cart = probe.cart_with(promise)
    probe.waiting(cart)
    with probe.proxy.away():
        order = probe.placed_at_promise(probe.shop.finish(cart), promise)
    probe.redeemed_once(promise, order)


def cancel(probe: Probe) -> None:
    """Cancel an order."""
    promise, order, before = _ordered(probe)
    probe.shop.cancel(order)
    probe.unused(promise)
    probe.cost_of_offers(before)


def cancel_away(probe: Probe) -> None:
    """Cancel an order while Tactful is away."""
    promise, order, before = _ordered(probe)
    with probe.proxy.away():
        probe.shop.cancel(order)
    probe.unused(promise)
    probe.cost_of_offers(before)


def _ordered(probe: Probe, qty: int = 1) -> tuple[Promise, str, int]:
    """Return an offer, the order that has redeemed it, and what offers had cost before."""
    probe.shop.settle()  # an earlier check may have ended before its requests were sent
    before = probe.server.settled()
    promise = probe.server.promise()
    order = probe.paid(probe.cart_with(promise, qty), promise, qty)
    probe.redeemed_once(promise, order)
    return promise, order, before


# -- Refunds -------------------------------------------------------------------------------------------


def refund(probe: Probe) -> None:
    """Refund all units of an order."""
    _, order, before = _ordered(probe)
    probe.shop.refund(order, "r1", 1)
    probe.cost_of_offers(before)


def refund_twice(probe: Probe) -> None:
    """Report the refund of one of two units twice."""
    promise, order, before = _ordered(probe, MAX_QTY)
    for _ in range(2):
        probe.shop.refund(order, "r1", 1)
    probe.cost_of_offers(before + (probe.item.price - promise.unit) * (MAX_QTY - 1))


def refund_fails(fault: Fault) -> Callable[[Probe], None]:
    """Return a check that refunds one of two units while the first report meets a fault."""

    def run(probe: Probe) -> None:
        promise, order, before = _ordered(probe, MAX_QTY)
        probe.proxy.plan("refund", fault)
        probe.shop.refund(order, "r1", 1)
        probe.cost_of_offers(before + (probe.item.price - promise.unit) * (MAX_QTY - 1))
        probe.met("for the refund")

    return run
