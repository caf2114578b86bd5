"""Answers to redemptions, cancellations and refunds, before they are encoded for HTTP.

The core decides the answer and knows no HTTP status. An encoder is injected: it turns an answer into the
response that is sent, stored with the use of the offer, and repeated byte for byte on every retry. The
encoder must be pure, and its bytes must not change between releases.
"""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from tactful.core.redemption.error_codes import RedemptionErrorCode
from tactful.core.values.money import Money

UsedState = Literal["held", "redeemed"]
"""Whether an offer is used provisionally or for good."""


class RedeemedLine(Struct, frozen=True):
    """The amount paid for one line of an order, and its saving by an offer on the whole order."""

    sku: str
    qty: int
    paid: Money
    saved: Money


class Redeemed(Struct, frozen=True, omit_defaults=True):
    """The offer is used. The fields stand in the order in which they are written."""

    redemption: str
    """`rd_…`, the id of the first request."""
    state: UsedState
    unit: Money
    """The price of one unit; for an offer on the order or its shipping, the total after the offer."""
    qty: int
    saved: Money
    until: str | None = None
    """When a held use lapses unless it is confirmed, as a timestamp of RFC 3339 in UTC."""
    level: str | None = None
    """`order` or `shipping`; `None` for a price of the item."""
    lines: tuple[RedeemedLine, ...] | None = None
    """The share of each line, for an offer on the order."""


class RedeemedTogether(Struct, frozen=True, omit_defaults=True):
    """Several offers are used by one call, all or none."""

    state: UsedState
    redemptions: tuple[Redeemed, ...]
    """In the order in which they apply: items, the order, its shipping."""
    saved: Money
    """The saving by all of them."""
    until: str | None = None
    """When they lapse unless they are confirmed, as a timestamp of RFC 3339 in UTC."""


class CancelledUse(Struct, frozen=True):
    """One use of an offer that a cancelled order gives back."""

    redemption: str
    offer: str


class Cancelled(Struct, frozen=True):
    """Everything that the order redeemed is given back."""

    cancelled: tuple[CancelledUse, ...]


class Refunded(Struct, frozen=True):
    """A part of an order is given back."""

    refund: str
    amount: Money
    """What the customer gets back of the amount paid."""
    released: Money
    """What the campaign's budget gets back."""


class RedemptionRefusal(Struct, frozen=True):
    """The request is refused and changes nothing, unless `code` ended the offer."""

    code: RedemptionErrorCode
    detail: str | None = None
    """What is wrong with this request; `None`: the code needs no further detail."""
    offer: str | None = None
    """Which of several offers is refused; `None`: the request names one, or all are refused."""
    missing: Money | None = None
    """The money by which the order falls short of the offer's minimum."""


class OutcomeUnknown(Struct, frozen=True):
    """The ledger failed, and the request may have had its effect. A retry finds out."""


class Repeated(Struct, frozen=True):
    """The stored response to an earlier request that was the same."""

    body: bytes
    status: int | None = None
    """The stored status number, which only the encoder reads; `None`: that of a success."""


RedemptionAnswer = (
    Redeemed
    | RedeemedTogether
    | Cancelled
    | Refunded
    | RedemptionRefusal
    | OutcomeUnknown
    | Repeated
)


class RedemptionResponse(Struct, frozen=True):
    """An encoded answer. The core stores it and returns it, and reads neither field."""

    status: int
    body: bytes
    retry_s: int | None = None
    """After how many seconds the same request should be repeated; `None`: not at all."""


EncodeAnswer = Callable[[RedemptionAnswer], RedemptionResponse]
"""Writes an answer as a response; pure, the same answer always gives the same bytes."""
