"""The role of the ledger that keeps the change log, the one order of all changes."""

from collections.abc import Callable, Sequence
from typing import Protocol

from tactful.runtime.ports.ledger_rows import Change

OnChanges = Callable[[Sequence[Change]], None]
"""Receives changes that were committed together, in order of their positions."""


class ChangeLog(Protocol):
    """Gives each change a position in the transaction that writes it, in the order of commits.

    Positions have no gap. The log is kept for a limited time, so a reader that finds its next
    position missing must start over: drop what it has read, and continue from `position`.
    """

    @property
    def is_shared(self) -> bool:
        """Return whether other processes may write to this ledger."""

    async def position(self) -> int:
        """Return the position of the newest change; 0: there is none.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def changes(self, after: int, limit: int = 1000) -> list[Change]:
        """Return the changes that follow a position, in order.

        If the first one is not at `after + 1`, the changes between are no longer kept.

        Args:
            after: The last position that the reader knows.
            limit: The largest number of changes to return.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    def subscribe(self, callback: OnChanges) -> Callable[[], None]:
        """Call a function with the changes of each transaction of this object, once it is durable.

        The callback runs on the event loop, before the callers of the same transaction are answered.
        Transactions of other processes are not reported; `changes` finds them, and the gap shows.

        Args:
            callback: It must not raise.

        Returns:
            A function that ends the subscription.
        """
