"""HTTP responses of redemptions: the status, title and body of every answer.

These bytes are stored with the redemption and repeated on every retry, also by later releases. A change
here changes only the responses to new requests, and `tests/journeys/test_upgrade.py` proves it.
"""

from typing import Final, assert_never

import msgspec

from tactful.core.redemption.answers import (
    Cancelled,
    OutcomeUnknown,
    Redeemed,
    RedeemedTogether,
    RedemptionAnswer,
    RedemptionRefusal,
    RedemptionResponse,
    Refunded,
    Repeated,
)
from tactful.core.redemption.error_codes import RedemptionErrorCode
from tactful.protocol.problems import problem_body

REDEMPTION_ERRORS: Final[dict[RedemptionErrorCode, tuple[int, str]]] = {
    "token.malformed": (401, "This is not an offer token"),
    "token.key": (401, "This token is of a key that is not accepted"),
    "token.signature": (401, "This token was not signed by us"),
    "redemption.used": (409, "Another order used this offer"),
    "redemption.mismatch": (409, "This order redeemed this offer with another cart"),
    "redemption.unknown": (404, "This order redeemed nothing here"),
    "redemption.cancelled": (409, "The order gave this redemption back"),
    "redemption.held": (409, "The redemption is held and not confirmed"),
    "redemption.lapsed": (409, "The hold has lapsed, and the offer cannot be redeemed any more"),
    "redemption.sku": (422, "The offer's item is not in the cart"),
    "redemption.territory": (422, "The offer is for another territory"),
    "redemption.quantity": (422, "The offer is for fewer units"),
    "redemption.holder": (422, "The offer is for another shopper"),
    "redemption.price": (422, "The offer is for another price"),
    "redemption.minimum": (422, "The order is below the offer's minimum"),
    "redemption.budget": (409, "The campaign cannot bear the offer any more"),
    "redemption.stacking": (409, "The order used another offer, and the two do not stack"),
    "redemption.sequence": (409, "Offers come off items, then the order, then its shipping"),
    "redemption.shipping": (422, "The order names no shipping charge"),
    "redemption.nothing": (422, "There is nothing that the offer could come off"),
    "offer.unknown": (409, "The ledger does not know this offer"),
    "offer.unaccepted": (409, "The shopper has not accepted this offer"),
    "offer.ended": (409, "The offer has ended"),
    "offer.expired": (410, "The offer has expired"),
    "stock.out": (409, "The item is out of stock"),
    "recall": (409, "The item was recalled"),
    "price.error": (409, "The offer was withdrawn: its price was wrong"),
    "fraud": (409, "The offer was withdrawn: fraud"),
    "customer.asked": (409, "The offer was withdrawn: the shopper gave it up"),
    "order.shipped": (409, "The order has been shipped"),
    "order.cancelled": (409, "The order was cancelled"),
    "refund.mismatch": (409, "This refund was already made with other lines"),
    "refund.sku": (422, "The order bought none of these at an offer's price"),
    "refund.quantity": (422, "More would go back than was bought"),
    "refund.amount": (422, "This amount cannot be refunded"),
}
"""Code → HTTP status and title."""

RETRY_S: Final = 2
"""Seconds until a retry after an unknown outcome: a group commit and a restart take less."""

_UNKNOWN: Final = RedemptionResponse(
    503,
    problem_body(
        503,
        "Unknown, retry with the same order id",
        "ledger.unknown",
        "It is not known whether this was recorded. Ask again with the same order id:"
        " the answer will be the true one, and nothing happens twice.",
    ),
    RETRY_S,
)


def encode_answer(answer: RedemptionAnswer) -> RedemptionResponse:
    """Return the HTTP response for an answer; the same answer always gives the same bytes."""
    match answer:
        case Redeemed() | RedeemedTogether() | Cancelled() | Refunded():
            return RedemptionResponse(200, msgspec.json.encode(answer))
        case RedemptionRefusal():
            status, title = REDEMPTION_ERRORS[answer.code]
            detail = answer.detail or f"{title}."
            named = {"offer": answer.offer, "missing": answer.missing}
            more = {name: value for name, value in named.items() if value is not None}
            body = problem_body(status, title, answer.code, detail, **more)
            return RedemptionResponse(status, body)
        case Repeated():
            return RedemptionResponse(200 if answer.status is None else answer.status, answer.body)
        case OutcomeUnknown():
            return _UNKNOWN
        case _:
            assert_never(answer)
