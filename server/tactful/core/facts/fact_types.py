"""The kinds of facts that a shop's systems report, in the exact shapes of the facts API.

Field names and tags are public and stored. `server/FACTS.md` describes each kind for shops.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Generic, TypeVar

from msgspec import Struct

from tactful.core.facts.customer_facts import (
    Case,
    CaseLine,
    Customer,
    Objection,
    Order,
    OrderLine,
    Remedy,
    RemedyCause,
    RemedyValue,
    Return,
    ReturnLine,
    Review,
)
from tactful.core.facts.fact_values import (
    BasisPoints,
    CaseKind,
    Fact,
    FeedName,
    Id,
    Instant,
    Territory,
    Version,
)
from tactful.core.facts.item_facts import Cost, Gone, Price, Product, Recall, Stock
from tactful.core.facts.product_pages import SUBJECT as PAGE
from tactful.core.facts.product_pages import page_keys
from tactful.core.facts.shopper_contacts import SUBJECT as CONTACT
from tactful.core.facts.shopper_contacts import contacts_of
from tactful.core.values.calendar import to_ms

__all__ = [
    "FEEDS", "KINDS", "AnyFact", "BasisPoints", "Case", "CaseKind", "CaseLine", "Cost", "Customer", "Fact",
    "Feed", "FeedName", "Gone", "Id", "Instant", "Objection", "Order", "OrderLine", "Price", "Product", "Recall",
    "Remedy", "RemedyCause", "RemedyValue", "ReportedFact", "Return", "ReturnLine", "Review",
    "Stock", "Territory", "Version", "feed_of", "key_of", "kind_of", "ms", "subjects_of",
]  # fmt: skip


class Feed(Fact, frozen=True, kw_only=True, tag="feed"):
    """The heartbeat of a feed that has nothing new to report."""

    feed: FeedName
    at: Instant | None = None


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
    | Gone
    | Objection
)

KINDS: dict[str, type[Fact]] = {
    str(kind.__struct_config__.tag): kind for kind in Fact.__subclasses__()
}
"""The `type` of a fact → its class."""

FEEDS: dict[type[Fact], FeedName] = {
    Stock: "stock",
    Price: "prices",
    Order: "orders",
    Return: "orders",
    Case: "cases",
}
"""Kind of fact → the feed whose heartbeat it counts as."""
_GONE_FEEDS: dict[str, FeedName] = {"stock": "stock", "price": "prices", "order": "orders"}


def feed_of(fact: AnyFact) -> FeedName | None:
    """Return the feed whose heartbeat a fact counts as; `None`: no feed."""
    return _GONE_FEEDS.get(fact.of) if isinstance(fact, Gone) else FEEDS.get(type(fact))


F_co = TypeVar("F_co", bound=Fact, covariant=True)


class ReportedFact(Struct, Generic[F_co], frozen=True, gc=False):
    """A fact, and when it was reported."""

    fact: F_co
    at: int
    """When this server received the fact, in milliseconds since the Unix epoch, UTC."""
    number: int = 0
    """Its place in the order in which facts were stored."""


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
            row = f"{fact.channel or ''}|{fact.group or ''}"
            return f"{fact.sku}|{fact.territory}|{fact.price.currency}|{row}"
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
        case Gone():
            named = fact.order or (f"{fact.sku}|" if fact.sku else f"|{fact.product}")
            place = f"{fact.territory or ''}|{fact.location or ''}"
            parts = (fact.currency, fact.channel, fact.group)
            of_row = "|".join(["", *(part or "" for part in parts)]) if any(parts) else ""
            return f"{fact.of}|{named}|{place}{of_row}"
        case Objection():
            return fact.objection
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
            for url in fact.addresses:
                for page in page_keys(url)[:1]:
                    yield PAGE, page
        case Price() | Cost() | Stock():
            yield "sku", fact.sku
        case Order():
            for order in fact.ids:
                yield "order", order
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
            for order in fact.orders:
                yield "order", order
        case Review() | Remedy() | Customer() | Objection():
            yield from _customers(fact.customer)
        case Recall():
            if fact.product:
                yield "product", fact.product
            for sku in fact.skus:
                yield "sku", sku
        case Gone():
            for subject in ("sku", "product", "order"):
                if key := getattr(fact, subject):
                    yield subject, key
        case _:
            yield "feed", fact.feed
    for contact in contacts_of(fact):
        yield CONTACT, contact


def _customers(*customers: str | None) -> Iterator[tuple[str, str]]:
    for customer in dict.fromkeys(customers):
        if customer:
            yield "customer", customer
