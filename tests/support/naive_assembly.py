"""A naive assembly of facts into items and histories, as an independent check of the real one.

Every fact is in one list, and every question walks the whole list.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tactful.core.facts import fact_types as facts
from tactful.core.facts.fact_types import AnyFact, ReportedFact, key_of, ms
from tactful.core.facts.history import History
from tactful.core.facts.item import Item
from tactful.core.facts.price_history import PublicPrice
from tactful.core.facts.price_plan import PricePlan, price_plan


class NaiveShop:
    """Reported facts: of each key, the highest version is in force, and of equal versions the first."""

    def __init__(self, reported: Iterable[tuple[AnyFact, int]] = ()) -> None:
        self.in_force: dict[tuple[str, str], ReportedFact[Any]] = {}
        self.prices: list[ReportedFact[facts.Price]] = []
        for fact, at in reported:
            self.report(fact, at)

    def report(self, fact: AnyFact, at: int) -> bool:
        """Add a fact; return False if a newer version is known."""
        version = str(fact.version if fact.version is not None else at)
        key = (type(fact).__name__, key_of(fact, version))
        known = self.in_force.get(key)
        if known and _late(fact, known.fact):
            return False
        self.in_force[key] = ReportedFact(fact, at)
        if isinstance(fact, facts.Price):
            self.prices.append(ReportedFact(fact, at))
        return True

    def of_kind(self, kind: type[Any]) -> list[ReportedFact[Any]]:
        return [kept for kept in self.in_force.values() if isinstance(kept.fact, kind)]

    def item(self, sku: str, *, part: bool = False) -> Item:
        product = next((k for k in self.of_kind(facts.Product) if k.fact.sku == sku), None)
        stock: dict[str, list[ReportedFact[facts.Stock]]] = {}
        for kept in self.of_kind(facts.Stock):
            if kept.fact.sku == sku:
                stock.setdefault(kept.fact.territory, []).append(kept)
        prices = {k.fact.territory: k for k in self.of_kind(facts.Price) if k.fact.sku == sku}
        parts = () if part or product is None else product.fact.components
        return Item(
            sku=sku,
            product=product,
            prices=prices,
            costs={k.fact.scope: k for k in self.of_kind(facts.Cost) if k.fact.sku == sku},
            stock={place: tuple(rows) for place, rows in stock.items()},
            plans={place: plan for place in prices if (plan := self._plan(sku, place))},
            recalls=self._recalls(sku),
            components=tuple(self.item(one, part=True) for one in parts),
            history={place: self._public_prices(sku, place) for place in prices},
        )

    def _plan(self, sku: str, place: str) -> PricePlan:
        mine = [k for k in self.prices if (k.fact.sku, k.fact.territory) == (sku, place)]
        return price_plan(mine)

    def _recalls(self, sku: str) -> tuple[str, ...]:
        """Return the recalls of an SKU: a recall of one variant recalls them all."""
        products = {k.fact.sku: k.fact.product for k in self.of_kind(facts.Product)}
        here = products.get(sku, sku)
        return tuple(
            k.fact.recall
            for k in self.of_kind(facts.Recall)
            if k.fact.status == "active"
            if here == k.fact.product or here in {products.get(one, one) for one in k.fact.skus}
        )

    def _public_prices(self, sku: str, territory: str) -> tuple[PublicPrice, ...]:
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
        """Return everything that concerns a customer, following links until nothing new is found."""
        remedies = [k for k in self.of_kind(facts.Remedy) if k.fact.customer == customer]
        owners = {k.fact.order: k.fact.customer for k in self.of_kind(facts.Order)}
        cases: set[str] = {k.fact.cause.case for k in remedies if k.fact.cause.case}
        for kept in self.of_kind(facts.Case):
            people = {kept.fact.customer, kept.fact.purchaser, owners.get(kept.fact.order)}
            cases |= {kept.fact.case} if customer in people else set()
        for _ in self.of_kind(facts.Case):
            merged = (k.fact for k in self.of_kind(facts.Case) if k.fact.status == "merged")
            cases |= {one.merged_into for one in merged if one.case in cases and one.merged_into}
        mine = [k for k in self.of_kind(facts.Case) if k.fact.case in cases]
        orders = {order for order, owner in owners.items() if owner == customer}
        orders |= {k.fact.order for k in mine if k.fact.order}
        orders |= {k.fact.cause.order for k in remedies if k.fact.cause.order}
        returns = [k for k in self.of_kind(facts.Return) if k.fact.customer == customer]
        orders |= {k.fact.order for k in returns if k.fact.order}
        also = [
            k for k in self.of_kind(facts.Return) if k.fact.order in orders and k not in returns
        ]
        return History(
            customer=customer,
            about=next(
                (k for k in self.of_kind(facts.Customer) if k.fact.customer == customer), None
            ),
            orders=tuple(k for k in self.of_kind(facts.Order) if k.fact.order in orders),
            returns=(*returns, *also),
            cases=tuple(mine),
            reviews=tuple(k for k in self.of_kind(facts.Review) if k.fact.customer == customer),
            remedies=tuple(remedies),
            objections=tuple(
                k for k in self.of_kind(facts.Objection) if k.fact.customer == customer
            ),
            products={k.fact.sku: k.fact for k in self.of_kind(facts.Product)},
        )


def _late(fact: AnyFact, known: AnyFact) -> bool:
    """Return whether a fact is older; versions compare within their kind, and no version is the newest."""
    one, other = fact.version, known.version
    if isinstance(one, int) and isinstance(other, int):
        return one <= other
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one <= other
    return False
