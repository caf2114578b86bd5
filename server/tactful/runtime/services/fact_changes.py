"""What memory and sessions learn of facts and heartbeats that are in the ledger."""

from collections.abc import Coroutine
from typing import Any, Final

import msgspec
import structlog
from msgspec import Struct

from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.fact_types import FEEDS, Feed, FeedName, Order, Remedy, ms
from tactful.core.facts.price_history import GENERAL_KIND
from tactful.core.session.signals import OrderReported, VoucherIssued
from tactful.runtime.changes.change_feed import ChangeHandler
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Change, Subject
from tactful.runtime.sessions.fanout import Fanout
from tactful.runtime.sessions.promises_elsewhere import PromisesElsewhere
from tactful.runtime.sessions.turn_runner import TurnRunner
from tactful.runtime.state.session_registry import STANDING, internal_id
from tactful.runtime.state.shop_state import ShopState

log = structlog.get_logger("tactful.facts")

FEED_OF_KIND: Final[dict[str, FeedName]] = {
    str(fact.__struct_config__.tag): feed for fact, feed in FEEDS.items()
}
"""Kind of fact → the feed whose heartbeat it counts as."""


class _Kind(Struct, frozen=True, gc=False):
    """The kind of a stored fact; a general price has none."""

    type: str = GENERAL_KIND


_decode_kind = msgspec.json.Decoder(_Kind).decode


class FactChanges(ChangeHandler):
    """Applies facts and heartbeats to memory, and notifies the sessions concerned.

    A fact drops the items and customers that it changes from the cache. The sessions concerned are
    found by SKU and customer; what their turns will read is loaded once for all of them.
    """

    def __init__(self, shop: ShopState, turns: TurnRunner, fanout: Fanout) -> None:
        """Apply facts to the parts of `shop`.

        Args:
            shop: The memory of the shop.
            turns: Runs the turns of sessions whose orders are reported.
            fanout: Notifies the sessions concerned.
        """
        self._ledger = shop.ledger
        self._facts = shop.fact_cache
        self._registry = shop.registry
        self._feeds = shop.feeds
        self._commitments = shop.stock_commitments
        self._conversions = shop.conversions
        self._erased = shop.erased_customers
        self._telemetry = shop.telemetry
        self._elsewhere = PromisesElsewhere(shop)
        self._turns = turns
        self._fanout = fanout
        self._keys: set[Subject] = set()
        """The index keys of the sessions that the changes since the last `propagate` concern."""
        self._orders: list[Order] = []
        """The orders among these changes."""
        self._stocked: set[str] = set()
        """The SKUs whose stock these changes concern."""
        self._vouchers: list[Remedy] = []
        """The vouchers among these changes."""

    def apply(self, change: Change) -> None:
        """Drop what a fact changes from the cache, and count it as a heartbeat of its feed."""
        if change.kind == "heartbeat":
            for kind, feed in change.subjects:
                if kind == "feed":
                    self._record_heartbeat(feed, change.at)
        else:
            self._apply_fact(change)

    def _apply_fact(self, change: Change) -> None:
        kind = _decode_kind(change.body).type if change.body else "customer"
        if change.body and self._erased.may_begin_anew(change.subjects):
            self._erased.note_stored(decode_stored(change.body))
        skus, customers = self._facts.invalidate(kind, change.subjects)
        for sku in skus:
            self._commitments.invalidate(sku)
            self._keys.add(("sku", sku))
        if kind == "stock":
            self._stocked |= skus
        self._keys.update(("customer", customer) for customer in customers)
        if kind == "order" and isinstance(order := decode_stored(change.body), Order):
            self._orders.append(order)
        elif kind == "remedy" and isinstance(voucher := decode_stored(change.body), Remedy):
            self._vouchers.append(voucher)
        elif kind == "feed" and isinstance(feed := decode_stored(change.body), Feed):
            at = min(change.at, ms(feed.at)) if feed.at else change.at
            self._record_heartbeat(feed.feed, at)
        if kind in FEED_OF_KIND:
            self._record_heartbeat(FEED_OF_KIND[kind], change.at)

    def _record_heartbeat(self, feed: Any, at: int) -> None:
        """Record a heartbeat; a feed that is no longer stale concerns every standing offer."""
        if self._feeds.record_heartbeat(feed, at):
            self._keys.add(STANDING)

    def propagate(self) -> Coroutine[Any, Any, None] | None:
        """Return the work that notifies the sessions concerned."""
        if not (self._keys or self._orders):
            return None
        work = self._notify(self._keys, self._orders, self._stocked, self._vouchers)
        self._keys, self._orders, self._stocked, self._vouchers = set(), [], set(), []
        return work

    async def start_over(self) -> None:
        """Drop all facts, and let every session with an offer pass its gates again."""
        await self._facts.start_over()
        self._feeds.restore(await self._ledger.feed_heartbeats())
        self._keys.add(STANDING)
        self._stocked |= self._commitments.skus()

    async def _notify(
        self,
        keys: set[Subject],
        orders: list[Order],
        stocked: set[str],
        vouchers: list[Remedy],
    ) -> None:
        started = self._telemetry.clock()
        concerned = self._registry.concerned(keys)
        if concerned:
            try:
                await self._facts.load(*self._to_load(keys))
                if stocked and self._ledger.is_shared:
                    on_offer = {sku for sku in stocked if self._registry.concerned([("sku", sku)])}
                    await self._elsewhere.read_where_stock_is_short(on_offer)
            except (LedgerError, LookupError) as error:
                # Each session reads what it needs itself, and reports what it cannot read.
                log.error("facts.unread", error=str(error))  # noqa: TRY400
        for order in orders:
            await self._report_order(order)
        await self._fanout.notify(concerned)
        for voucher in vouchers:
            self._offer_voucher(voucher)
        self._telemetry.record_fanout(started)

    def _offer_voucher(self, voucher: Remedy) -> None:
        """Let the customer's open sessions offer a voucher that was issued just now."""
        if voucher.customer is not None:
            for live in self._registry.concerned([("customer", voucher.customer)]):
                self._turns.submit(live, VoucherIssued(voucher.remedy))

    async def _report_order(self, order: Order) -> None:
        """Report an order to the session in which it was placed, without its gifts."""
        try:
            live = self._registry.by_id.get(internal_id(order.session)) if order.session else None
            if live is not None:
                kept = (
                    line for line in order.lines if line.sku and not line.gift and line.kept_qty
                )
                skus = {line.sku for line in kept}
                if order.status == "cancelled":
                    skus = set()
                items = [
                    self._facts.item(sku) or await self._facts.read_item(sku)
                    for sku in sorted(skus)
                ]
                products = tuple(dict.fromkeys(item.product_id for item in items))
                placed = ms(order.placed_at)
                self._turns.submit(live, OrderReported(order.order, products, placed))
            await self._conversions.record_order(order)
        except (LedgerError, LookupError) as error:
            log.error("order.unread", error=str(error))  # noqa: TRY400

    def _to_load(self, keys: set[Subject]) -> tuple[list[str], list[str]]:
        """Return the SKUs and customers that the turns will read; each is loaded only once."""
        skus = [
            key
            for kind, key in keys
            if kind == "sku"
            and self._facts.item(key) is None
            and self._registry.concerned([(kind, key)])
        ]
        customers = [
            key
            for kind, key in keys
            if kind == "customer"
            and self._facts.customer(key) is None
            and self._registry.concerned([(kind, key)])
        ]
        return skus, customers
