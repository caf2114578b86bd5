"""Checks of carts and prices: what a shopper sees and is charged while nothing fails.

Each check raises `CheckFailedError`. The table in `checks.py` says what each is for.
"""

from tactful.bridge_check.offer_server import MAX_QTY, Promise
from tactful.bridge_check.probe import CheckFailedError, Probe
from tactful.core.values.counts import counted


def cart_price(probe: Probe) -> None:
    """Compare what the cart shows with the promise."""
    promise = probe.server.promise()
    total = probe.shop.total(probe.cart_with(promise))
    if total != promise.unit:
        raise CheckFailedError(f"The cart shows {total}, and {promise.unit} was promised.")


def cart_forged(probe: Probe) -> None:
    """Put a token with another signature into a cart."""
    promise = probe.server.promise()
    head, claims, signature = promise.token.split(".")
    other = "A" if signature[0] != "A" else "B"
    forged = Promise(promise.offer, f"{head}.{claims}.{other}{signature[1:]}", promise.unit)
    _expect_own_price(probe, forged, 1, "a forged token")


def cart_quantity(probe: Probe) -> None:
    """Put more units than the offer allows into a cart."""
    _expect_own_price(probe, probe.server.promise(), MAX_QTY + 1, "more units than it allows")


def _expect_own_price(probe: Probe, promise: Promise, qty: int, what: str) -> None:
    cart = probe.cart()
    if probe.shop.put(cart, promise, qty) is not None:
        return
    total = probe.shop.total(cart)
    if total != probe.item.price * qty:
        raise CheckFailedError(
            f"The cart accepted {what}, and shows {total} for {counted(qty, 'unit')}."
        )


def cart_twice(probe: Probe) -> None:
    """Put the same token into a cart twice."""
    promise = probe.server.promise()
    cart = probe.cart_with(promise, MAX_QTY)
    refused = probe.shop.put(cart, promise, MAX_QTY)
    total = probe.shop.total(cart)
    units = MAX_QTY * (1 if refused is not None else 2)
    if total not in {promise.unit * MAX_QTY, promise.unit * MAX_QTY + probe.item.price * MAX_QTY}:
        raise CheckFailedError(
            f"One token was put twice, and {counted(units, 'unit costs', 'units cost')} {total}."
        )


def price_lower(probe: Probe) -> None:
    """Pay after the own price has fallen below the promise."""
    promise = probe.server.promise()
    cart = probe.cart_with(promise)
    own = promise.unit - promise.unit // 10
    probe.shop.price(own)
    try:
        payment = probe.pay_again_if_refused(cart)
    finally:
        probe.shop.price(probe.item.price)
    if (payment.state, payment.charged) != ("placed", own):
        raise CheckFailedError(
            f"The shop's own price fell to {own}; the payment is `{payment.state}`, "
            f"charged {payment.charged}."
        )


def price_higher(probe: Probe) -> None:
    """Pay after the own price has risen."""
    promise = probe.server.promise()
    cart = probe.cart_with(promise)
    probe.shop.price(probe.item.price + probe.item.price // 10)
    try:
        order = probe.paid(cart, promise)
    finally:
        probe.shop.price(probe.item.price)
    probe.redeemed_once(promise, order)


def promotion_stacks(probe: Probe) -> None:
    """Pay while a promotion of the shop runs."""
    promise = probe.server.promise()
    cart = probe.cart_with(promise)
    probe.shop.promotion(50)
    try:
        payment = probe.shop.pay(cart)
    finally:
        probe.shop.promotion(0)
    if payment.state != "placed" or payment.charged is None:
        return  # a shop may refuse what it cannot combine
    # Where the promotion alone gives less than the promise, everybody pays that; a cent is rounding.
    least = min(promise.unit, probe.item.price // 2 - 1)
    if not least <= payment.charged <= promise.unit:
        raise CheckFailedError(
            f"With a promotion of 50 % the order was charged {payment.charged}; "
            f"{promise.unit} was promised."
        )
