"""Whose history does a shopper leave behind, and what of it did they never see?"""

from tactful.core.contacts import Contact
from tactful.core.session import Session


def left(before: Session, after: Session) -> str | None:
    """The customer whose history could be used before a turn and cannot after it; None: nobody's."""
    who = before.customer
    if who is None or not before.personal:
        return None
    return None if who == after.customer and after.personal else who


def released(contact: Contact, customer: str, session: Session) -> Contact:
    """A customer's history without what a session reserved in it and will not show them any more."""
    theirs = {offer.id for offer in session.offers if offer.customer == customer}
    unseen = {
        mark.offer for mark in contact.approaches if mark.session == session.id and not mark.shown
    }
    for offer in unseen - theirs:
        contact = contact.released(offer)
    return contact
