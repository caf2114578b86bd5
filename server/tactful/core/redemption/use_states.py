"""The states of a redemption, and what each act does in each of them.

A redemption is one attempt of an order to use offers. It is held or redeemed at once. A held one lapses
unless it is confirmed in time, and both can be cancelled: `server/SEMANTICS.md`, section 4.
"""

from collections.abc import Sequence
from typing import Final, Literal

from tactful.core.offers.offer import Offer, OfferState
from tactful.core.redemption.error_codes import RedemptionErrorCode
from tactful.core.redemption.redemption_rows import RedemptionRow, Status

NoUse = Literal["unknown", "unaccepted", "open", "theirs", "ended", "expired"]
"""The state of an offer that this attempt has not used. `theirs`: another attempt or order uses it."""
UseState = Status | NoUse
"""The state of an offer for one attempt of one order.

`held` and `redeemed`: the attempt uses it. `lapsed`: its hold ended without a confirmation. `cancelled`: the
order gave it back. `refused`: an attempt to redeem it ended the offer.
"""
UseAct = Literal["redeem", "hold", "confirm", "cancel", "refund", "lapse"]
UseVerdict = Literal["decide", "repeat", "ignore"] | RedemptionErrorCode
"""Decide anew, repeat the stored response, change nothing, or refuse with a code."""

_NO_USE: Final[tuple[NoUse, ...]] = (
    "unknown",
    "unaccepted",
    "open",
    "theirs",
    "ended",
    "expired",
)
_OF_ORDER: Final[tuple[Literal["confirm", "cancel", "refund"], ...]] = (
    "confirm",
    "cancel",
    "refund",
)
_OF_TOKEN: Final[tuple[Literal["redeem", "hold"], ...]] = ("redeem", "hold")
_FIRST: Final[dict[UseState, UseVerdict]] = {
    "unknown": "offer.unknown",
    "unaccepted": "offer.unaccepted",
    "open": "decide",
    "theirs": "redemption.used",
    "ended": "offer.ended",
    "expired": "offer.expired",
    # The same attempt gets the same response for as long as the order did not give the offer back.
    "held": "repeat",
    "redeemed": "repeat",
    "lapsed": "repeat",
    "cancelled": "redemption.cancelled",
    "refused": "repeat",
}
REDEMPTION_TABLE: Final[dict[tuple[UseAct, UseState], UseVerdict]] = {
    **{(act, state): verdict for act in _OF_TOKEN for state, verdict in _FIRST.items()},
    **{(act, state): "redemption.unknown" for act in _OF_ORDER for state in _NO_USE},
    **{("lapse", state): "ignore" for state in _NO_USE},
    ("confirm", "held"): "decide",
    ("confirm", "redeemed"): "repeat",
    # The shopper has paid: the use is judged again.
    ("confirm", "lapsed"): "decide",
    ("confirm", "cancelled"): "redemption.cancelled",
    ("confirm", "refused"): "redemption.unknown",
    ("cancel", "held"): "decide",
    ("cancel", "redeemed"): "decide",
    # Nothing is given back any more, but a late confirmation is refused from now on.
    ("cancel", "lapsed"): "decide",
    ("cancel", "cancelled"): "repeat",
    ("cancel", "refused"): "redemption.unknown",
    ("refund", "held"): "redemption.held",
    ("refund", "redeemed"): "decide",
    ("refund", "lapsed"): "redemption.lapsed",
    ("refund", "cancelled"): "order.cancelled",
    ("refund", "refused"): "redemption.unknown",
    ("lapse", "held"): "decide",
    ("lapse", "redeemed"): "ignore",
    ("lapse", "lapsed"): "ignore",
    ("lapse", "cancelled"): "ignore",
    ("lapse", "refused"): "ignore",
}
"""Every act in every state."""

STATUS_AFTER: Final[dict[tuple[UseAct, UseState], Status]] = {
    ("hold", "open"): "held",
    ("redeem", "open"): "redeemed",
    ("confirm", "held"): "redeemed",
    ("confirm", "lapsed"): "redeemed",
    ("cancel", "held"): "cancelled",
    ("cancel", "redeemed"): "cancelled",
    ("cancel", "lapsed"): "cancelled",
    ("refund", "redeemed"): "redeemed",
    ("lapse", "held"): "lapsed",
}
"""The status after an act that was decided: one for every `decide` of `REDEMPTION_TABLE`."""

_OF_OFFER: Final[dict[OfferState, NoUse]] = {
    OfferState.PUSHED: "unaccepted",
    OfferState.SHOWN: "unaccepted",
    OfferState.ACCEPTED: "open",
    OfferState.HELD: "theirs",
    OfferState.REDEEMED: "theirs",
    OfferState.EXPIRED: "expired",
    OfferState.DECLINED: "ended",
    OfferState.WITHDRAWN: "ended",
    OfferState.SUPERSEDED: "ended",
    OfferState.HELD_OUT: "unknown",
    OfferState.SHADOW: "unknown",
}
_STRONGEST_FIRST: Final[tuple[Status, ...]] = ("held", "redeemed", "lapsed", "cancelled", "refused")


def state_of_offer(offer: Offer | None) -> NoUse:
    """Return the state of an offer that the attempt has not used.

    Args:
        offer: The offer; `None`: the ledger does not know it.
    """
    return _OF_OFFER[offer.state] if offer else "unknown"


def state_of_order(rows: Sequence[RedemptionRow]) -> UseState:
    """Return the state of an order: that of its strongest use; a live one counts before an ended one.

    Args:
        rows: Uses of offers by the order; none: `unknown`.
    """
    found = {row.status for row in rows}
    return next((status for status in _STRONGEST_FIRST if status in found), "unknown")
