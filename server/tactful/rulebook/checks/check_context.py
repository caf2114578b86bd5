"""What does the checker know beside the rule files?"""

from collections.abc import Mapping

from msgspec import Struct

from tactful.core.facts.item import Item
from tactful.core.rules.policy import Policy


class CheckContext(Struct, frozen=True):
    """The instant, the active policy, and the catalogue where there is one (SKU → item)."""

    now: int
    policy: Policy
    catalogue: Mapping[str, Item] = {}
