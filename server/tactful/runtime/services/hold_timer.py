"""The timer that lets held redemptions lapse at their end."""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from tactful.core.values.calendar import SECOND
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.state.shop_state import ShopState

log = structlog.get_logger("tactful.redemption")

RETRY_MS: Final = 5 * SECOND
"""Milliseconds after which a sweep that the ledger refused is repeated."""
_KEY: Final = "holds"


class HoldTimer:
    """One timer, set for the next end of a held redemption.

    Several processes on one ledger each have it: whichever comes first rolls the redemption back, and
    the others find nothing to do.
    """

    def __init__(self, state: ShopState, sweep: Callable[[], Awaitable[int | None]]) -> None:
        """Use the timers of a shop.

        Args:
            state: The memory of the shop.
            sweep: Rolls back what is due, and returns when the next hold ends (milliseconds since
                the Unix epoch, UTC; None: nothing is held).
        """
        self._timers = state.timers
        self._clock = state.clock
        self._background = state.background
        self._sweep_holds = sweep
        self._next: int | None = None

    def look(self) -> None:
        """Roll back in the background what is due, and set the timer for the next end.

        It is called at the start, after a step of the clock, and when another process holds an offer.
        """
        self._background.start(self._sweep())

    def expect(self, until: int) -> None:
        """Set the timer for the end of a new hold, unless an earlier one is expected.

        Args:
            until: Milliseconds since the Unix epoch, UTC.
        """
        if self._next is None or until < self._next:
            self._set(until)

    def _set(self, at: int | None) -> None:
        self._next = at
        self._timers.set(_KEY, at, self._fire)

    def _fire(self) -> None:
        self._next = None
        self.look()

    async def _sweep(self) -> None:
        try:
            found = await self._sweep_holds()
        except LedgerError as error:
            log.error("holds.unswept", error=str(error))  # noqa: TRY400 - the traceback says no more
            found = self._clock.now() + RETRY_MS
        if found is not None:
            self.expect(found)
