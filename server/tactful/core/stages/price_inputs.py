"""Kinds of inputs behind an offer, which answer a shopper who asks why a price is as it is.

A kind says no more than what sort of data was read: never a value, a support case, a rule or a reason.
The duty to say by which kinds of data a price was personalised is that of Article 13(2)(f) GDPR.
"""

from functools import cache
from typing import Final

from tactful.core.context import Scene
from tactful.core.offers.offer import InputKind
from tactful.core.rules.condition_evaluation import clauses
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Clause, Rule

_KIND_OF_GROUP: Final[dict[str, InputKind]] = {
    "item": "item",
    "session": "browsing",
    "cart": "cart",
    "visit": "source",
    "customer": "account",
    "history": "purchases",
    "shop": "area",
    "time": "time",
}
_KIND_OF_FIELD: Final[dict[str, InputKind]] = {
    "moment": "browsing",
    "item.stock": "stock",
    "item.stock_reported": "stock",
    "customer.orders": "purchases",
    "customer.spent": "purchases",
    "customer.last_order": "purchases",
}
"""Fields whose kind is not that of their group."""

_SHARED: Final[dict[tuple[InputKind, ...], tuple[InputKind, ...]]] = {}
"""The results so far: offers share them, which saves memory and work of the garbage collector."""


def inputs_of(rule: Rule, scene: Scene, policy: Policy) -> tuple[InputKind, ...]:
    """Return the kinds of inputs that an offer rests on, each once.

    Args:
        rule: The rule that makes the offer.
        scene: The item in front of the shopper.
        policy: The shop's policy, which says how rules are weighed.

    Returns:
        The kinds in a fixed order: the shop's price, what the conditions read, then the others. Data
        about the shopper counts only if it was known.
    """
    # A dictionary keeps the order, and each kind once.
    found: dict[InputKind, None] = {"price": None}
    for clause in clauses(rule.condition):
        kind = _kind_of(clause.field)
        if kind not in found and (clause.provenance == "contextual" or _is_known(clause, scene)):
            found[kind] = None
    if rule.price.mode == "ladder":
        found["earlier_offers"] = None
    if rule.remedy:
        found["voucher"] = None
    if policy.arbitration == "expected_value":
        found["averages"] = None
    kinds = tuple(found)
    return _SHARED.setdefault(kinds, kinds)


@cache
def _kind_of(field: str) -> InputKind:
    """Return the kind of a field of the rule language, which has a few dozen."""
    return _KIND_OF_FIELD.get(field) or _KIND_OF_GROUP[field.partition(".")[0]]


def _is_known(clause: Clause, scene: Scene) -> bool:
    """Return whether a clause found data about the shopper; personal data needs a profile."""
    if clause.provenance == "personal" and scene.profile is None:
        return False
    return clause.read(scene) is not None
