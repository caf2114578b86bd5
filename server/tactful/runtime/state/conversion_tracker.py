"""What has the shop's own log to say about its offers, and about saying nothing?"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from tactful.core.facts.fact_types import Order
from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.core.pricing.conversion_rates import (
    EMPTY_TALLY,
    NO_OFFER,
    ConversionRates,
    ProductInTerritory,
    Tally,
)
from tactful.core.redemption.redemption_rows import RedemptionOutcome
from tactful.core.values.calendar import DAY, to_ms
from tactful.runtime.facts.fact_cache import FactCache
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.offer_statistics import OfferStatistics

PATIENCE: Final = 7 * DAY
"""Within this a purchase by a shopper who was shown nothing counts as one."""
BEFORE: Final = ""
"""What stands for an order that was counted before the start; nobody knows any more which it was."""


class HeldOutShopper(Struct):
    """A shopper who was deliberately shown nothing, and the orders in which they bought it."""

    offer: Offer
    orders: set[str]


class ConversionTracker:
    """Counts what came of each offer and each silence: read once where it is needed, then kept up.

    A guest is forgotten when their session ends, and with them what they might buy later.
    """

    def __init__(self, *, ledger: OfferStatistics, clock: Clock, world: FactCache) -> None:
        self._ledger = ledger
        self._clock = clock
        self._world = world
        self._log: dict[ProductInTerritory, dict[str, Tally]] = {}
        self._silent: dict[tuple[str, str], dict[str, HeldOutShopper]] = {}
        """(`session` or `customer`, id) → the silences kept to them, by offer."""
        self._queue: deque[Offer] = deque()
        self._started = False
        self.view = ConversionRates(self._log)
        """Live, for a turn to read."""

    async def start(self) -> None:
        """Take over what the ledger knows, once; it is a long way through a large log."""
        if self._started:
            return
        self._started = True
        rows = await self._ledger.outcomes()
        held_out = await self._ledger.held_out(self._clock.now() - PATIENCE)
        self._log.clear()
        for row in rows:
            self._count(row.rule, (row.product, row.territory), row.tried, row.bought)
        for offer in held_out:
            self._watch(offer)

    def record_step(self, offers: Iterable[Offer], steps: Iterable[OfferStep]) -> None:
        """Learn from what a turn recorded."""
        known = {offer.id: offer for offer in offers}
        for step in steps:
            offer = known[step.offer]
            where = offer.product, offer.territory
            if step.to is OfferState.SHOWN:
                self._count(offer.rule, where, 1, 0)
            elif step.to is OfferState.HELD_OUT:
                self._count(NO_OFFER, where, 1, 0)
                self._watch(offer)

    def record_redemption(self, ruling: RedemptionOutcome) -> None:
        """Learn from what the checkout's desk wrote: an offer was redeemed, or its order cancelled."""
        known = {offer.id: offer for offer in ruling.offers}
        for step in ruling.steps:
            won = {OfferState.REDEEMED: 1, OfferState.ACCEPTED: -1}.get(step.to, 0)
            offer = known[step.offer]
            self._count(offer.rule, (offer.product, offer.territory), 0, won)

    async def record_order(self, order: Order) -> None:
        """Learn whether somebody who was shown nothing bought it, or gave it back."""
        waiting = [*self._waiting(order)]
        if not waiting:
            return
        products = await self._products(order)
        bought: dict[bool, list[str]] = {True: [], False: []}
        for silent in waiting:
            if silent.offer.product in products:
                was, now = bool(silent.orders), order.status != "cancelled"
                (silent.orders.add if now else silent.orders.discard)(order.order)
                if was is not bool(silent.orders):
                    bought[now].append(silent.offer.id)
                    where = silent.offer.product, silent.offer.territory
                    self._count(NO_OFFER, where, 0, 1 if now else -1)
        for said, offers in bought.items():
            if offers:
                await self._ledger.mark_bought(offers, bought=said)

    def forget_session(self, session: str) -> None:
        """A session is over and leaves nothing behind."""
        self._silent.pop(("session", session), None)

    def forget_customer(self, customer: str) -> None:
        """A customer is erased."""
        self._silent.pop(("customer", customer), None)

    def _waiting(self, order: Order) -> Iterator[HeldOutShopper]:
        """The silences that an order may have broken, each once."""
        placed = to_ms(order.placed_at)
        found: dict[str, HeldOutShopper] = {}
        session = order.session.partition(".")[0] if order.session else None
        for key in (("session", session), ("customer", order.customer)):
            found |= self._silent.get(key, {}) if key[1] else {}  # type: ignore[arg-type]
        for silent in found.values():
            if silent.offer.issued_at <= placed < silent.offer.issued_at + PATIENCE:
                yield silent

    async def _products(self, order: Order) -> set[str]:
        skus = {line.sku for line in order.lines}
        await self._world.load([sku for sku in skus if self._world.item(sku) is None], [])
        items = [self._world.item(sku) or await self._world.read_item(sku) for sku in skus]
        return {item.product_id for item in items}

    def _watch(self, offer: Offer) -> None:
        """Wait for what a shopper who was shown nothing buys; whoever waited too long is let go."""
        if any(offer.id in self._silent.get(key, {}) for key in _keys(offer)):
            return
        silent = HeldOutShopper(offer, {BEFORE} if offer.bought else set())
        for key in _keys(offer):
            self._silent.setdefault(key, {})[offer.id] = silent
        self._queue.append(offer)
        while self._queue[0].issued_at + PATIENCE <= self._clock.now():
            self._let_go(self._queue.popleft())

    def _let_go(self, offer: Offer) -> None:
        for key in _keys(offer):
            kept = self._silent.get(key, {})
            kept.pop(offer.id, None)
            if not kept:
                self._silent.pop(key, None)

    def _count(self, rule: str, where: ProductInTerritory, tried: int, bought: int) -> None:
        rules = self._log.setdefault(where, {})
        rules[rule] = rules.get(rule, EMPTY_TALLY).plus(tried, bought)


def _keys(offer: Offer) -> list[tuple[str, str]]:
    keys = [("session", offer.session)]
    return [*keys, ("customer", offer.customer)] if offer.customer else keys
