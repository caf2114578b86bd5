"""Refusal of SKUs and customers that nobody reported, with the nearest known ones."""

from collections.abc import Awaitable, Callable
from difflib import get_close_matches
from typing import Final

from tactful.runtime.facts.fact_cache import FactCache
from tactful.runtime.ports.fact_store import FactStore

PAGE: Final = 100
"""Names that are compared for each beginning of the unknown one."""
MOST_BEGINNINGS: Final = 8
"""Beginnings of the unknown name that are looked up, the longest first."""
MOST_NEAR: Final = 3
"""Names that an answer suggests at most."""

ReadPage = Callable[[str, int], Awaitable[list[str]]]
"""(after, limit) → the known names above `after`, in ascending order."""


class UnknownNameError(Exception):
    """Nothing was ever reported about a customer or an item.

    Attributes:
        code: The problem code, `customer.unknown` or `item.unknown`.
        near: The known names that are most similar, the nearest first.
    """

    def __init__(self, code: str, what: str, name: str, near: tuple[str, ...]) -> None:
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        super().__init__(f"Nothing is known about the {what} {name}.{meant}")
        self.code = code
        self.near = near


async def require_customer(customer: str, facts: FactCache, ledger: FactStore) -> None:
    """Refuse a customer of whom the shop reported nothing.

    Raises:
        UnknownNameError: No fact is about that customer.
        LedgerError: The ledger cannot be read.
    """
    history = await facts.read_history(customer)
    if history.is_empty:
        near = await near_names(customer, ledger.known_customers)
        raise UnknownNameError("customer.unknown", "customer", customer, near)


async def require_item(sku: str, facts: FactCache, ledger: FactStore) -> None:
    """Refuse an item of which the shop reported nothing.

    Raises:
        UnknownNameError: No fact is about that SKU.
        LedgerError: The ledger cannot be read.
    """
    item = await facts.read_item(sku)
    if not item.is_reported:
        near = await near_names(sku, ledger.known_skus)
        raise UnknownNameError("item.unknown", "SKU", sku, near)


async def near_names(name: str, read: ReadPage) -> tuple[str, ...]:
    """Return the known names that are most similar to an unknown one, the nearest first.

    Only names that begin alike are read, so that the cost does not grow with the shop.

    Args:
        name: The unknown name.
        read: Reads a page of known names.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    lengths = range(len(name) - 1, -1, -1)
    beginnings = {name[:length] for length in (*lengths[:MOST_BEGINNINGS], *lengths[-2:])}
    folded: dict[str, str] = {}
    for beginning in sorted(beginnings):
        for known in await read(beginning, PAGE):
            folded.setdefault(known.casefold(), known)
    near = get_close_matches(name.casefold(), folded, n=MOST_NEAR, cutoff=0.7)
    return tuple(folded[one] for one in near)
