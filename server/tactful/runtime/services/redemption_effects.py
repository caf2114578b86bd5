"""What does a redemption need to know of the shop, and what does the shop hear of it?"""

from collections.abc import Collection

from tactful.core.facts import fact_codec
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
    """Between the checkout's desk and the live sessions of one shop."""

    def __init__(self, shared: ShopState, turns: TurnRunner) -> None:
        self._ledger = shared.ledger
        self._world = shared.fact_cache
        self._registry = shared.registry
        self._turns = turns
        self._balances = shared.balances
        self._commitments = shared.stock_commitments
        self._rates = shared.conversions

    async def skus_now(self, skus: Collection[str], territory: str) -> dict[str, SkuNow]:
        """Price, stock and recall of each SKU, as last reported."""
        await self._world.load([sku for sku in skus if self._world.item(sku) is None], [])
        found: dict[str, SkuNow] = {}
        for sku in skus:
            item = self._world.item(sku) or await self._world.read_item(sku)
            found[sku] = shelf(item, territory)
        return found

    async def shipped(self, order: str) -> bool:
        """Whether the shop reported an order as shipped or delivered."""
        stored = await self._ledger.facts_about([("order", order)], ("order",))
        facts = [fact_codec.decode_stored(one.body) for one in stored]
        return any(isinstance(f, Order) and f.status in SHIPPED for f in facts)

    def apply(self, ruling: RedemptionOutcome) -> None:
        """A ruling is durable: make memory and the live session agree with it."""
        self._balances.apply(ruling.moves)
        self._rates.record_redemption(ruling)
        for offer in ruling.offers:
            self._commitments.update(offer)
            live = self._registry.by_id.get(offer.session)
            if live is not None:
                self._turns.submit(live, _signal(offer))


def _signal(offer: Offer) -> OfferRedeemed | RedemptionRolledBack:
    return (
        RedemptionRolledBack(offer) if offer.state is OfferState.ACCEPTED else OfferRedeemed(offer)
    )


def shelf(item: Item, territory: str) -> SkuNow:
    """One SKU as the checkout's desk sees it."""
    price = item.prices.get(territory)
    return SkuNow(
        price=price.fact.price.amount if price else None,
        currency=price.fact.price.currency if price else None,
        available=item.available(territory),
        recalled=bool(item.recalls),
    )
