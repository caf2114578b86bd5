"""How do facts come in, become durable, and reach the sessions that they concern?"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from msgspec import Struct

from tactful.core.facts import fact_codec
from tactful.core.facts.fact_codec import FactRejection
from tactful.core.facts.fact_types import (
    FEEDS,
    AnyFact,
    Feed,
    FeedName,
    Order,
    kind_of,
    ms,
    subjects_of,
)
from tactful.core.facts.fact_versions import is_dated, ordinal, versioned_key
from tactful.core.session.signals import OrderReported
from tactful.core.values.calendar import SECOND
from tactful.runtime.ports.ledger_rows import FactRow
from tactful.runtime.sessions.fanout import Fanout
from tactful.runtime.sessions.lifecycle import internal_id
from tactful.runtime.sessions.turn_runner import TurnRunner
from tactful.runtime.state.session_registry import STANDING
from tactful.runtime.state.shop_state import ShopState


class IngestReport(Struct, frozen=True):
    """What became of a batch; sent as it is."""

    accepted: int
    ignored: int
    rejected: tuple[FactRejection, ...] = ()


class FactIngest:
    """Takes batches of facts of one shop."""

    def __init__(
        self,
        shared: ShopState,
        turns: TurnRunner,
        fanout: Fanout,
        cancelled: Callable[[str], Awaitable[None]],
    ) -> None:
        """`cancelled` hears of each order that is reported as cancelled, again where it is repeated."""
        self._ledger = shared.ledger
        self._clock = shared.clock
        self._world = shared.fact_cache
        self._registry = shared.registry
        self._turns = turns
        self._fanout = fanout
        self._freshness = shared.feeds
        self._commitments = shared.stock_commitments
        self._rates = shared.conversions
        self._cancelled = cancelled
        self._telemetry = shared.telemetry
        self._kept_heard: dict[FeedName, int] = {}

    async def ingest(self, raw: Sequence[bytes | msgspec.Raw]) -> IngestReport:
        """Make the good ones durable, and tell the sessions concerned; a bad one harms no neighbour."""
        read = [fact_codec.decode(one, index) for index, one in enumerate(raw)]
        facts = [fact for fact in read if not isinstance(fact, FactRejection)]
        rejected = tuple(one for one in read if isinstance(one, FactRejection))
        now = self._clock.now()
        kept = await self._ledger.record_facts([fact_row(fact, now) for fact in facts])
        accepted = [fact for fact, new in zip(facts, kept, strict=True) if new]
        recovered = [self._hear(fact, now) for fact in facts]
        await asyncio.gather(
            self._keep_heard(), self._spread(facts, accepted, recovered=any(recovered))
        )
        for fact in accepted:
            if isinstance(fact, Order):
                await self._rates.record_order(fact)
        # One that was known already may have been taken in right before a power cut.
        over = [fact for fact in facts if isinstance(fact, Order) and fact.status == "cancelled"]
        await asyncio.gather(*(self._cancelled(fact.order) for fact in over))
        report = IngestReport(len(accepted), len(facts) - len(accepted), rejected)
        self._telemetry.record_facts(report.accepted, report.ignored, len(rejected))
        return report

    async def _spread(
        self, facts: Sequence[AnyFact], accepted: Sequence[AnyFact], *, recovered: bool
    ) -> None:
        """Forget what changed, and let the sessions concerned look again; all, if a feed is back."""
        started = self._telemetry.clock()
        for fact in facts:
            if is_dated(fact):
                self._world.invalidate(fact)
        keys: set[tuple[str, str]] = set()
        for fact in accepted:
            skus, customers = self._world.invalidate(fact)
            for sku in skus:
                self._commitments.invalidate(sku)
                keys.add(("sku", sku))
            keys |= {("customer", customer) for customer in customers}
        if recovered:
            keys.add(STANDING)
        concerned = self._registry.concerned(keys)
        if concerned:
            await self._world.load(*self._in_play(keys))
        for fact in accepted:
            if isinstance(fact, Order):
                await self._sold(fact)
        await self._fanout.notify(concerned)
        self._telemetry.record_fanout(started)

    async def _sold(self, order: Order) -> None:
        """Tell the guest's session, whose order it is, what was bought in it; gifts do not count."""
        live = self._registry.by_id.get(internal_id(order.session)) if order.session else None
        if live is None:
            return
        skus = {line.sku for line in order.lines if not line.gift}
        if order.status == "cancelled":
            skus = set()
        items = [self._world.item(sku) or await self._world.read_item(sku) for sku in sorted(skus)]
        products = tuple(dict.fromkeys(item.product_id for item in items))
        self._turns.submit(live, OrderReported(order.order, products, ms(order.placed_at)))

    def _in_play(self, keys: set[tuple[str, str]]) -> tuple[list[str], list[str]]:
        """What the sessions concerned will ask for, so that it is read once and before their turns."""
        skus = [
            key
            for kind, key in keys
            if kind == "sku"
            and self._world.item(key) is None
            and self._registry.concerned([(kind, key)])
        ]
        customers = [
            key
            for kind, key in keys
            if kind == "customer"
            and self._world.customer(key) is None
            and self._registry.concerned([(kind, key)])
        ]
        return skus, customers

    async def _keep_heard(self) -> None:
        """A restart must not take a feed that lives for a silent one; to the second is enough."""
        for feed, at in self._freshness.heard.items():
            if at - self._kept_heard.get(feed, 0) >= SECOND:
                self._kept_heard[feed] = at
                await self._ledger.record_heartbeat(feed, at)

    def _hear(self, fact: AnyFact, now: int) -> bool:
        """Any fact is a sign of life of its feed, a known or late one too."""
        if isinstance(fact, Feed):
            return self._freshness.record_heartbeat(
                fact.feed, min(now, ms(fact.at)) if fact.at else now
            )
        feed = FEEDS.get(type(fact))
        return feed is not None and self._freshness.record_heartbeat(feed, now)


def fact_row(fact: AnyFact, now: int) -> FactRow:
    """A fact as the ledger takes it."""
    return FactRow(
        kind=kind_of(fact),
        key=versioned_key(fact, now),
        version=ordinal(fact.version),
        subjects=tuple(subjects_of(fact)),
        body=fact_codec.encode(fact),
        at=now,
        dated=is_dated(fact),
    )
