"""What an offer does to its discount code, shared by all ledgers."""

from tactful.core.offers.offer import ADVERTISED, UNSHOWN, Offer, OfferState
from tactful.runtime.ports.code_store import CodeState


def code_state(offer: Offer) -> CodeState | None:
    """Return the state of an offer's discount code; `None`: the offer has given its code back.

    Args:
        offer: An offer that draws on a pool.
    """
    if offer.code is None:
        return None
    if offer.state in ADVERTISED:
        return "reserved"
    return "used" if offer.state is OfferState.REDEEMED else "handed_out"


def draws_on_pool(offer: Offer) -> bool:
    """Return whether an offer has, or had, a discount code."""
    return offer.pool is not None and offer.state not in UNSHOWN
