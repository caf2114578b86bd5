"""Counts of purchases after offers and after hold-outs, from the shop's own log."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from msgspec import Struct

from tactful.core.customer.aliasing import CustomerErasure
from tactful.core.facts.fact_codec import decode_stored
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
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.ports.offer_statistics import OfferStatistics

PURCHASE_WINDOW: Final = 7 * DAY
"""Milliseconds after a hold-out within which a purchase of the product counts."""
EARLIER_ORDER: Final = ""
"""Stands for an order that was counted before this process started; its id is not stored."""


class HeldOutShopper(Struct):
    """A shopper from whom an offer was held out."""

    offer: Offer
    """The offer that they would have been shown."""
    orders: set[str]
    """Ids of the orders in which they bought the product without the offer."""


class ConversionLedger(FactStore, OfferStatistics, Protocol):
    """The roles of the ledger that the tracker uses: outcomes of offers, and reported orders."""


class ConversionTracker:
    """Counts what came of each offer and each hold-out.

    The log is read once, when a policy first weighs it, and is kept up to date from then on. A
    session without personal consent is forgotten when it ends. Later purchases of its shopper are
    not counted.
    """

    def __init__(self, *, ledger: ConversionLedger, clock: Clock, fact_cache: FactCache) -> None:
        self._ledger = ledger
        self._clock = clock
        self._fact_cache = fact_cache
        self._log: dict[ProductInTerritory, dict[str, Tally]] = {}
        self._held_out: dict[tuple[str, str], dict[str, HeldOutShopper]] = {}
        """(`session` or `customer`, id) → offer id → the hold-out."""
        self._queue: deque[Offer] = deque()
        """Held-out offers whose purchase window is open, oldest first."""
        self._started = False
        self.view = ConversionRates(self._log)
        """Live view for one turn."""

    async def start(self) -> None:
        """Read the log of the ledger, once; with a large log this takes long.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        if self._started:
            return
        self._started = True
        rows = await self._ledger.outcomes()
        held_out = await self._ledger.held_out(self._clock.now() - PURCHASE_WINDOW)
        self._log.clear()
        for row in rows:
            self._count(row.rule, (row.product, row.territory), row.tried, row.bought)
        for offer in held_out:
            self._watch(offer)

    def record_step(self, offers: Iterable[Offer], steps: Iterable[OfferStep]) -> None:
        """Count the offers of a recorded turn that were shown or held out.

        Args:
            offers: The offers after the turn.
            steps: What became of them; every step names one of `offers`.
        """
        known = {offer.id: offer for offer in offers}
        for step in steps:
            offer = known[step.offer]
            where = offer.product, offer.territory
            if step.to is OfferState.SHOWN:
                self._count(offer.rule, where, 1, 0)
            elif step.to is OfferState.HELD_OUT:
                self._count(NO_OFFER, where, 1, 0)
                self._watch(offer)

    def record_redemption(self, outcome: RedemptionOutcome) -> None:
        """Count the offers that a recorded redemption used, or that a rollback restored."""
        known = {offer.id: offer for offer in outcome.offers}
        # What was only held did not count, so its end takes nothing back.
        given_back = {
            row.offer
            for row in outcome.redemptions
            if row.status == "cancelled" and row.was_redeemed
        }
        for step in outcome.steps:
            bought = int(step.to is OfferState.REDEEMED)
            if step.to is OfferState.ACCEPTED and step.offer in given_back:
                bought = -1
            offer = known[step.offer]
            self._count(offer.rule, (offer.product, offer.territory), 0, bought)

    async def record_order(self, order: Order) -> None:
        """Count whether a held-out shopper bought the product with an order, or cancelled it.

        Raises:
            LedgerError: A product cannot be read, or the count cannot be recorded.
        """
        candidates = [*self._candidates(order)]
        if not candidates:
            return
        products = await self._products(order)
        changed: dict[bool, list[str]] = {True: [], False: []}
        for shopper in candidates:
            if shopper.offer.product in products:
                was, now = bool(shopper.orders), order.status != "cancelled"
                if not now and EARLIER_ORDER in shopper.orders:
                    shopper.orders = await self._orders_in_force(order, shopper.offer)
                (shopper.orders.add if now else shopper.orders.discard)(order.order)
                if was is not bool(shopper.orders):
                    changed[now].append(shopper.offer.id)
                    where = shopper.offer.product, shopper.offer.territory
                    self._count(NO_OFFER, where, 0, 1 if now else -1)
        for bought, offers in changed.items():
            if offers:
                await self._ledger.mark_bought(offers, bought=bought)

    def forget_session(self, session: str) -> None:
        """Drop the hold-outs listed under a session that has ended."""
        self._held_out.pop(("session", session), None)

    def customers(self) -> set[str]:
        """Return the customers whose purchases are waited for."""
        waiting = {offer.customer for offer in self._queue if offer.customer}
        return waiting | {key for kind, key in self._held_out if kind == "customer"}

    def erase_customer(self, erasure: CustomerErasure) -> None:
        """Recognise a customer's later purchases no more; the hold-outs stay counted."""
        hold_outs = self._held_out.pop(("customer", erasure.customer), {})
        for shopper in hold_outs.values():
            self._stop_waiting(shopper.offer)
        self._queue = deque(erasure.replace_in(offer) for offer in self._queue)

    def _candidates(self, order: Order) -> Iterator[HeldOutShopper]:
        """Yield the hold-outs of the order's shopper whose window is open, each once."""
        placed = to_ms(order.placed_at)
        found: dict[str, HeldOutShopper] = {}
        session = order.session.partition(".")[0] if order.session else None
        for key in (("session", session), ("customer", order.customer)):
            found |= self._held_out.get(key, {}) if key[1] else {}  # type: ignore[arg-type]
        for shopper in found.values():
            issued = shopper.offer.issued_at
            if issued <= placed < issued + PURCHASE_WINDOW:
                yield shopper

    async def _products(self, order: Order) -> set[str]:
        skus = {line.sku for line in order.lines}
        cache = self._fact_cache
        await cache.load([sku for sku in skus if cache.item(sku) is None], [])
        items = [cache.item(sku) or await cache.read_item(sku) for sku in skus]
        return {item.product_id for item in items}

    async def _orders_in_force(self, cancelled: Order, offer: Offer) -> set[str]:
        """Return the orders of a held-out shopper that bought the product, as the ledger has them.

        After a restart it is not known which orders had been counted.

        Args:
            cancelled: An order of the shopper that is cancelled now.
            offer: The offer that was held out.
        """
        named = [("customer", cancelled.customer), ("session", cancelled.session)]
        subjects = [(kind, key) for kind, key in named if key is not None]
        found: set[str] = set()
        for one in await self._ledger.facts_about(subjects, ("order",)):
            fact = decode_stored(one.body)
            if isinstance(fact, Order) and fact.status != "cancelled":
                age = to_ms(fact.placed_at) - offer.issued_at
                if 0 <= age < PURCHASE_WINDOW and offer.product in await self._products(fact):
                    found.add(fact.order)
        return found

    def _watch(self, offer: Offer) -> None:
        """List a hold-out for its purchase window, and drop those whose window has closed."""
        if any(offer.id in self._held_out.get(key, {}) for key in _keys(offer)):
            return
        shopper = HeldOutShopper(offer, {EARLIER_ORDER} if offer.bought else set())
        for key in _keys(offer):
            self._held_out.setdefault(key, {})[offer.id] = shopper
        self._queue.append(offer)
        while self._queue[0].issued_at + PURCHASE_WINDOW <= self._clock.now():
            self._stop_waiting(self._queue.popleft())

    def _stop_waiting(self, offer: Offer) -> None:
        for key in _keys(offer):
            kept = self._held_out.get(key, {})
            kept.pop(offer.id, None)
            if not kept:
                self._held_out.pop(key, None)

    def _count(self, rule: str, where: ProductInTerritory, tried: int, bought: int) -> None:
        rules = self._log.setdefault(where, {})
        rules[rule] = rules.get(rule, EMPTY_TALLY).plus(tried, bought)


def _keys(offer: Offer) -> list[tuple[str, str]]:
    keys = [("session", offer.session)]
    return [*keys, ("customer", offer.customer)] if offer.customer else keys
