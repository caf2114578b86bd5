"""Facts that a redemption reads, and updates of memory and sessions after it."""

from collections.abc import Collection

from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.fact_types import Order
from tactful.core.facts.item import Item
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.redemption.order_totals import SkuNow
from tactful.core.redemption.redemption_rows import RedemptionOutcome
from tactful.core.session.signals import OfferRedeemed, RedemptionRolledBack
from tactful.runtime.services.redemptions import SHIPPED
from tactful.runtime.sessions.turn_runner import TurnRunner
from tactful.runtime.state.shop_state import ShopState


class RedemptionEffects:
    """The `ShopFacts` of one shop: its fact cache, its balances and its live sessions."""

    def __init__(self, state: ShopState, turns: TurnRunner) -> None:
        self._clock = state.clock
        self._ledger = state.ledger
        self._facts = state.fact_cache
        self._registry = state.registry
        self._erased = state.erased_customers
        self._turns = turns
        self._balances = state.balances
        self._commitments = state.stock_commitments
        self._promises = state.promises
        self._conversions = state.conversions

    async def skus_now(self, skus: Collection[str], territory: str) -> dict[str, SkuNow]:
        """Return price, stock and recall of each SKU in a territory, as last reported.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        await self._facts.load([sku for sku in skus if self._facts.item(sku) is None], [])
        found: dict[str, SkuNow] = {}
        for sku in skus:
            item = self._facts.item(sku) or await self._facts.read_item(sku)
            found[sku] = sku_now(item, territory, self._clock.now())
        return found

    async def is_shipped(self, order: str) -> bool:
        """Return whether the shop reported the order as shipped or delivered.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        stored = await self._ledger.facts_about([("order", order)], ("order",))
        facts = [decode_stored(one.body) for one in stored]
        return any(isinstance(fact, Order) and fact.status in SHIPPED for fact in facts)

    async def customer_of(self, session: str) -> str | None:
        """Return the verified customer of a session now; None: an anonymous or unknown session.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        live = self._registry.by_id.get(session)
        if live is not None:
            return live.customer
        saved = await self._ledger.session(session)
        return saved.customer if saved else None

    def apply(self, outcome: RedemptionOutcome) -> None:
        """Bring memory and the live session in line with an outcome that is durable."""
        self._balances.apply_written(outcome.moves)
        self._conversions.record_redemption(outcome)
        for used in outcome.offers:
            # The ledger may have read it just before its customer was erased.
            offer = self._erased.offer_without_erased(used)
            self._commitments.update(offer)
            self._promises.update(offer)
            live = self._registry.by_id.get(offer.session)
            if live is not None:
                self._turns.submit(live, _signal(offer))


def _signal(offer: Offer) -> OfferRedeemed | RedemptionRolledBack:
    # A rollback leaves the offer accepted, or expired where its hold has ended.
    return (
        RedemptionRolledBack(offer) if offer.state is OfferState.ACCEPTED else OfferRedeemed(offer)
    )


def sku_now(item: Item, territory: str, now: int) -> SkuNow:
    """Return price, stock and recall of one item in a territory; unknown values are `None`.

    Args:
        item: The item.
        territory: ISO 3166-1 or 3166-2 code.
        now: Milliseconds since the Unix epoch, UTC; an announced price is not charged before.
    """
    price = item.price_at(territory, now)
    return SkuNow(
        price=price.fact.price.amount if price else None,
        currency=price.fact.price.currency if price else None,
        available=item.available(territory),
        recalled=bool(item.recalls),
    )
