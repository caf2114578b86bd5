"""The states of an (offer, order) pair, and what each request does in each of them."""

from typing import Final, Literal

from tactful.core.offers.offer import Offer, OfferState
from tactful.core.redemption.error_codes import RedemptionErrorCode
from tactful.core.redemption.redemption_rows import RedemptionRow

UseState = Literal[
    "unknown", "unaccepted", "open", "mine", "theirs", "cancelled", "refused", "ended", "expired"
]
"""The state of an (offer, order) pair.

`mine`: this order uses the offer. `theirs`: another order uses it. `cancelled`: this order gave it back.
`refused`: an attempt to redeem it ended the offer.
"""
UseAction = Literal["redeem", "cancel", "refund"]
UseVerdict = Literal["decide", "repeat"] | RedemptionErrorCode
"""Decide anew, repeat the stored response, or refuse with a code."""

REDEMPTION_TABLE: Final[dict[tuple[UseAction, UseState], UseVerdict]] = {
    ("redeem", "unknown"): "offer.unknown",
    ("redeem", "unaccepted"): "offer.unaccepted",
    ("redeem", "open"): "decide",
    ("redeem", "mine"): "repeat",
    ("redeem", "theirs"): "redemption.used",
    ("redeem", "cancelled"): "repeat",
    ("redeem", "refused"): "repeat",
    ("redeem", "ended"): "offer.ended",
    ("redeem", "expired"): "offer.expired",
    ("cancel", "unknown"): "redemption.unknown",
    ("cancel", "mine"): "decide",
    ("cancel", "cancelled"): "repeat",
    ("refund", "unknown"): "redemption.unknown",
    ("refund", "mine"): "decide",
    ("refund", "cancelled"): "order.cancelled",
}
"""Every action in every state; a pair that is missing cannot occur."""

_STATE_OF_OFFER: Final[dict[OfferState, UseState]] = {
    OfferState.PUSHED: "unaccepted",
    OfferState.SHOWN: "unaccepted",
    OfferState.ACCEPTED: "open",
    OfferState.REDEEMED: "theirs",
    OfferState.EXPIRED: "expired",
    OfferState.DECLINED: "ended",
    OfferState.WITHDRAWN: "ended",
    OfferState.SUPERSEDED: "ended",
    OfferState.HELD_OUT: "unknown",
    OfferState.SHADOW: "unknown",
}


def use_state(offer: Offer | None, use: RedemptionRow | None) -> UseState:
    """Return the state of an (offer, order) pair.

    Args:
        offer: The offer; `None`: the ledger does not know it.
        use: This order's use of the offer, or the attempt of another order that ended it.
    """
    if use:
        return "mine" if use.status == "redeemed" else use.status
    return _STATE_OF_OFFER[offer.state] if offer else "unknown"
