"""The SKUs that the shop has reported, in memory.

Any client can name an SKU that does not exist. Such an SKU is answered from here: nothing is read
from the ledger, kept or waited for on its account. The memory that this takes depends on the shop's
catalogue and not on its visitors.
"""

from collections.abc import Iterable
from typing import Final

from tactful.core.session.signals import CartLine

UNKNOWN_CART_LINES: Final = 20
"""Lines of unknown SKUs that a session's cart keeps, so that an explanation can name them."""


class KnownSkus:
    """Membership of an SKU in the catalogue; until it is read, every SKU may exist."""

    def __init__(self) -> None:
        self._shared: dict[str, str] | None = None
        """SKU → the string that all sessions share; `None`: the catalogue is not read yet."""

    def __len__(self) -> int:
        return len(self._shared or ())

    def restore(self, skus: Iterable[str]) -> None:
        """Take over the SKUs of the ledger, and keep those that were added during the read."""
        self._shared = {sku: sku for sku in skus} | (self._shared or {})

    def add(self, sku: str) -> None:
        """Add an SKU that a fact is about."""
        if self._shared is not None:
            self._shared.setdefault(sku, sku)

    def may_exist(self, sku: str) -> bool:
        """Return whether there may be facts about an SKU; False: there are none."""
        return self._shared is None or sku in self._shared

    def bounded_cart(self, lines: tuple[CartLine, ...]) -> tuple[CartLine, ...]:
        """Return a cart without the lines of unknown SKUs beyond the first `UNKNOWN_CART_LINES`.

        The remaining lines share the catalogue's strings, which saves up to 180 bytes a line.
        """
        shared = self._shared
        if shared is None:
            return lines
        kept: list[CartLine] = []
        unknown = 0
        for line in lines:
            sku = shared.get(line.sku)
            if sku is not None:
                kept.append(CartLine(sku, line.qty))
                continue
            unknown += 1
            if unknown <= UNKNOWN_CART_LINES:
                kept.append(line)
        return tuple(kept)
