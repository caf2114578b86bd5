"""The codes with which a redemption, cancellation or refund is refused.

The codes are public: shops' checkouts react to them. The HTTP edge gives each one its status and title
(`api/redemption_responses.py`); the core knows neither.
"""

from typing import Final, Literal, get_args

RedemptionErrorCode = Literal[
    "token.malformed",
    "token.key",
    "token.signature",
    "redemption.used",
    "redemption.mismatch",
    "redemption.unknown",
    "redemption.cancelled",
    "redemption.held",
    "redemption.lapsed",
    "redemption.sku",
    "redemption.territory",
    "redemption.quantity",
    "redemption.holder",
    "redemption.price",
    "redemption.minimum",
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
    "customer.asked",
    "order.shipped",
    "order.cancelled",
    "refund.mismatch",
    "refund.sku",
    "refund.quantity",
    "refund.amount",
]

ERROR_CODES: Final[frozenset[RedemptionErrorCode]] = frozenset(get_args(RedemptionErrorCode))

ENDS: Final[frozenset[RedemptionErrorCode]] = frozenset(
    {"stock.out", "recall", "price.error", "fraud", "customer.asked"}
)
"""The reasons that end even an accepted offer (`server/SEMANTICS.md`, section 4)."""
