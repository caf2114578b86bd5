"""Taints of one customer: what suppresses an item or the shop, and until when.

`customer/taint_derivation.py` derives them from the facts, and `gates/suppression.py` applies them.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from tactful.core.verdicts.reasons import Reason


class Taint(Struct, frozen=True, gc=False):
    """One taint, active in [`since`, `until`). Instants in milliseconds since the Unix epoch, UTC."""

    reason: Reason
    """The code until `open_until`."""
    after: Reason
    """The code in the cooldown that follows."""
    since: int
    open_until: int | None
    """The end of its cause; `None`: the cause is still open, or it is an objection."""
    until: int | None
    """The end of the cooldown or objection; `None`: not known, because the cause is still open."""
    cause: str
    """The id of the case, return, review, order or objection."""
    at: int
    """When the cause was reported."""

    def code(self, now: int) -> Reason:
        """Return the reason code at an instant: that of the open cause, or of the cooldown."""
        return self.reason if self.open_until is None or now < self.open_until else self.after


class Taints(Struct, frozen=True, gc=False):
    """The taints of one customer, by scope."""

    skus: Mapping[str, tuple[Taint, ...]] = {}
    products: Mapping[str, tuple[Taint, ...]] = {}
    brands: Mapping[str, tuple[Taint, ...]] = {}
    shop: tuple[Taint, ...] = ()
    causes: Mapping[str, tuple[str, ...]] = {}
    """Remedy → the products that it makes up for, sorted."""

    def next_start(self, now: int) -> int | None:
        """Return when the next parcel turns late (ms since the Unix epoch); `None`: none will."""
        return min((one.since for one in self.shop if one.since > now), default=None)


NO_TAINTS: Final = Taints()
