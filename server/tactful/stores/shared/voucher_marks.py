"""Contact histories with the marks of vouchers that a redemption has used."""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from tactful.core.offers.offer import Offer
from tactful.core.redemption.voucher_use import contact_after_use
from tactful.core.session.contact_history import NO_CONTACT, ContactHistory
from tactful.runtime.ports.ledger_rows import SavedContact

_DECODE: Final = msgspec.msgpack.Decoder(ContactHistory).decode
_ENCODE: Final = msgspec.msgpack.Encoder().encode


def marked_contacts(
    offers: Iterable[Offer], stored: Callable[[str], SavedContact | None]
) -> dict[str, SavedContact]:
    """Return customer → the contact history to write, for the vouchers among some offers.

    Args:
        offers: The offers as a redemption leaves them.
        stored: Customer → what is stored; None: nothing.
    """
    found: dict[str, SavedContact] = {}
    for offer in offers:
        if offer.remedy is None or offer.customer is None:
            continue
        known = found.get(offer.customer) or stored(offer.customer)
        contact = _DECODE(known.body) if known else NO_CONTACT
        marked = contact_after_use(contact, offer)
        if marked is not contact:
            revision = known.revision + 1 if known else 1
            found[offer.customer] = SavedContact(revision, _ENCODE(marked))
    return found
