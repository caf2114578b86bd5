"""Inputs of the checks besides the rule files."""

from collections.abc import Mapping

from msgspec import Struct

from tactful.core.facts.item import Item
from tactful.core.rules.policy import Policy


class CheckContext(Struct, frozen=True):
    """The time, the policy and the catalogue that rule files are checked against."""

    now: int
    """Milliseconds since the Unix epoch, UTC."""
    policy: Policy
    """The active policy: the shop's own, with the `policy:` sections of the files applied."""
    catalogue: Mapping[str, Item] = {}
    """SKU → item. Empty: prices of named items are not checked."""
