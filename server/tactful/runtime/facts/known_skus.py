"""The SKUs that the shop has reported, in memory.

Any client can name an SKU that does not exist. Such an SKU is answered from here: nothing is read
from the ledger, kept or waited for on its account. The memory that this takes depends on the shop's
catalogue and not on its visitors.
"""

from collections.abc import Callable
from typing import Final

from tactful.core.session.signals import CartLine
from tactful.runtime.ports.fact_store import FactStore

UNKNOWN_CART_LINES: Final = 20
"""Lines of unknown SKUs that a session's cart keeps, so that an explanation can name them."""
PAGE: Final = 10_000
"""SKUs that one read of the ledger returns at most."""


class KnownSkus:
    """Membership of an SKU in the catalogue; until it is read, every SKU may exist."""

    def __init__(self) -> None:
        self._shared: dict[str, str] = {}
        """SKU → the string that all sessions share."""
        self._is_complete = False
        self._is_requested = False
        self._request_read: Callable[[], None] | None = None

    def __len__(self) -> int:
        return len(self._shared)

    def read_when_needed(self, request: Callable[[], None]) -> None:
        """Call `request`, which starts `read`, when a client first names an SKU.

        Until then nothing of the catalogue is read, so a start takes no longer on a large one.
        """
        self._request_read = request

    async def read(self, ledger: FactStore) -> None:
        """Read the SKUs of the ledger, page by page, so that other reads take their turn in between.

        After a failed read, the next question requests another one.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        after = ""
        try:
            while page := await ledger.known_skus(after, PAGE):
                self.add(*page)
                after = page[-1]
            self._is_complete = True
        finally:
            self._is_requested = False

    def add(self, *skus: str) -> None:
        """Add SKUs that facts are about."""
        for sku in skus:
            self._shared.setdefault(sku, sku)

    def may_exist(self, sku: str) -> bool:
        """Return whether there may be facts about an SKU; False: there are none."""
        return sku in self._shared if self._is_complete else self._need_catalogue()

    def _need_catalogue(self) -> bool:
        if self._request_read and not self._is_requested:
            self._is_requested = True
            self._request_read()
        return True

    def bounded_cart(self, lines: tuple[CartLine, ...]) -> tuple[CartLine, ...]:
        """Return a cart without the lines of unknown SKUs beyond the first `UNKNOWN_CART_LINES`.

        The remaining lines share the catalogue's strings, which saves up to 180 bytes a line.
        """
        if not self._is_complete:
            self._need_catalogue()
            return lines
        shared = self._shared
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
