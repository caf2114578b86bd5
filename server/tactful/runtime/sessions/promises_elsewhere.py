"""The standing offers of other processes, read from the ledger when stock is short."""

from collections.abc import Collection
from functools import partial
from typing import Final

from tactful.core.offers.offer import Offer
from tactful.runtime.state.shop_state import ShopState

PROMISED_KEPT_MS: Final = 60_000
"""Milliseconds for which the promises of other processes on one SKU count after they were read."""


class PromisesElsewhere:
    """Brings what other processes promise into the stock commitments in memory, for a while.

    Nothing reports when an offer of another process begins or ends. The ledger refuses a promise
    that exceeds the stock, so they matter in two cases: after such a refusal, and when the stock
    falls below what all processes have promised.
    """

    def __init__(self, state: ShopState) -> None:
        """Keep the stock commitments of `state` up to date."""
        self._ledger = state.ledger
        self._commitments = state.stock_commitments
        self._items = state.fact_cache
        self._registry = state.registry
        self._timers = state.timers
        self._clock = state.clock

    async def read(self, skus: Collection[str]) -> None:
        """Read the standing offers of other processes on these SKUs.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        found: dict[tuple[str, str], list[Offer]] = {}
        for offer in await self._ledger.standing_offers_of([*skus]):
            if self._may_stand(offer):
                found.setdefault((offer.sku, offer.territory), []).append(offer)
        for sku in skus:
            self._commitments.invalidate(sku)
        for shelf, offers in found.items():
            self._commitments.learn_elsewhere(shelf, offers)
            self._timers.set(
                f"promised:{'|'.join(shelf)}",
                self._clock.now() + PROMISED_KEPT_MS,
                partial(self._commitments.forget_elsewhere, shelf),
            )

    def _may_stand(self, offer: Offer) -> bool:
        """Return whether an offer stands, as far as the session says that this process may have."""
        live = self._registry.by_id.get(offer.session)
        if live is None:
            return True
        return any(offer.id == known.id for known in (*live.state.offers, *live.state.parked))

    async def read_where_stock_is_short(self, skus: Collection[str]) -> None:
        """Read the offers of other processes on those SKUs whose stock is less than all promise.

        Where the stock covers all promises, this is one look-up of the sums.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        promised = await self._ledger.stock_commitments([*skus])
        short = {
            shelf[0]
            for shelf, units in promised.items()
            if units > self._commitments.totals.get(shelf, 0) and self._is_short(shelf, units)
        }
        if short:
            await self.read(short)

    def _is_short(self, shelf: tuple[str, str], units: int) -> bool:
        sku, territory = shelf
        item = self._items.item(sku)
        available = item.available(territory) if item else 0
        return available is not None and available < units
