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
    is_used = offer.state in {OfferState.HELD, OfferState.REDEEMED}
    if is_used is (contact.cooldown_until("remedy", offer.remedy) == NEVER):
        return contact
    if is_used:
        return contact.with_cooldown("remedy", offer.remedy, NEVER)
    return contact.without_cooldown("remedy", offer.remedy)
