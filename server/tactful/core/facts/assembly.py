"""Assembly of reported facts into items and customer histories.

The server and the rule tests both use these functions, so that the same facts give the same `Item`
and the same `History`. Which facts belong to an item or a customer depends on the facts themselves:
a return names an order, whose case was merged into another. A reading is therefore a generator. It
yields the next query, receives the facts found, and returns the finished value. It does no I/O and
decodes nothing: `runtime/facts/fact_reader.py` answers from the ledger, and
`rulebook/testing/fact_set.py` from memory.
"""

from collections import defaultdict
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, structs

from tactful.core.facts.fact_types import (
    Case,
    Cost,
    Customer,
    Gone,
    Objection,
    Order,
    Price,
    Product,
    Recall,
    Remedy,
    ReportedFact,
    Return,
    Review,
    Stock,
)
from tactful.core.facts.history import History
from tactful.core.facts.item import Item
from tactful.core.facts.price_history import GENERAL_KIND, GeneralPrice
from tactful.core.facts.price_rows import histories, plain_rows, price_rows, special_rows
from tactful.core.facts.shopper_contacts import SUBJECT as CONTACT
from tactful.core.facts.shopper_contacts import own_contacts
from tactful.core.facts.succession import end_of, stock_in_force

Subject = tuple[str, str]
"""What a fact is about: (`sku` | `product` | `customer` | `order` | `case`, id)."""
FactKey = tuple[str, str]
"""(kind of fact, key under which its versions supersede one another)."""
KeyedFact = tuple[FactKey, ReportedFact[Any]]

ITEM_KINDS: Final = ("product", "price", "cost", "stock", "recall", GENERAL_KIND, "gone")
CUSTOMER_KINDS: Final = (
    "customer", "order", "return", "case", "review", "remedy", "gone", "objection",
)  # fmt: skip

LINKED_KINDS: Final = ("order", "return", "case", "review", "gone")
"""Kinds of facts that a contact links to a customer. The others would give something."""


class FactsAbout(Struct, frozen=True):
    """Query for the facts in force of some kinds about any of some subjects.

    The answer has each fact once, by kind and key.
    """

    subjects: Sequence[Subject]
    kinds: tuple[str, ...]


class Versions(Struct, frozen=True):
    """Query for every retained version of one fact, in the order of recording."""

    kind: str
    key: str


FactQuery = FactsAbout | Versions
ItemReading = Generator[FactQuery, Sequence[KeyedFact], Item]
HistoryReading = Generator[FactQuery, Sequence[KeyedFact], History]


def read_item(sku: str) -> ItemReading:
    """Read an SKU. A bundle is read with its components, but not with their own components."""
    return _read_item(sku, with_components=True)


def _read_item(sku: str, *, with_components: bool) -> ItemReading:
    found = yield FactsAbout((("sku", sku),), ITEM_KINDS)
    product = next((one.fact for (kind, _), one in found if kind == "product"), None)
    variants: tuple[str, ...] = ()
    recalls: Sequence[KeyedFact] = ()
    components: list[Item] = []
    if product is not None:
        siblings = yield FactsAbout((("product", product.product),), ("product", "gone"))
        variants = tuple(sorted({one.fact.sku for (kind, _), one in siblings if kind == "product"}))
        found = [*found, *(one for one in siblings if one[0][0] == "gone")]
        # A recall of one variant applies to all variants.
        subjects = [("product", product.product), *(("sku", one) for one in variants)]
        recalls = yield FactsAbout(subjects, ("recall",))
        for part in product.components if with_components else ():
            component = yield from _read_item(part, with_components=False)
            components.append(component)
    versions: dict[str, list[ReportedFact[Price]]] = {}
    for (kind, key), _ in found:
        if kind == "price":
            reported = yield Versions("price", key)
            versions[key] = [one for _, one in reported]
    return _item(sku, (*found, *recalls), tuple(versions.values()), tuple(components), variants)


def _item(
    sku: str,
    facts: Iterable[KeyedFact],
    versions: Iterable[Sequence[ReportedFact[Price]]],
    components: tuple[Item, ...],
    variants: tuple[str, ...],
) -> Item:
    product: ReportedFact[Product] | None = None
    prices: list[ReportedFact[Price]] = []
    costs: dict[str, ReportedFact[Cost]] = {}
    stock: dict[str, list[ReportedFact[Stock]]] = defaultdict(list)
    recalls: set[str] = set()
    general: list[GeneralPrice] = []
    facts = list(facts)
    gone = [one for (kind, _), one in facts if kind == "gone"]
    for _, one in facts:
        fact = one.fact
        match fact:
            case Product():
                product = one
            case Price():
                if not (gone and end_of(one, gone)):
                    prices.append(one)
            case Cost():
                if fact.is_known:
                    costs[fact.scope] = one
            case Stock():
                if not (gone and end_of(one, gone)):
                    stock[fact.territory].append(one)
            case Recall(status="active"):
                recalls.add(fact.recall)
            case GeneralPrice():
                general.append(fact)
            case _:
                pass
    rows = price_rows(prices, versions, general, gone)
    plain = plain_rows(rows)
    return Item(
        sku=sku,
        product=product,
        prices={territory: row.price for territory, row in plain.items() if row.price},
        costs=costs,
        stock={territory: stock_in_force(reported) for territory, reported in stock.items()},
        end=end_of(product, gone) if product and gone else None,
        plans={territory: row.plan for territory, row in plain.items() if row.plan},
        recalls=tuple(sorted(recalls)),
        components=components,
        variants=variants,
        history=histories(plain, general),
        price_rows=special_rows(rows),
    )


def read_history(customer: str) -> HistoryReading:
    """Read a customer: their own facts, and the orders and cases that these name, even indirectly.

    Orders, returns, cases and reviews with a contact of the customer are read too. A contact that the
    customer had before counts as well: a new address must not end what a complaint suppresses.
    """
    known = dict((yield FactsAbout((("customer", customer),), CUSTOMER_KINDS)))
    own_facts = [one.fact for one in known.values()]
    if ("customer", customer) in known:
        earlier = yield Versions("customer", customer)
        own_facts += [one.fact for _, one in earlier]
    contacts = own_contacts(customer, own_facts)
    if contacts:
        linked = [(CONTACT, one) for one in sorted(contacts)]
        known.update((yield FactsAbout(linked, LINKED_KINDS)))
    own = [("order", key) for kind, key in known if kind == "order"]
    # Somebody else may have complained about an order of this customer.
    known.update((yield FactsAbout(own, ("case",))))
    asked: set[Subject] = set()
    while new := linked_subjects(known.values()) - asked:
        asked |= new
        orders = [one for one in sorted(new) if one[0] == "order"]
        cases = [one for one in sorted(new) if one[0] == "case"]
        known.update((yield FactsAbout(orders, ("order", "return", "gone"))))
        known.update((yield FactsAbout(cases, ("case",))))
    products = yield from _read_products(named_skus(known.values()))
    return structs.replace(_history(customer, known, products), contacts=contacts)


def _read_products(
    skus: Collection[str],
) -> Generator[FactQuery, Sequence[KeyedFact], dict[str, Product]]:
    """Read the products of some SKUs, and those of the components of bundles among them."""
    asked: set[str] = set()
    found: dict[str, Product] = {}
    while wanted := set(skus) - asked:
        asked |= wanted
        reported = yield FactsAbout([("sku", sku) for sku in sorted(wanted)], ("product",))
        new = {one.fact.sku: one.fact for _, one in reported}
        found |= new
        skus = {part for product in new.values() for part in product.components}
    return found


def _history(
    customer: str, known: Mapping[FactKey, ReportedFact[Any]], products: Mapping[str, Product]
) -> History:
    kinds: dict[type, list[ReportedFact[Any]]] = defaultdict(list)
    # Facts of one instant are sorted by key, so that the order of arrival changes nothing.
    for _, one in sorted(known.items(), key=lambda pair: (pair[1].at, pair[0])):
        kinds[type(one.fact)].append(one)
    about = next((one for one in kinds[Customer] if one.fact.customer == customer), None)
    gone = kinds[Gone]
    return History(
        customer=customer,
        about=about,
        orders=tuple(kinds[Order]),
        returns=tuple(kinds[Return]),
        cases=tuple(kinds[Case]),
        reviews=tuple(kinds[Review]),
        remedies=tuple(kinds[Remedy]),
        objections=tuple(kinds[Objection]),
        gone_orders=frozenset(one.fact.order for one in kinds[Order] if gone and end_of(one, gone)),
        products=products,
    )


def linked_subjects(facts: Iterable[ReportedFact[Any]]) -> set[Subject]:
    """Return the orders and cases among facts about a customer, and those that the facts name."""
    found: set[tuple[str, str | None]] = set()
    for one in facts:
        fact = one.fact
        match fact:
            case Order():
                found |= {("order", order) for order in fact.ids}
            case Return():
                found.add(("order", fact.order))
            case Case():
                found |= {("case", fact.case), *(("order", order) for order in fact.orders)}
                found |= {("case", fact.merged_into)} if fact.status == "merged" else set()
            case Remedy():
                found |= {("order", fact.cause.order), ("case", fact.cause.case)}
            case _:
                pass
    return {(kind, key) for kind, key in found if key is not None}


def named_skus(facts: Iterable[ReportedFact[Any]]) -> set[str]:
    """Return the SKUs that facts about a customer name."""
    skus: set[str] = set()
    for one in facts:
        fact = one.fact
        match fact:
            case Order() | Return():
                skus |= {line.sku for line in fact.lines if line.sku}
            case Case() | Objection():
                skus |= set(fact.skus)
            case Review():
                skus.add(fact.sku)
            case Remedy():
                skus |= set(fact.cause.skus)
            case _:
                pass
    return skus
