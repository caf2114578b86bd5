"""Which items and customers do some facts amount to? For checks and tests without a ledger."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import structs

from tactful.core.facts.fact_types import (
    AnyFact,
    Case,
    Cost,
    Customer,
    Order,
    Price,
    Product,
    Recall,
    Remedy,
    ReportedFact,
    Return,
    Review,
    Stock,
    key_of,
    ms,
)
from tactful.core.facts.history import History
from tactful.core.facts.item import Item, PublicPrice

Key = tuple[type, str]


class FactSet:
    """Facts as they come in: the last word on each thing counts, with the instant it was said."""

    def __init__(self) -> None:
        self._kept: dict[Key, ReportedFact[Any]] = {}
        self._prices: list[ReportedFact[Price]] = []

    def add(self, fact: AnyFact, at: int) -> None:
        """Takes a fact that was reported at an instant."""
        self._kept[type(fact), key_of(fact, str(at))] = ReportedFact(fact, at)
        if isinstance(fact, Price):
            self._prices.append(ReportedFact(fact, at))

    def of(self, kind: type) -> Iterable[ReportedFact[Any]]:
        """All facts of one kind."""
        return (kept for (which, _), kept in self._kept.items() if which is kind)

    def items(self) -> dict[str, Item]:
        """SKU → item, with the components of bundles."""
        skus = {kept.fact.sku for kind in (Product, Price, Stock) for kept in self.of(kind)}
        plain = {sku: self._item(sku) for sku in sorted(skus)}
        return {sku: _with_components(item, plain) for sku, item in plain.items()}

    def _item(self, sku: str) -> Item:
        product = next((kept for kept in self.of(Product) if kept.fact.sku == sku), None)
        stock: dict[str, tuple[ReportedFact[Stock], ...]] = {}
        for kept in self.of(Stock):
            if kept.fact.sku == sku:
                stock[kept.fact.territory] = (*stock.get(kept.fact.territory, ()), kept)
        product_id = product.fact.product if product else sku
        return Item(
            sku=sku,
            product=product,
            prices={k.fact.territory: k for k in self.of(Price) if k.fact.sku == sku},
            costs={k.fact.scope: k for k in self.of(Cost) if k.fact.sku == sku},
            stock=stock,
            recalls=tuple(
                k.fact.recall
                for k in self.of(Recall)
                if k.fact.status == "active"
                and (k.fact.product == product_id or sku in k.fact.skus)
            ),
            history=self._ledger(sku),
        )

    def _ledger(self, sku: str) -> dict[str, tuple[PublicPrice, ...]]:
        found: dict[str, list[PublicPrice]] = {}
        for kept in self._prices:
            fact = kept.fact
            if fact.sku == sku:
                since = ms(fact.since) if fact.since else kept.at
                price = PublicPrice(since, fact.price.amount, fact.price.currency)
                found.setdefault(fact.territory, []).append(price)
        return {
            territory: tuple(sorted(prices, key=lambda price: price.since))
            for territory, prices in found.items()
        }

    def history(self, customer: str) -> History:
        """What is known of one customer."""
        about = next((k for k in self.of(Customer) if k.fact.customer == customer), None)
        own = {
            kind: tuple(k for k in self.of(kind) if customer in _people(k.fact))
            for kind in (Return, Case, Review, Remedy)
        }
        named = {k.fact.order for k in (*own[Return], *own[Case])}
        orders = (k for k in self.of(Order) if k.fact.customer == customer or k.fact.order in named)
        return History(
            customer=customer,
            about=about,
            orders=tuple(orders),
            returns=own[Return],
            cases=own[Case],
            reviews=own[Review],
            remedies=own[Remedy],
            products={kept.fact.sku: kept.fact for kept in self.of(Product)},
        )


def _people(fact: Any) -> set[str | None]:
    return {fact.customer, getattr(fact, "purchaser", None)}


def _with_components(item: Item, items: Mapping[str, Item]) -> Item:
    parts = item.product.fact.components if item.product else ()
    components = tuple(items.get(sku) or Item(sku=sku) for sku in parts)
    return structs.replace(item, components=components) if components else item
