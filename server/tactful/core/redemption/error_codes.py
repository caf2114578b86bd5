"""Which answers can the checkout's endpoints give instead of yes, and how are they written?"""

from typing import Final, Literal

import msgspec

RedemptionErrorCode = Literal[
    "token.malformed",
    "token.key",
    "token.signature",
    "redemption.used",
    "redemption.mismatch",
    "redemption.unknown",
    "redemption.sku",
    "redemption.territory",
    "redemption.quantity",
    "redemption.holder",
    "redemption.price",
    "redemption.budget",
    "redemption.stacking",
    "redemption.sequence",
    "redemption.shipping",
    "redemption.nothing",
    "offer.unknown",
    "offer.unaccepted",
    "offer.ended",
    "offer.expired",
    "stock.out",
    "recall",
    "price.error",
    "fraud",
    "order.shipped",
    "order.cancelled",
    "refund.mismatch",
    "refund.sku",
    "refund.quantity",
]

REDEMPTION_ERRORS: Final[dict[RedemptionErrorCode, tuple[int, str]]] = {
    "token.malformed": (401, "This is not an offer token"),
    "token.key": (401, "This token is of a key that is not accepted"),
    "token.signature": (401, "This token was not signed by us"),
    "redemption.used": (409, "Another order used this offer"),
    "redemption.mismatch": (409, "This order redeemed this offer with another cart"),
    "redemption.unknown": (404, "This order redeemed nothing here"),
    "redemption.sku": (422, "The offer's item is not in the cart"),
    "redemption.territory": (422, "The offer is for another territory"),
    "redemption.quantity": (422, "The offer is for fewer units"),
    "redemption.holder": (422, "The offer is for another shopper"),
    "redemption.price": (422, "The offer is for another price"),
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
    "price.error": (409, "The offer was taken back: its price was wrong"),
    "fraud": (409, "The offer was taken back: fraud"),
    "order.shipped": (409, "The order has been shipped"),
    "order.cancelled": (409, "The order was cancelled"),
    "refund.mismatch": (409, "This refund was already made with other lines"),
    "refund.sku": (422, "The order bought none of these at an offer's price"),
    "refund.quantity": (422, "More would go back than was bought"),
}
"""Code → HTTP status and title."""

ENDS: Final[frozenset[RedemptionErrorCode]] = frozenset(
    {"stock.out", "recall", "price.error", "fraud"}
)
"""What even a promise does not outlive."""


def problem(code: RedemptionErrorCode, detail: str) -> bytes:
    """An RFC 9457 problem body; the same arguments always give the same bytes."""
    status, title = REDEMPTION_ERRORS[code]
    fields = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
    }
    return msgspec.json.encode(fields)
