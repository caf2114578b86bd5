"""What the shop knows about one verified customer."""

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from tactful.core.facts.fact_types import (
    Case,
    CaseLine,
    Customer,
    Objection,
    Order,
    Product,
    Remedy,
    ReportedFact,
    Return,
    Review,
    ms,
)
from tactful.core.facts.shopper_contacts import contacts_of


class History(Struct, frozen=True, gc=False, kw_only=True):
    """The facts about one customer, and the products that they mention."""

    customer: str
    contacts: frozenset[str] = frozenset()
    """The contacts that the customer's own facts name, as keyed digests."""
    about: ReportedFact[Customer] | None = None
    orders: tuple[ReportedFact[Order], ...] = ()
    """The customer's own orders, those of their contacts, and those that a fact of this history names."""
    returns: tuple[ReportedFact[Return], ...] = ()
    """The customer's own returns, those of their contacts, and those of an order of this history."""
    cases: tuple[ReportedFact[Case], ...] = ()
    """The cases with the customer or one of their contacts as complainant, purchaser or owner of the order.

    Also included are the cases that one of these was merged into, and those that a remedy makes up
    for.
    """
    reviews: tuple[ReportedFact[Review], ...] = ()
    """Every version of every review."""
    remedies: tuple[ReportedFact[Remedy], ...] = ()
    objections: tuple[ReportedFact[Objection], ...] = ()
    gone_orders: frozenset[str] = frozenset()
    """The orders that do not exist any more. They still say what their cases are about."""
    products: Mapping[str, Product] = {}
    """SKU → product, for the SKUs that these facts name and for the components of bundles among them."""
    upto: int = 0
    """The number of the ledger's newest fact at the time of reading; it makes the reading repeatable."""

    @property
    def is_empty(self) -> bool:
        """Whether no fact is about the customer."""
        parts = (self.orders, self.returns, self.cases, self.reviews, self.remedies)
        return self.about is None and not any((*parts, self.objections))

    @property
    def fact_count(self) -> int:
        """The number of facts that the history holds."""
        parts = (self.orders, self.returns, self.cases, self.reviews, self.remedies)
        return sum(len(part) for part in (*parts, self.objections))

    def concerns(self, fact: Order | Return) -> bool:
        """Return whether a fact is the customer's own, or may be, because it has a contact of theirs."""
        return fact.customer == self.customer or not self.contacts.isdisjoint(contacts_of(fact))

    def product_id(self, sku: str) -> str:
        """Return the product of an SKU; an SKU that nobody reported is its own product."""
        known = self.products.get(sku)
        return known.product if known else sku

    def brand(self, sku: str) -> str | None:
        """Return the brand of an SKU, where the shop named one."""
        known = self.products.get(sku)
        return known.brand if known else None

    def has_products(self, skus: Collection[str]) -> bool:
        """Return whether there are any SKUs, and the product of each is known."""
        return bool(skus) and all(sku in self.products for sku in skus)

    def skus_of_order(self, order: str | None) -> list[str]:
        """Return the SKUs of an order; none if nobody reported it."""
        return [
            line.sku
            for reported in self.orders
            if order in reported.fact.ids
            for line in reported.fact.lines
            if line.sku
        ]

    def skus_of_lines(self, lines: Iterable[CaseLine]) -> list[str]:
        """Return the SKUs of some lines of orders, by the shop's own ids of the lines."""
        wanted = {(line.order, line.line) for line in lines}
        return [
            line.sku
            for reported in self.orders
            for line in reported.fact.lines
            if line.sku and any((order, line.line) in wanted for order in reported.fact.ids)
        ]

    def skus_bought_in(self, since: int, until: int | None) -> list[str]:
        """Return the SKUs that the customer may have ordered in [`since`, `until`], in ms since the Unix epoch."""
        return [
            line.sku
            for reported in self.orders
            if self.concerns(reported.fact) and reported.fact.status != "cancelled"
            if since <= ms(reported.fact.placed_at)
            if until is None or ms(reported.fact.placed_at) <= until
            for line in reported.fact.lines
            if line.sku
        ]

    def with_components(self, skus: Collection[str]) -> tuple[str, ...]:
        """Return SKUs with the components of the bundles: a complaint about a bundle concerns both."""
        known = (self.products.get(sku) for sku in skus)
        parts = [part for product in known if product for part in product.components]
        return tuple(dict.fromkeys((*skus, *parts)))
