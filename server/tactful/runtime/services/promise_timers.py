"""Timers that expire promises whose session has ended.

An accepted offer expires in a turn of its session. A session without offers ends after its time to live. If
an order gives an offer back after that, no session is left in which it could expire, and its budget would stay
reserved.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import structlog

from tactful.core.offers.offer import Offer, OfferState
from tactful.core.values.calendar import SECOND
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.state.shop_state import ShopState

log = structlog.get_logger("tactful.redemption")

RETRY_MS: Final = 5 * SECOND
"""Milliseconds after which an expiry that the ledger refused is repeated."""


class PromiseTimers:
    """One timer for each accepted offer without a session in this process."""

    def __init__(self, state: ShopState, expire: Callable[[str], Awaitable[None]]) -> None:
        """Use the timers of a shop.

        Args:
            state: The memory of the shop.
            expire: Expires an offer by its id, if it is still accepted and its end has come.
        """
        self._timers = state.timers
        self._clock = state.clock
        self._registry = state.registry
        self._background = state.background
        self._expire_offer = expire

    def watch(self, offer: Offer) -> None:
        """Set the timer of an accepted offer whose session is not in memory."""
        is_owned = offer.session in self._registry.by_id
        if offer.state is OfferState.ACCEPTED and not is_owned and offer.accept_until is not None:
            self._set(offer.id, offer.accept_until)

    def _set(self, offer: str, at: int) -> None:
        self._timers.set(f"promise:{offer}", at, partial(self._fire, offer))

    def _fire(self, offer: str) -> None:
        self._background.start(self._expire(offer))

    async def _expire(self, offer: str) -> None:
        try:
            await self._expire_offer(offer)
        except LedgerError as error:
            log.error("promise.unexpired", error=str(error))  # noqa: TRY400 - it says no more
            self._set(offer, self._clock.now() + RETRY_MS)
