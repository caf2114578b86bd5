"""Erasures and new beginnings in the change log, which reach the memory of every process."""

from collections.abc import Coroutine
from typing import Any

import structlog

from tactful.core.facts.shopper_contacts import SUBJECT as CONTACT
from tactful.runtime.changes.change_feed import ChangeHandler
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Change, Tombstone
from tactful.runtime.services.erasure_service import ErasureService
from tactful.runtime.state.erased_customers import CUSTOMER
from tactful.runtime.state.shop_state import ShopState

log = structlog.get_logger("tactful.erasure")


class ErasureChanges(ChangeHandler):
    """Applies the erasures of other processes to memory.

    The tombstone counts at once, so that nothing brings the customer back. The places that name
    the customer are then searched. An erasure of this process has done both before it was logged.
    """

    def __init__(self, state: ShopState, erasure: ErasureService) -> None:
        """Apply erasures.

        Args:
            state: The memory of the shop.
            erasure: Replaces the ids in memory.
        """
        self._ledger = state.ledger
        self._erased = state.erased_customers
        self._erasure = erasure
        self._pending: list[Tombstone] = []
        """The tombstones whose customers memory may still name."""

    def apply(self, change: Change) -> None:
        """Let nothing of the customer into memory from now on, or let the id in again."""
        for kind, digest in change.subjects:
            if change.kind == "id_begun_anew":
                self._erased.learn_begun(digest, int(change.body))
                continue
            tombstone = Tombstone(digest, change.body.decode(), change.at)
            if kind == CUSTOMER:
                self._learn(tombstone)
            elif kind == CONTACT:
                self._erased.learn(tombstone)

    def _learn(self, tombstone: Tombstone) -> None:
        if self._erased.learn(tombstone):
            self._pending.append(tombstone)

    def propagate(self) -> Coroutine[Any, Any, None] | None:
        """Return the work that replaces the ids in memory."""
        if not self._pending:
            return None
        pending, self._pending = self._pending, []
        return self._erase(pending)

    async def start_over(self) -> None:
        """Read the tombstones again.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        for tombstone in await self._ledger.tombstones():
            self._learn(tombstone)

    async def _erase(self, tombstones: list[Tombstone]) -> None:
        for tombstone in tombstones:
            try:
                await self._erasure.erase_from_memory(tombstone)
            except LedgerError as error:
                log.error("erasure.unread", error=str(error))  # noqa: TRY400
