"""A connector on a ledger in memory with the fake shop that it reads, and what the facts say."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

import msgspec

from support.deliveries import CONTACTS, TERMS
from support.fake_shop import Delivery, FakeShop, RemoteShop
from support.inbox import SECRET, SettableClock
from tactful.connectors.connector import Connector
from tactful.connectors.inbox.inbox_service import InboxService, install
from tactful.connectors.signatures import standard_secret, standard_webhooks_headers
from tactful.core.facts.fact_codec import FactRejection, decode_stored, read_fact
from tactful.core.facts.fact_types import Order, Return, Review, kind_of
from tactful.core.facts.fact_versions import FactOutcome
from tactful.runtime.facts.fact_reader import FactReader
from tactful.runtime.ports.deliveries import Receipt
from tactful.runtime.services.ingest import IngestReport, fact_row
from tactful.stores.memory.ledger import MemoryLedger

STATUSES = {
    ("placed", False): "pending",
    ("placed", True): "processing",
    ("shipped", True): "completed",
}


class LedgerIngest:
    """Stores facts in a ledger, and nothing else."""

    def __init__(self, ledger: MemoryLedger, clock: SettableClock) -> None:
        self._ledger = ledger
        self._clock = clock
        self.accepted: list[str] = []
        """The kind of each fact that was accepted."""

    async def ingest(
        self,
        raw: Sequence[bytes | msgspec.Raw],
        *,
        has_keyed_contacts: bool = False,
        can_wait: bool = False,
    ) -> IngestReport:
        """Store the valid facts."""
        assert has_keyed_contacts
        assert can_wait, "no request waits for what a connector reports"
        read = [read_fact(one, index).result for index, one in enumerate(raw)]
        rejected = tuple(one for one in read if isinstance(one, FactRejection))
        facts = [one for one in read if not isinstance(one, FactRejection)]
        rows = [fact_row(one, self._clock.now()) for one in facts]
        outcomes = await self._ledger.record_facts(rows)
        new = [
            kind_of(fact)
            for fact, outcome in zip(facts, outcomes, strict=True)
            if outcome is FactOutcome.ACCEPTED
        ]
        self.accepted += new
        return IngestReport(len(new), len(facts) - len(new), rejected)


class ReconciledShop:
    """A fake shop, its connector under the name `shop`, and the facts."""

    def __init__(
        self,
        shop: FakeShop,
        connector: Connector,
        ledger: MemoryLedger | None = None,
        clock: SettableClock | None = None,
    ) -> None:
        self.shop = shop
        self.clock = clock or SettableClock()
        self.ledger = ledger or MemoryLedger()
        self.ingest = LedgerIngest(self.ledger, self.clock)
        self.installed = install("shop", connector, secret=SECRET, terms=TERMS)
        self.installed.remote = RemoteShop(shop)
        stored: Any = self.ingest
        self.service = InboxService(
            [self.installed],
            inbox=self.ledger,
            facts=self.ledger,
            ingest=stored,
            clock=self.clock,
            contact_key=CONTACTS.key,
        )
        self.reconciler = self.service.reconcilers["shop"]

    def later(self, seconds: int) -> None:
        """Let time pass for both sides."""
        self.shop.now += seconds
        self.clock.at += seconds * 1000

    async def deliver(self, sent: Delivery, triggered_at: str = "") -> Receipt:
        """Deliver a webhook, signed; `triggered_at` is when Shopify says that it was made."""
        body = json.dumps(sent.body).encode()
        digest = hmac.digest(SECRET.encode(), body, hashlib.sha256)
        signature = base64.b64encode(digest).decode()
        headers = {
            "x-wc-webhook-topic": sent.topic,
            "x-wc-webhook-delivery-id": f"d{sent.number}",
            "x-wc-webhook-signature": signature,
            "x-shopify-topic": sent.topic,
            "x-shopify-webhook-id": f"d{sent.number}",
            "x-shopify-hmac-sha256": signature,
            "x-shopify-triggered-at": triggered_at,
            ":secret": SECRET,
            **standard_webhooks_headers(
                [standard_secret(SECRET)], f"d{sent.number}", self.clock.now() // 1000, body
            ),
        }
        return await self.service.receiver.receive("shop", headers, body)

    async def map_all(self) -> None:
        """Map every delivery that waits."""
        (worker,) = self.service._workers.values()
        assert await worker.map_waiting() is None

    async def facts(self) -> dict[str, Any]:
        """Return what the facts say about what can be bought, its reviews, and all orders."""
        found: dict[str, Any] = {}
        reader = FactReader(self.ledger)
        for sku in await self.ledger.known_skus("", 10_000):
            item = await reader.item(sku)
            if item.product is None or item.end or item.product.fact.status != "active":
                continue
            price = item.prices.get("DE")
            (stock,) = item.stock["DE"]
            amount = price and price.fact.price.amount
            found[sku] = (amount, stock.fact.available, item.product.fact.categories)
        for one in await self.ledger.facts_of_kind("review", "", 10_000):
            review = decode_stored(one.body)
            if isinstance(review, Review) and review.sku in found:
                found[f"review {review.review}"] = review.rating
        for stored in await self.ledger.facts_of_kind("order", "", 10_000):
            found |= await self._order(stored.key)
        return found

    async def _order(self, order: str) -> dict[str, Any]:
        stored = [
            read_fact(one.body).result
            for one in await self.ledger.facts_about([("order", order)], ("order", "return"))
        ]
        status = None
        for one in stored:
            if isinstance(one, Order) and one.order == order:
                status = (
                    "cancelled"
                    if one.status == "cancelled"
                    else STATUSES[one.status, one.paid is True]
                )
        back = sorted(line.qty for one in stored if isinstance(one, Return) for line in one.lines)
        return {order: (status, tuple(back))} if status else {}
