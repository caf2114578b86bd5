"""What one decision reads of a verified customer."""

from msgspec import Struct

from tactful.core.customer.taint_derivation import derive_taints
from tactful.core.customer.taints import Taints
from tactful.core.facts.history import History
from tactful.core.facts.purchases import Purchases, derive_purchases
from tactful.core.rules.policy import Policy
from tactful.core.session.contact_history import NO_CONTACT, ContactHistory


class Profile(Struct, frozen=True, gc=False, kw_only=True):
    """A customer's facts, and what the active policy derives from them."""

    history: History
    taints: Taints
    purchases: Purchases
    contact: ContactHistory = NO_CONTACT


def profile(history: History, policy: Policy, contact: ContactHistory = NO_CONTACT) -> Profile:
    """Derive a customer's profile; the runtime caches it until a fact or the policy changes."""
    return Profile(
        history=history,
        taints=derive_taints(history, policy),
        purchases=derive_purchases(history),
        contact=contact,
    )
