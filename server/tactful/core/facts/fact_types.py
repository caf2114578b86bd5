"""The kinds of facts that a shop's systems report, in the exact shapes of the facts API.

Field names and tags are public and stored. The pages of `server/HTTP.md` describe each kind for shops.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from msgspec import Meta, Struct

from tactful.core.values.calendar import to_ms
from tactful.core.values.money import Currency, Money

Id = Annotated[str, Meta(min_length=1, max_length=128)]
Text = Annotated[str, Meta(max_length=500)]
Url = Annotated[str, Meta(max_length=2048)]
Territory = Annotated[str, Meta(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$(?!\n)")]
Instant = Annotated[datetime, Meta(tz=True)]
Version = Annotated[int, Meta(ge=0, le=2**63 - 1)] | Instant
Quantity = Annotated[int, Meta(ge=1, le=1_000_000)]
Count = Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)]
BasisPoints = Annotated[int, Meta(ge=0, le=10_000)]
Attributes = dict[Annotated[str, Meta(max_length=64)], Text | int | bool]

CaseKind = Literal[
    "defect",
    "not_as_described",
    "wrong_item",
    "late",
    "lost",
    "service",
    "billing",
    "question",
    "other",
    "unknown",
]
FeedName = Literal["stock", "prices", "orders", "cases"]
Rate = Annotated[int, Meta(ge=0, le=100_000)]


class Fact(
    Struct, frozen=True, gc=False, kw_only=True, tag_field="type", forbid_unknown_fields=True
):
    """One report of a shop's system."""

    version: Version | None = None
    """Of two reports with one key, the higher version is in force; `None`: versioned by arrival."""


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
    url: Url | None = None
    image: Url | None = None


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


class Cost(Fact, frozen=True, kw_only=True, tag="cost"):
    """The shop's cost of an SKU, net of tax; without a territory, for all sales in the currency."""

    sku: Id
    cost: Money
    territory: Territory | None = None

    @property
    def scope(self) -> str:
        """The territory or the currency that it is for. Nothing is converted between currencies."""
        return self.territory or self.cost.currency


class Stock(Fact, frozen=True, kw_only=True, tag="stock"):
    """How many units of an SKU can be sold into a territory, per location."""

    sku: Id
    territory: Territory
    available: Count
    location: Id | None = None


class OrderLine(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One line of an order."""

    sku: Id
    qty: Quantity
    unit: Money
    """What was paid for one unit."""
    gift: bool = False
    offer: Id | None = None
    """The offer that the line was sold with."""


class Order(Fact, frozen=True, kw_only=True, tag="order"):
    """A purchase through any channel."""

    order: Id
    customer: Id | None = None
    session: Id | None = None
    territory: Territory
    placed_at: Instant
    status: Literal["placed", "shipped", "delivered", "cancelled"]
    promised_by: Instant | None = None
    delivered_at: Instant | None = None
    lines: Annotated[tuple[OrderLine, ...], Meta(max_length=2000)]


class ReturnLine(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One returned SKU and why."""

    sku: Id
    qty: Quantity
    reason: Literal["fit", "quality", "not_as_described", "changed_mind", "unknown"]


class Return(Fact, frozen=True, kw_only=True, tag="return", rename={"return_": "return"}):
    """Goods that a customer sends back, or a refund without goods."""

    return_: Id
    order: Id | None = None
    customer: Id | None = None
    at: Instant
    status: Literal["announced", "received", "cancelled"]
    lines: Annotated[tuple[ReturnLine, ...], Meta(max_length=2000)]


class Case(Fact, frozen=True, kw_only=True, tag="case"):
    """A support case about an order or some items."""

    case: Id
    customer: Id
    purchaser: Id | None = None
    order: Id | None = None
    skus: Annotated[tuple[Id, ...], Meta(max_length=500)] = ()
    kind: CaseKind
    status: Literal["open", "pending", "resolved", "rejected", "merged"]
    opened_at: Instant
    resolved_at: Instant | None = None
    merged_into: Id | None = None


class Review(Fact, frozen=True, kw_only=True, tag="review"):
    """A customer's rating of an SKU, 1 to 5 stars; an edit is a higher version."""

    review: Id
    customer: Id
    sku: Id
    rating: Annotated[int, Meta(ge=1, le=5)]
    at: Instant


class Recall(Fact, frozen=True, kw_only=True, tag="recall"):
    """A product, or some SKUs, that must not be offered to any shopper."""

    recall: Id
    product: Id | None = None
    skus: Annotated[tuple[Id, ...], Meta(max_length=2000)] = ()
    status: Literal["active", "lifted"]


class Customer(Fact, frozen=True, kw_only=True, tag="customer"):
    """What the shop says about a customer."""

    customer: Id
    tier: Text | None = None
    segments: Annotated[tuple[Text, ...], Meta(max_length=100)] = ()
    birth_year: Annotated[int, Meta(ge=1900, le=2200)] | None = None
    opted_out: bool = False
    attributes: Annotated[Attributes, Meta(max_length=50)] | None = None


class Feed(Fact, frozen=True, kw_only=True, tag="feed"):
    """The heartbeat of a feed that has nothing new to report."""

    feed: FeedName
    at: Instant | None = None


class RemedyValue(Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """An amount of money (`amount` in minor units and `currency`), or a share of the price.

    `percent_bp` is in basis points.
    """

    amount: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None
    currency: Currency | None = None
    percent_bp: Annotated[int, Meta(ge=1, le=10_000)] | None = None

    def __post_init__(self) -> None:
        """Refuse a value with both an amount and a share, or with neither.

        Raises:
            ValueError: The value is not exactly one of the two.
        """
        money = self.amount is not None and self.currency is not None
        share = self.percent_bp is not None
        if money == share or (share and (self.amount or self.currency)):
            raise ValueError('a value is {"amount", "currency"} or {"percent_bp"}')


class RemedyCause(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What a remedy makes up for."""

    case: Id | None = None
    order: Id | None = None
    skus: Annotated[tuple[Id, ...], Meta(max_length=500)] = ()


class Remedy(Fact, frozen=True, kw_only=True, tag="remedy"):
    """A compensation voucher, with its cause."""

    remedy: Id
    customer: Id
    value: RemedyValue
    cause: RemedyCause
    expires_at: Instant


AnyFact = (
    Product
    | Price
    | Cost
    | Stock
    | Order
    | Return
    | Case
    | Review
    | Recall
    | Customer
    | Feed
    | Remedy
)

FEEDS: dict[type[Fact], FeedName] = {
    Stock: "stock",
    Price: "prices",
    Order: "orders",
    Return: "orders",
    Case: "cases",
}
"""Kind of fact → the feed whose heartbeat it counts as."""


F_co = TypeVar("F_co", bound=Fact, covariant=True)


class ReportedFact(Struct, Generic[F_co], frozen=True, gc=False):
    """A fact, and when it was reported."""

    fact: F_co
    at: int
    """When this server received the fact, in milliseconds since the Unix epoch, UTC."""


def ms(instant: datetime) -> int:
    """Return an aware datetime as milliseconds since the Unix epoch, UTC."""
    return to_ms(instant)


def kind_of(fact: AnyFact) -> str:
    """Return the `type` of a fact, such as `price`."""
    return str(fact.__struct_config__.tag)


def key_of(fact: AnyFact, version: str) -> str:
    """Return the key under which versions of a fact supersede one another.

    Every version of a review is kept under a key of its own, because an edit from 2 to 3 stars does not end
    its taint.

    Args:
        fact: The fact.
        version: The version as text; it matters only for reviews.
    """
    match fact:
        case Product():
            return fact.sku
        case Price():
            return f"{fact.sku}|{fact.territory}"
        case Cost():
            return f"{fact.sku}|{fact.scope}"
        case Stock():
            return f"{fact.sku}|{fact.territory}|{fact.location or ''}"
        case Review():
            return f"{fact.review}|{version}"
        case Order():
            return fact.order
        case Return():
            return fact.return_
        case Case():
            return fact.case
        case Recall():
            return fact.recall
        case Customer():
            return fact.customer
        case Feed():
            return fact.feed
        case _:
            return fact.remedy


def subjects_of(fact: AnyFact) -> Iterator[tuple[str, str]]:
    """Yield what a fact is about: (`sku` | `product` | `customer` | `order` | `case` | …, id) pairs."""
    match fact:
        case Product():
            yield "sku", fact.sku
            yield "product", fact.product
            for sku in fact.components:
                yield "component", sku
        case Price() | Cost() | Stock():
            yield "sku", fact.sku
        case Order():
            yield "order", fact.order
            yield from _customers(fact.customer)
            if fact.session:
                yield "session", fact.session
            for offer in dict.fromkeys(line.offer for line in fact.lines if line.offer):
                yield "offer", offer
        case Return():
            yield from _customers(fact.customer)
            if fact.order:
                yield "order", fact.order
        case Case():
            yield "case", fact.case
            yield from _customers(fact.customer, fact.purchaser)
            if fact.order:
                yield "order", fact.order
        case Review() | Remedy() | Customer():
            yield "customer", fact.customer
        case Recall():
            if fact.product:
                yield "product", fact.product
            for sku in fact.skus:
                yield "sku", sku
        case _:
            yield "feed", fact.feed


def _customers(*customers: str | None) -> Iterator[tuple[str, str]]:
    for customer in dict.fromkeys(customers):
        if customer:
            yield "customer", customer
