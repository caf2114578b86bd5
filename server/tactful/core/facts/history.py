"""What the shop knows about one verified customer."""

from collections.abc import Collection, Mapping

from msgspec import Struct

from tactful.core.facts.fact_types import (
    Case,
    Customer,
    Order,
    Product,
    Remedy,
    ReportedFact,
    Return,
    Review,
    ms,
)


class History(Struct, frozen=True, gc=False, kw_only=True):
    """The facts about one customer, and the products they mention.

    Every version of a review is here.
    `cases` has those of the customer as complainant, as purchaser and as whoever the order belongs
    to, and those that one of them was merged into or a remedy makes up for.
    `orders` has the customer's own, and those that a case, return or remedy here names; `returns`
    the customer's, and those from an order here.
    """

    customer: str
    about: ReportedFact[Customer] | None = None
    orders: tuple[ReportedFact[Order], ...] = ()
    returns: tuple[ReportedFact[Return], ...] = ()
    cases: tuple[ReportedFact[Case], ...] = ()
    reviews: tuple[ReportedFact[Review], ...] = ()
    remedies: tuple[ReportedFact[Remedy], ...] = ()
    products: Mapping[str, Product] = {}
    upto: int = 0
    """The number of the newest fact when it was read; by that the same history can be read again."""

    def product_id(self, sku: str) -> str:
        """The product; an unknown SKU is its own product."""
        known = self.products.get(sku)
        return known.product if known else sku

    def brand(self, sku: str) -> str | None:
        """The brand, where the shop named one."""
        known = self.products.get(sku)
        return known.brand if known else None

    def has_products(self, skus: Collection[str]) -> bool:
        """Whether there are any, and the catalogue has them all."""
        return bool(skus) and all(sku in self.products for sku in skus)

    def skus_of_order(self, order: str | None) -> list[str]:
        """The SKUs of an order; none if nobody reported it."""
        return [
            line.sku for kept in self.orders if kept.fact.order == order for line in kept.fact.lines
        ]

    def skus_bought_since(self, since: int) -> list[str]:
        """The SKUs that the customer ordered from an instant on."""
        return [
            line.sku
            for kept in self.orders
            if kept.fact.customer == self.customer and kept.fact.status != "cancelled"
            if ms(kept.fact.placed_at) >= since
            for line in kept.fact.lines
        ]

    def with_components(self, skus: Collection[str]) -> tuple[str, ...]:
        """With what is in the bundles: a complaint about a bundle is one about its parts."""
        known = (self.products.get(sku) for sku in skus)
        parts = [part for product in known if product for part in product.components]
        return tuple(dict.fromkeys((*skus, *parts)))
