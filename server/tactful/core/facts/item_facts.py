"""Facts about what is sold: products, prices, costs, stock and recalls."""

from typing import Annotated, Literal

from msgspec import Meta

from tactful.core.facts.fact_values import (
    Attributes,
    Count,
    Fact,
    Id,
    Instant,
    Rate,
    Territory,
    Text,
    Url,
)
from tactful.core.values.money import Currency, Money


class Product(Fact, frozen=True, kw_only=True, tag="product"):
    """One sellable variant (`sku`) of a `product`."""

    sku: Id
    product: Id
    title: Text
    brand: Id | None = None
    categories: Annotated[tuple[Text, ...], Meta(max_length=50)] = ()
    components: Annotated[tuple[Id, ...], Meta(max_length=50)] = ()
    consumable_days: Annotated[int, Meta(ge=1, le=3650)] | None = None
    min_age: Annotated[int, Meta(ge=0, le=120)] | None = None
    attributes: Annotated[Attributes, Meta(max_length=50)] | None = None
    url: Url | Annotated[tuple[Url, ...], Meta(max_length=50)] | None = None
    """The address of its page, or every address at which it is sold."""
    image: Url | None = None
    status: Literal["active", "discontinued"] = "active"

    @property
    def page(self) -> str | None:
        """The first address of its page."""
        return next(iter(self.addresses), None)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address of its page."""
        if isinstance(self.url, tuple):
            return self.url
        return () if self.url is None else (self.url,)


class Price(Fact, frozen=True, kw_only=True, tag="price"):
    """The public price of an SKU in a territory, as the shopper sees it."""

    sku: Id
    territory: Territory
    price: Money
    tax_included: bool
    tax_rate_bp: Rate
    """The tax rate in basis points."""
    list: Money | None = None
    """The list price; `max_total_discount` counts from it."""
    target: Money | None = None
    """The lowest price at which the shop means to sell there."""
    minimum_advertised: Money | None = None
    """The lowest price that the manufacturer lets the shop advertise."""
    since: Instant | None = None
    """When the price starts to apply; `None`: when it is reported."""
    channel: Id | None = None
    """The sales channel that has this price; `None`: every channel without a price of its own."""
    group: Id | None = None
    """The customer group that has this price; `None`: everybody without a price of their own."""


class Cost(Fact, frozen=True, kw_only=True, tag="cost"):
    """The shop's cost of an SKU, net of tax; without a territory, for all sales in the currency."""

    sku: Id
    cost: Money
    territory: Territory | None = None
    cost_is_zero: bool = False
    """Whether a cost of 0 is the true cost. Otherwise 0 means that the cost is unknown."""

    @property
    def is_known(self) -> bool:
        """Whether the cost says what the item costs."""
        return self.cost.amount > 0 or (self.cost.amount == 0 and self.cost_is_zero)

    @property
    def scope(self) -> str:
        """The territory or the currency that it is for. Nothing is converted between currencies."""
        return self.territory or self.cost.currency


class Stock(Fact, frozen=True, kw_only=True, tag="stock"):
    """How many units of an SKU can be sold into a territory, per location."""

    sku: Id
    territory: Territory
    available: Count | None
    """`None`: the shop does not count the units; `policy` then says what that means."""
    location: Id | None = None
    policy: Literal["deny", "backorder", "untracked"] = "deny"
    """Whether the item is sold without counted stock: on back order, or because nobody counts."""

    @property
    def is_counted(self) -> bool:
        """Whether the number of units limits what can be sold."""
        return self.policy == "deny"


GoneKind = Literal["product", "price", "stock", "order"]


class Gone(Fact, frozen=True, kw_only=True, tag="gone"):
    """A product, price, stock or order that does not exist any more.

    It takes the place of the fact that it ends, so that the higher version of the two is in force.
    """

    of: GoneKind
    sku: Id | None = None
    product: Id | None = None
    territory: Territory | None = None
    location: Id | None = None
    order: Id | None = None
    currency: Currency | None = None
    channel: Id | None = None
    group: Id | None = None


class Recall(Fact, frozen=True, kw_only=True, tag="recall"):
    """A product, or some SKUs, that must not be offered to any shopper."""

    recall: Id
    product: Id | None = None
    skus: Annotated[tuple[Id, ...], Meta(max_length=2000)] = ()
    status: Literal["active", "lifted"]
