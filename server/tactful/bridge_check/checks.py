"""The checks of the conformance kit: one row each, with the harm of a bridge that fails it."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from tactful.bridge_check import cart_checks, order_checks
from tactful.bridge_check.fault_proxy import Fault
from tactful.bridge_check.probe import Probe


class Check(Struct, frozen=True):
    """One thing that every bridge must do."""

    name: str
    must: str
    """A sentence that is true of a good bridge."""
    harm: str
    """What it costs the shopper or the shop if it is not true."""
    run: Callable[[Probe], None]
    """Raises `CheckFailedError`."""


_TWICE: Final = "Two orders get the price that was promised for one."
_UNKNOWN: Final = "The shopper pays more than promised, or the offer is used without an order."
_UNCOUNTED: Final = "The promise is charged but not counted, so another order can use it again."
_BLOCKED: Final = "The shopper cannot use the offer that was promised, and the budget stays bound."
_BUDGET: Final = "The campaign's budget counts a discount that nobody got, and ends early."
_OVERPAID: Final = "The budget gets back more than the refund gave up, and gives away too much."

CHECKS: Final = (
    Check(
        "cart.price",
        "The cart shows the promised price.",
        "The shopper sees another price than the one that was accepted.",
        cart_checks.cart_price,
    ),
    Check(
        "cart.forged",
        "A forged token gives no price.",
        "Anybody can set a price for themselves.",
        cart_checks.cart_forged,
    ),
    Check(
        "cart.quantity",
        "More units than the offer allows do not get its price.",
        "The shop gives away discounts that it never offered.",
        cart_checks.cart_quantity,
    ),
    Check(
        "cart.twice",
        "A token is in a cart once.",
        "The shop gives away discounts that it never offered.",
        cart_checks.cart_twice,
    ),
    Check(
        "price.lower",
        "An own price below the promise is charged.",
        "The shopper with an offer pays more than everybody else.",
        cart_checks.price_lower,
    ),
    Check(
        "price.higher",
        "The promise is kept when the own price rises.",
        "The shopper pays more than promised.",
        cart_checks.price_higher,
    ),
    Check(
        "promotion.stacks",
        "A promotion does not come off the promised price.",
        "The shop sells below the price floor of its rules.",
        cart_checks.promotion_stacks,
    ),
    Check(
        "hold.first",
        "The offer is held before the payment begins.",
        _TWICE,
        order_checks.hold_first,
    ),
    Check(
        "hold.answer_lost",
        "A hold whose answer was lost is repeated.",
        _UNKNOWN,
        order_checks.hold_fails(Fault.CUT_ANSWER),
    ),
    Check(
        "hold.request_lost",
        "A hold that never arrived is repeated.",
        _UNKNOWN,
        order_checks.hold_fails(Fault.CUT_REQUEST),
    ),
    Check(
        "hold.too_many",
        "A hold that was answered with 429 is repeated.",
        _UNKNOWN,
        order_checks.hold_fails(Fault.TOO_MANY),
    ),
    Check(
        "hold.error",
        "A hold that was answered with 500 is repeated.",
        _UNKNOWN,
        order_checks.hold_fails(Fault.ERROR_AFTER),
    ),
    Check(
        "hold.away",
        "Without an answer nothing is charged, and a later try succeeds.",
        _UNKNOWN,
        order_checks.hold_away,
    ),
    Check(
        "order.second",
        "A second order with the same token does not get the price.",
        _TWICE,
        order_checks.second_order,
    ),
    Check(
        "order.while_held",
        "An offer that one payment holds gives no other order the price.",
        _TWICE,
        order_checks.second_while_held,
    ),
    Check(
        "payment.declined",
        "After a declined card the next try gets the price, and only one order does.",
        "The shopper loses the promise, or it is given twice.",
        order_checks.declined,
    ),
    Check(
        "payment.back",
        "A shopper who comes back from the bank can pay later.",
        _BLOCKED,
        order_checks.back,
    ),
    Check(
        "payment.back_lost",
        "The release of an offer is repeated until it arrives.",
        _BLOCKED,
        order_checks.back_lost,
    ),
    Check(
        "confirm.answer_lost",
        "A confirmation whose answer was lost is repeated.",
        _UNCOUNTED,
        order_checks.confirm_fails(Fault.CUT_ANSWER),
    ),
    Check(
        "confirm.error",
        "A confirmation that was answered with 500 is repeated.",
        _UNCOUNTED,
        order_checks.confirm_fails(Fault.ERROR),
    ),
    Check(
        "confirm.away",
        "An order that was placed while Tactful was away is confirmed later.",
        _UNCOUNTED,
        order_checks.confirm_away,
    ),
    Check(
        "cancel.order",
        "A cancelled order gives its offer back.",
        _BUDGET,
        order_checks.cancel,
    ),
    Check(
        "cancel.away",
        "An order that was cancelled while Tactful was away gives its offer back later.",
        _BUDGET,
        order_checks.cancel_away,
    ),
    Check(
        "refund.once",
        "A refund gives its share of the discount back.",
        _BUDGET,
        order_checks.refund,
    ),
    Check(
        "refund.repeated",
        "The same refund gives its share back once.",
        _OVERPAID,
        order_checks.refund_twice,
    ),
    Check(
        "refund.answer_lost",
        "A refund whose answer was lost gives its share back once.",
        _OVERPAID,
        order_checks.refund_fails(Fault.CUT_ANSWER),
    ),
    Check(
        "refund.error",
        "A refund that was answered with 500 is repeated.",
        _BUDGET,
        order_checks.refund_fails(Fault.ERROR),
    ),
)
