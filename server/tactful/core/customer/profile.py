"""What one decision sees of a verified customer."""

from msgspec import Struct

from tactful.core.customer import taints as letdowns
from tactful.core.customer.taints import Taints
from tactful.core.facts import purchases
from tactful.core.facts.history import History
from tactful.core.facts.purchases import Purchases
from tactful.core.rules.policy import Policy
from tactful.core.session.contact_history import NO_CONTACT, ContactHistory


class Profile(Struct, frozen=True, gc=False, kw_only=True):
    """The facts, and what they amount to under the active policy."""

    history: History
    taints: Taints
    purchases: Purchases
    contact: ContactHistory = NO_CONTACT


def profile(history: History, policy: Policy, contact: ContactHistory = NO_CONTACT) -> Profile:
    """Derive all that a decision needs of a customer; worth keeping while the facts stand."""
    return Profile(
        history=history,
        taints=letdowns.derive_taints(history, policy),
        purchases=purchases.derive_purchases(history),
        contact=contact,
    )
