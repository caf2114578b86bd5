"""A shop in a list: facts in, items and histories out, by the plainest code that does it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tactful.core.facts import fact_types as facts
from tactful.core.facts.fact_types import AnyFact, ReportedFact, key_of, ms
from tactful.core.facts.history import History
from tactful.core.facts.item import Item, PublicPrice


class Shop:
    """What was reported; per key the highest version counts, and of equals the first."""

    def __init__(self, reported: Iterable[tuple[AnyFact, int]] = ()) -> None:
        self.kept: dict[tuple[str, str], ReportedFact[Any]] = {}
        self.prices: list[ReportedFact[facts.Price]] = []
        for fact, at in reported:
            self.report(fact, at)

    def report(self, fact: AnyFact, at: int) -> bool:
        """Take a fact in; False if a newer version is known."""
        version = str(fact.version if fact.version is not None else at)
        key = (type(fact).__name__, key_of(fact, version))
        known = self.kept.get(key)
        if known and _late(fact, known.fact):
            return False
        self.kept[key] = ReportedFact(fact, at)
        if isinstance(fact, facts.Price):
            self.prices.append(ReportedFact(fact, at))
        return True

    def all(self, kind: type[Any]) -> list[ReportedFact[Any]]:
        return [kept for kept in self.kept.values() if isinstance(kept.fact, kind)]

    def item(self, sku: str, *, part: bool = False) -> Item:
        product = next((k for k in self.all(facts.Product) if k.fact.sku == sku), None)
        stock: dict[str, list[ReportedFact[facts.Stock]]] = {}
        for kept in self.all(facts.Stock):
            if kept.fact.sku == sku:
                stock.setdefault(kept.fact.territory, []).append(kept)
        prices = {k.fact.territory: k for k in self.all(facts.Price) if k.fact.sku == sku}
        parts = () if part or product is None else product.fact.components
        return Item(
            sku=sku,
            product=product,
            prices=prices,
            costs={k.fact.scope: k for k in self.all(facts.Cost) if k.fact.sku == sku},
            stock={place: tuple(rows) for place, rows in stock.items()},
            recalls=self._recalls(sku),
            components=tuple(self.item(one, part=True) for one in parts),
            history={place: self._ledger(sku, place) for place in prices},
        )

    def _recalls(self, sku: str) -> tuple[str, ...]:
        """A recall of one variant is one of the product."""
        products = {k.fact.sku: k.fact.product for k in self.all(facts.Product)}
        here = products.get(sku, sku)
        return tuple(
            k.fact.recall
            for k in self.all(facts.Recall)
            if k.fact.status == "active"
            if here == k.fact.product or here in {products.get(one, one) for one in k.fact.skus}
        )

    def _ledger(self, sku: str, territory: str) -> tuple[PublicPrice, ...]:
        mine = [k for k in self.prices if (k.fact.sku, k.fact.territory) == (sku, territory)]
        rows = [
            PublicPrice(
                ms(k.fact.since) if k.fact.since else k.at,
                k.fact.price.amount,
                k.fact.price.currency,
            )
            for k in mine
        ]
        return tuple(sorted(rows, key=lambda row: row.since))

    def history(self, customer: str) -> History:
        """All that concerns a customer, found by going round until nothing new is found."""
        remedies = [k for k in self.all(facts.Remedy) if k.fact.customer == customer]
        owners = {k.fact.order: k.fact.customer for k in self.all(facts.Order)}
        cases: set[str] = {k.fact.cause.case for k in remedies if k.fact.cause.case}
        for kept in self.all(facts.Case):
            people = {kept.fact.customer, kept.fact.purchaser, owners.get(kept.fact.order)}
            cases |= {kept.fact.case} if customer in people else set()
        for _ in self.all(facts.Case):
            merged = (k.fact for k in self.all(facts.Case) if k.fact.status == "merged")
            cases |= {one.merged_into for one in merged if one.case in cases and one.merged_into}
        mine = [k for k in self.all(facts.Case) if k.fact.case in cases]
        orders = {order for order, owner in owners.items() if owner == customer}
        orders |= {k.fact.order for k in mine if k.fact.order}
        orders |= {k.fact.cause.order for k in remedies if k.fact.cause.order}
        returns = [k for k in self.all(facts.Return) if k.fact.customer == customer]
        orders |= {k.fact.order for k in returns if k.fact.order}
        also = [k for k in self.all(facts.Return) if k.fact.order in orders and k not in returns]
        return History(
            customer=customer,
            about=next((k for k in self.all(facts.Customer) if k.fact.customer == customer), None),
            orders=tuple(k for k in self.all(facts.Order) if k.fact.order in orders),
            returns=(*returns, *also),
            cases=tuple(mine),
            reviews=tuple(k for k in self.all(facts.Review) if k.fact.customer == customer),
            remedies=tuple(remedies),
            products={k.fact.sku: k.fact for k in self.all(facts.Product)},
        )


def _late(fact: AnyFact, known: AnyFact) -> bool:
    """Versions are compared within their kind; without one, a fact is newer than any."""
    one, other = fact.version, known.version
    if isinstance(one, int) and isinstance(other, int):
        return one <= other
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one <= other
    return False
