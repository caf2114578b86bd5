"""What one decision sees of a verified customer."""

from msgspec import Struct

from tactful.core import letdowns, purchases
from tactful.core.contacts import NOBODY, Contact
from tactful.core.history import History
from tactful.core.letdowns import Letdowns
from tactful.core.policy import Policy
from tactful.core.purchases import Purchases


class Profile(Struct, frozen=True, gc=False, kw_only=True):
    """The facts, and what they amount to under the active policy."""

    history: History
    letdowns: Letdowns
    purchases: Purchases
    contact: Contact = NOBODY


def profile(history: History, policy: Policy, contact: Contact = NOBODY) -> Profile:
    """Derive all that a decision needs of a customer; worth keeping while the facts stand."""
    return Profile(
        history=history,
        letdowns=letdowns.derive(history, policy),
        purchases=purchases.derive(history),
        contact=contact,
    )
