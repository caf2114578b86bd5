"""Contradictions within a fact of valid shape: instants, currencies, territories, addresses."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from tactful.core.facts.checks.findings import FieldFinding, finding
from tactful.core.facts.fact_types import (
    AnyFact,
    Case,
    Cost,
    Fact,
    Gone,
    Order,
    Price,
    Product,
    Recall,
    Remedy,
    Return,
    Review,
    Stock,
)
from tactful.core.facts.shopper_contacts import Contact, is_contact_hash
from tactful.core.values.territories import is_territory, territory_problem
from tactful.core.values.web_addresses import is_sendable

INCONSISTENT: Final = "fact.inconsistent"


def consistency_findings(fact: AnyFact) -> list[FieldFinding]:
    """Return every contradiction within a fact; almost always none."""
    check = _CHECKS.get(type(fact))
    found = list(check(fact)) if check else []
    contact: Contact | None = getattr(fact, "contact", None)
    return [*found, *_contact(contact)] if contact is not None else found


def _contact(contact: Contact) -> Iterator[FieldFinding]:
    for name in ("email_hash", "phone_hash"):
        value = getattr(contact, name)
        if value is not None and not is_contact_hash(value):
            message = (
                f"`contact.{name}` is no SHA-256. Write 64 lower-case hexadecimal digits, or the"
                " value itself without `_hash`."
            )
            yield finding("fact.invalid", f"contact.{name}", message)


def _territory(fact: Any) -> Iterator[FieldFinding]:
    code = fact.territory
    if code is not None and not is_territory(code):
        problem = f"`territory`: {territory_problem(code)}"
        yield finding("fact.unknown_territory", "territory", problem)


def _product(fact: Product) -> Iterator[FieldFinding]:
    urls = fact.url if isinstance(fact.url, tuple) else (fact.url,)
    yield from _address("url", *urls)
    yield from _address("image", fact.image)


def _address(field: str, *urls: str | None) -> Iterator[FieldFinding]:
    for url in urls:
        if url is not None and not is_sendable(url):
            message = (
                f"`{field}` is no web address. Write one that begins with https:// or http://, or a"
                " path of the shop's own site that begins with one slash."
            )
            yield finding("fact.invalid", field, message)


def _price(fact: Price) -> Iterator[FieldFinding]:
    yield from _territory(fact)
    if fact.price.amount <= 0:
        message = "A price is more than 0. Report `gone` for a price that does not exist any more."
        yield finding(INCONSISTENT, "price", message)
    for name in ("list", "target", "minimum_advertised"):
        money = getattr(fact, name)
        if money is None:
            continue
        if money.currency != fact.price.currency:
            currencies = f"`{name}` is in {money.currency}, `price` in {fact.price.currency}"
            yield finding(INCONSISTENT, name, f"{currencies}: use one.", name, "price")
        if money.amount < 0:
            yield finding(
                INCONSISTENT, name, f"`{name}` is below 0. Write what it is, or leave it out."
            )


def _cost(fact: Cost) -> Iterator[FieldFinding]:
    yield from _territory(fact)
    if fact.cost.amount < 0:
        message = "A cost is not below 0. Leave it out where it is not known."
        yield finding(INCONSISTENT, "cost", message)
    if fact.cost_is_zero and fact.cost.amount > 0:
        message = "`cost_is_zero` says that the item costs nothing, `cost` is more than 0: use one."
        yield finding(INCONSISTENT, "cost_is_zero", message, "cost_is_zero", "cost")


def _stock(fact: Stock) -> Iterator[FieldFinding]:
    yield from _territory(fact)
    if fact.available is None and fact.is_counted:
        message = (
            "`available` is null, and `policy` does not say that the item is sold without counted"
            " stock. Write a number, or the policy `untracked` or `backorder`."
        )
        yield finding(INCONSISTENT, "available", message, "available", "policy")


def _order(fact: Order) -> Iterator[FieldFinding]:
    yield from _territory(fact)
    for name in ("promised_by", "delivered_at"):
        yield from _follows(fact, name, "placed_at")
    if fact.cancelled_by is not None and fact.status != "cancelled":
        message = f"`cancelled_by` is set, and `status` is `{fact.status}`: write `cancelled`."
        yield finding(INCONSISTENT, "cancelled_by", message, "cancelled_by", "status")
    for index, line in enumerate(fact.lines):
        if line.cancelled_qty + line.refunded_qty > line.qty:
            path = f"lines[{index}]"
            message = (
                f"`{path}`: more units are cancelled and refunded than the {line.qty} ordered."
            )
            yield finding(INCONSISTENT, path, message, path)


def _follows(fact: Any, later: str, earlier: str) -> Iterator[FieldFinding]:
    after: datetime | None = getattr(fact, later)
    before: datetime | None = getattr(fact, earlier)
    if after is not None and before is not None and after < before:
        message = (
            f"`{later}` ({instant_text(after)}) is before `{earlier}` ({instant_text(before)})."
            " Correct one of the two."
        )
        yield finding(INCONSISTENT, later, message, later, earlier)


def instant_text(instant: datetime) -> str:
    """Return an instant as a message names it."""
    return instant.isoformat().replace("+00:00", "Z")


def _return(fact: Return) -> Iterator[FieldFinding]:
    if not (fact.order or fact.lines):
        message = "A return names an `order`, some `lines`, or both: add one of them."
        yield finding("fact.invalid", "order", message, "order", "lines")
    if fact.amount is not None and fact.amount.amount < 0:
        yield finding(INCONSISTENT, "amount", "`amount` is below 0. Write what was refunded.")


def _case(fact: Case) -> Iterator[FieldFinding]:
    yield from _follows(fact, "resolved_at", "opened_at")
    if not (fact.customer or fact.purchaser or fact.orders or fact.contact):
        message = "A case names a `customer`, an `order` or a `contact`: add one of them."
        yield finding("fact.invalid", "customer", message, "customer", "order", "contact")


def _named(fact: Review | Remedy) -> Iterator[FieldFinding]:
    if not (fact.customer or fact.contact):
        message = "`customer` is missing. Add it, or a `contact`."
        yield finding("fact.invalid", "customer", message, "customer", "contact")


def _recall(fact: Recall) -> Iterator[FieldFinding]:
    if not (fact.product or fact.skus):
        message = "A recall names a `product` or `skus`: add one of them."
        yield finding(INCONSISTENT, "product", message, "product", "skus")


def _remedy(fact: Remedy) -> Iterator[FieldFinding]:
    yield from _named(fact)
    if not (fact.cause.case or fact.cause.order or fact.cause.skus):
        message = "A remedy knows its cause: give `case`, `order` or `skus`."
        yield finding(INCONSISTENT, "cause", message)


_GONE_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "product": ("sku", "product"),
    "price": ("sku",),
    "stock": ("sku",),
    "order": ("order",),
}
_GONE_TAKES: Final[Mapping[str, frozenset[str]]] = {
    "product": frozenset({"sku", "product"}),
    "price": frozenset({"sku", "territory", "currency", "channel", "group"}),
    "stock": frozenset({"sku", "territory", "location"}),
    "order": frozenset({"order"}),
}


def _gone(fact: Gone) -> Iterator[FieldFinding]:
    yield from _territory(fact)
    needs, takes = _GONE_NEEDS[fact.of], _GONE_TAKES[fact.of]
    if not any(getattr(fact, name) for name in needs):
        names = " or ".join(f"`{name}`" for name in needs)
        yield finding(
            "fact.invalid", needs[0], f"A `{fact.of}` that is gone needs {names}.", *needs
        )
    for name in (
        "sku", "product", "territory", "location", "order", "currency", "channel", "group",
    ):  # fmt: skip
        if getattr(fact, name) is not None and name not in takes:
            message = f"`{name}` says nothing about a `{fact.of}` that is gone: leave it out."
            yield finding(INCONSISTENT, name, message, name, "of")


_CHECKS: Final[Mapping[type[Fact], Callable[[Any], Iterator[FieldFinding]]]] = {
    Product: _product,
    Price: _price,
    Cost: _cost,
    Stock: _stock,
    Order: _order,
    Return: _return,
    Case: _case,
    Review: _named,
    Recall: _recall,
    Remedy: _remedy,
    Gone: _gone,
}
