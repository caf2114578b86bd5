"""Facts about customers: orders, returns, cases, reviews, remedies, loyalty tiers."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from tactful.core.facts.fact_values import (
    Attributes,
    CaseKind,
    DiscountCode,
    Fact,
    Id,
    Instant,
    KindStep,
    LinkStep,
    Quantity,
    Territory,
    Text,
    UnitCount,
)
from tactful.core.facts.shopper_contacts import Contact
from tactful.core.values.money import Currency, Money


class OrderLine(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One line of an order."""

    sku: Annotated[str, Meta(max_length=128)]
    """Empty: the line has no SKU, as a fee or a tip."""
    qty: Quantity
    unit: Money
    """What was paid for one unit."""
    gift: bool = False
    offer: Id | None = None
    """The offer that the line was sold with."""
    line: Id | None = None
    """The shop's own id of the line."""
    cancelled_qty: UnitCount = 0
    """Units that were cancelled."""
    refunded_qty: UnitCount = 0
    """Units that were refunded."""

    @property
    def kept_qty(self) -> int:
        """Units that were not cancelled. Refunded units were delivered, so they count."""
        return max(0, self.qty - self.cancelled_qty)


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
    also: Annotated[tuple[Id, ...], Meta(max_length=20)] = ()
    """Other ids of the same order, such as that of its cart."""
    codes: Annotated[tuple[DiscountCode, ...], Meta(max_length=20)] = ()
    """The discount codes that the order has used."""
    paid: bool = True
    cancelled_by: Literal["shop", "customer"] | None = None
    contact: Contact | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id of the order."""
        return (self.order, *self.also)


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
    lines: Annotated[tuple[ReturnLine, ...], Meta(max_length=2000)] = ()
    """Empty: the whole order, for a reason that is not known."""
    amount: Money | None = None
    """The money that was refunded, where the refund names an amount."""
    contact: Contact | None = None


class CaseLine(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One line of an order, by the shop's own ids."""

    order: Id
    line: Id


class Case(Fact, frozen=True, kw_only=True, tag="case"):
    """A support case about an order or some items."""

    case: Id
    customer: Id | None = None
    """`None`: the customer of the order, or the one with the contact."""
    purchaser: Id | None = None
    order: Id | None = None
    skus: Annotated[tuple[Id, ...], Meta(max_length=500)] = ()
    kind: CaseKind
    status: Literal["open", "pending", "resolved", "rejected", "merged"]
    opened_at: Instant
    resolved_at: Instant | None = None
    merged_into: Id | None = None
    lines: Annotated[tuple[CaseLine, ...], Meta(max_length=500)] = ()
    """The lines of orders that the case is about."""
    contact: Contact | None = None
    linked_by: LinkStep | None = None
    """How what it is about was found; `None`: the reporter knew it."""
    kind_by: KindStep | None = None
    """How its kind was found; `None`: the reporter knew it."""

    @property
    def orders(self) -> tuple[str, ...]:
        """Every order that the case names."""
        named = (self.order, *(line.order for line in self.lines))
        return tuple(dict.fromkeys(order for order in named if order is not None))


class Review(Fact, frozen=True, kw_only=True, tag="review"):
    """A customer's rating of an SKU, 1 to 5 stars; an edit is a higher version."""

    review: Id
    customer: Id | None = None
    sku: Id
    rating: Annotated[int, Meta(ge=1, le=5)]
    at: Instant
    contact: Contact | None = None


class Customer(Fact, frozen=True, kw_only=True, tag="customer"):
    """What the shop says about a customer."""

    customer: Id
    tier: Text | None = None
    segments: Annotated[tuple[Text, ...], Meta(max_length=100)] = ()
    birth_year: Annotated[int, Meta(ge=1900, le=2200)] | None = None
    opted_out: bool = False
    attributes: Annotated[Attributes, Meta(max_length=50)] | None = None
    contact: Contact | None = None
    group: Id | None = None
    """The group whose prices the customer pays."""
    name: Text | None = None
    """What the console shows. It is never sent to a browser."""


class Objection(Fact, frozen=True, kw_only=True, tag="objection"):
    """What a customer asked not to be offered: some items, or anything at all."""

    objection: Id
    customer: Id
    skus: Annotated[tuple[Id, ...], Meta(max_length=500)] = ()
    """The items, each in all its variants; empty: everything."""
    until: Instant | None = None
    """When it ends; `None`: when it is lifted."""
    status: Literal["active", "lifted"] = "active"


class RemedyValue(
    Struct,
    frozen=True,
    gc=False,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
):
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


class RemedyCause(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """What a remedy makes up for."""

    case: Id | None = None
    order: Id | None = None
    skus: Annotated[tuple[Id, ...], Meta(max_length=500)] = ()


class Remedy(Fact, frozen=True, kw_only=True, tag="remedy"):
    """A compensation voucher, with its cause."""

    remedy: Id
    customer: Id | None = None
    """`None`: the one with the contact. Such a voucher only says what it makes up for."""
    value: RemedyValue
    cause: RemedyCause
    expires_at: Instant
    automatic: bool = False
    """Whether a program decided it, and no person."""
    contact: Contact | None = None
