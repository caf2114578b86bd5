"""Marks of used vouchers in the contact histories of their customers.

A voucher is used once, in whatever session of the customer it was accepted (server/SEMANTICS.md, section
6, rule 3). The history marks it, so that no session offers it again.
"""

from tactful.core.offers.offer import Offer, OfferState
from tactful.core.rules.rule import NEVER
from tactful.core.session.contact_history import ContactHistory


def contact_after_use(contact: ContactHistory, offer: Offer) -> ContactHistory:
    """Return a customer's contact history after a redemption, a hold or a rollback.

    Args:
        contact: The history of the customer who holds the offer.
        offer: The offer as the redemption leaves it.

    Returns:
        The same object where the offer is not that of a voucher, or where nothing changes.
    """
    if offer.remedy is None:
        return contact
    until = 0
    if offer.state in {OfferState.HELD, OfferState.REDEEMED}:
        until = NEVER
    elif offer.state is OfferState.ACCEPTED and offer.accept_until is not None:
        until = offer.accept_until
    if contact.cooldown_until("remedy", offer.remedy) == until:
        return contact
    free = contact.without_cooldown("remedy", offer.remedy)
    return free.with_cooldown("remedy", offer.remedy, until) if until else free
