"""The contacts that stored facts of a customer name."""

from collections.abc import Iterable

import msgspec

from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.shopper_contacts import own_contacts


def stored_contacts(customer: str, bodies: Iterable[bytes]) -> list[str]:
    """Return the contacts that a customer's own facts name, in order.

    A damaged fact names none, so that it cannot keep a customer from being erased.

    Args:
        customer: The shop's id of the customer.
        bodies: Facts as they are stored, also of others.
    """
    found: set[str] = set()
    for body in bodies:
        try:
            found |= own_contacts(customer, (decode_stored(body),))
        except msgspec.DecodeError:
            continue
    return sorted(found)
