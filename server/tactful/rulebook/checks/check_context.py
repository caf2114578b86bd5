"""Inputs of the checks besides the rule files."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from tactful.core.facts.fact_types import Customer
from tactful.core.facts.item import Item
from tactful.core.rules.policy import Policy


class CheckContext(Struct, frozen=True):
    """The time, the policy and the catalogue that rule files are checked against."""

    now: int
    """Milliseconds since the Unix epoch, UTC."""
    policy: Policy
    """The active policy: the shop's own, with the `policy:` sections of the files applied."""
    catalogue: Mapping[str, Item] = {}
    """SKU → item. Empty: prices and names of items are not checked."""
    customers: Sequence[Customer] = ()
    """Customer facts. Empty: names of tiers and segments are not checked."""
