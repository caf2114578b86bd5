"""The role of the ledger that keeps the discount codes of the shop's platform.

A code is given to one offer at most. It is reserved with the commit that pushes the offer, and
returns to its pool only if the offer ends before its shopper could see the code.
"""

from collections.abc import Collection, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from tactful.core.offers.discount_codes import FreeCode

CodeState = Literal["free", "reserved", "handed_out", "used", "withdrawn"]


class StoredCode(Struct, frozen=True, kw_only=True):
    """A discount code as the ledger has it."""

    pool: str
    code: str
    """As the shopper enters it."""
    ends_at: int | None = None
    """When the platform stops taking it, milliseconds since the Unix epoch, UTC; `None`: never."""
    state: CodeState = "free"
    is_withdrawn: bool = False
    """Whether the shop gives it to no further offer."""
    offer: str | None = None
    """The offer that has it; `None`: none, or one that is deleted since."""


class AddedCodes(Struct, frozen=True, kw_only=True):
    """What became of codes that were to be added to a pool."""

    added: int
    known: tuple[str, ...] = ()
    """Codes that some pool has already, as they were given."""


class PoolCounts(Struct, frozen=True, kw_only=True):
    """How many codes of a pool have each state."""

    pool: str
    free: int = 0
    """Free codes that the platform still takes."""
    reserved: int = 0
    handed_out: int = 0
    used: int = 0
    withdrawn: int = 0
    ended: int = 0
    """Free codes that the platform takes no more."""


class CodeStore(Protocol):
    """Keeps pools of discount codes. Codes that differ in case only are one code."""

    async def add_codes(
        self, pool: str, codes: Sequence[FreeCode], at: int, *, dry_run: bool = False
    ) -> AddedCodes:
        """Add codes to a pool, durably on return.

        A withdrawn code that no offer ever had is free again. Every other code that is stored stays
        as it is.

        Args:
            pool: The name of the pool.
            codes: The codes; of codes that differ in case only, the first is added.
            at: Milliseconds since the Unix epoch, UTC.
            dry_run: Whether to change nothing, and only return what would be done.

        Raises:
            LedgerError: Nothing is added.
        """

    async def withdraw_codes(self, pool: str, at: int) -> int:
        """Give no code of a pool to further offers; return how many free ones are withdrawn.

        Offers that have a code keep it.

        Raises:
            LedgerError: It may have happened; repeat it.
        """

    async def free_codes(self) -> list[tuple[str, FreeCode]]:
        """Return (pool, code) of all free codes, in order of the pools.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def pool_counts(self, now: int) -> list[PoolCounts]:
        """Return the counts of every pool that has ever had a code, in order of their names.

        Args:
            now: Milliseconds since the Unix epoch, UTC.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def find_codes(self, codes: Collection[str]) -> list[StoredCode]:
        """Return those of some codes that are stored, in any case, in order of the codes.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def spend_free_codes(self, codes: Collection[str]) -> int:
        """Mark codes as used that are free or withdrawn, because an order has used them.

        Returns:
            How many were marked.

        Raises:
            LedgerError: It may have happened; repeat it.
        """
