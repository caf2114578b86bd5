"""What disappointed a customer: cases, returns, reviews and late parcels as taints with a reach and an end."""

from collections.abc import Mapping

from msgspec import Struct

from tactful.core.reasons import Reason


class Letdown(Struct, frozen=True):
    """One taint. Active in [`since`, `until`); `until` None while its cause is open."""

    reason: Reason
    """The reason while open; `after` is the one of the cooldown."""
    after: Reason
    since: int
    open_until: int | None
    """When the cause ended; None: it is open."""
    until: int | None
    cause: str
    """The id of the case, return, review or order."""
    at: int
    """When we learned of it."""


class Letdowns(Struct, frozen=True):
    """The taints of one customer, by reach: SKU, product, brand, shop."""

    skus: Mapping[str, tuple[Letdown, ...]] = {}
    products: Mapping[str, tuple[Letdown, ...]] = {}
    brands: Mapping[str, tuple[Letdown, ...]] = {}
    shop: tuple[Letdown, ...] = ()


NO_LETDOWNS = Letdowns()
