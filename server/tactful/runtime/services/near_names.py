"""The known SKUs or customers that are nearest to one that nobody reported."""

from collections.abc import Awaitable, Callable
from difflib import get_close_matches
from typing import Final

PAGE: Final = 100
"""Names that are compared for each beginning of the unknown one."""
MOST_BEGINNINGS: Final = 8
"""Beginnings of the unknown name that are looked up, the longest first."""
MOST_NEAR: Final = 3
"""Names that an answer suggests at most."""

ReadPage = Callable[[str, int], Awaitable[list[str]]]
"""(after, limit) → the known names above `after`, in ascending order."""


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
