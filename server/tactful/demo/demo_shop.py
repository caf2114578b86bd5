"""Parts of a running demo."""

from pathlib import Path
from typing import Final

from msgspec import Struct

from tactful.demo.backend import ShopBackend
from tactful.demo.catalogue import ARTICLES, Article
from tactful.demo.clock import DriftClock
from tactful.demo.pages import DEMO_FOLDER
from tactful.demo.seed_facts import CURRENCY, TERRITORY
from tactful.demo.visitors import Visitor, Visitors
from tactful.runtime.shop import Shop

RULES: Final = DEMO_FOLDER / "rules"
"""Folder of the rule files with which every demo starts."""


class DemoShop(Struct, frozen=True, kw_only=True):
    """One demo, from its start or its last reset until the next reset."""

    id: str
    """Random, so that a page sees that another demo has taken its place."""
    shop: Shop
    clock: DriftClock
    backend: ShopBackend
    visitors: Visitors
    rules: Path
    """Folder of the rule files that can be edited in the panel."""
    server_key: str

    @property
    def used(self) -> bool:
        """Whether somebody has opened the shop, moved the clock, or changed the rules."""
        edited = any(
            (self.rules / path.name).read_bytes() != path.read_bytes() for path in RULES.iterdir()
        )
        paused = self.shop.state.active_rulebook.current.paused
        return bool(self.visitors or self.clock.skipped_ms or paused or edited)

    async def prices(self) -> dict[str, int]:
        """Return SKU → public price in cents, as last reported."""
        skus = [variant.sku for article in ARTICLES for variant in article.variants]
        await self._load(skus)
        found = {}
        for sku in skus:
            item = self.shop.state.fact_cache.item(sku)
            kept = item.prices.get(TERRITORY) if item else None
            if kept and kept.fact.price.currency == CURRENCY:
                found[sku] = kept.fact.price.amount
        return found

    async def stock(self, article: Article) -> dict[str, int]:
        """Return SKU → available pieces of each size of an article."""
        skus = [variant.sku for variant in article.variants]
        await self._load(skus)
        found = {}
        for sku in skus:
            item = self.shop.state.fact_cache.item(sku)
            found[sku] = (item.available(TERRITORY) or 0) if item else 0
        return found

    async def _load(self, skus: list[str]) -> None:
        cache = self.shop.state.fact_cache
        await cache.load([sku for sku in skus if cache.item(sku) is None], [])

    def identity(self, visitor: Visitor) -> str | None:
        """Return the signed identity of the customer who is logged in; None: nobody is."""
        return self.backend.sign_identity(visitor.customer) if visitor.customer else None
