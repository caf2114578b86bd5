"""How do stored facts become items and histories?"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from tactful.core.facts import fact_codec
from tactful.core.facts.fact_codec import FactRejection
from tactful.core.facts.fact_types import (
    AnyFact,
    Case,
    Cost,
    Customer,
    Order,
    Price,
    Product,
    Recall,
    Remedy,
    ReportedFact,
    Return,
    Review,
    Stock,
    ms,
)
from tactful.core.facts.history import History
from tactful.core.facts.item import Item, PublicPrice
from tactful.runtime.ports.ledger_rows import StoredFact

GENERAL_KIND = "general"
"""The kind under which offers to everybody are kept beside the facts."""


class GeneralPrice(Struct, frozen=True):
    """A rule's offer that reached so many that it was a public price, over [since, until)."""

    rule: str
    territory: str
    amount: int
    currency: str
    since: int
    until: int


_general = msgspec.json.Decoder(GeneralPrice).decode


def read(stored: StoredFact) -> AnyFact:
    """A fact that the ledger kept; it was valid when it came in."""
    fact = fact_codec.decode(stored.body)
    if isinstance(fact, FactRejection):
        raise LookupError(  # noqa: TRY004 - the stored text is wrong, not a type of ours
            f"the ledger's {stored.kind} {stored.key} cannot be read: {fact.message}"
        )
    return fact


def item(
    sku: str,
    stored: Iterable[StoredFact],
    prices: Mapping[str, Iterable[StoredFact]],
    components: tuple[Item, ...] = (),
    variants: tuple[str, ...] = (),
    general: Iterable[StoredFact] = (),
) -> Item:
    """An SKU from the facts in force about it and its product, and all versions of its prices.

    `general`: the offers of it that were made to everybody.
    """
    offered = [_general(one.body) for one in general]
    product: ReportedFact[Product] | None = None
    current: dict[str, ReportedFact[Price]] = {}
    costs: dict[str, ReportedFact[Cost]] = {}
    stock: dict[str, list[ReportedFact[Stock]]] = defaultdict(list)
    recalls: list[str] = []
    for one in stored:
        fact = read(one)
        match fact:
            case Product() if fact.sku == sku:
                product = ReportedFact(fact, one.at)
            case Price():
                current[fact.territory] = ReportedFact(fact, one.at)
            case Cost():
                costs[fact.scope] = ReportedFact(fact, one.at)
            case Stock():
                stock[fact.territory].append(ReportedFact(fact, one.at))
            case Recall(status="active"):
                recalls.append(fact.recall)
            case _:
                pass
    return Item(
        sku=sku,
        product=product,
        prices=current,
        costs=costs,
        stock={territory: tuple(kept) for territory, kept in stock.items()},
        recalls=tuple(sorted(recalls)),
        components=components,
        variants=variants,
        history={
            place: with_offers(
                public_prices(versions), [one for one in offered if one.territory == place]
            )
            for place, versions in prices.items()
        },
    )


def with_offers(
    public: tuple[PublicPrice, ...], offered: Iterable[GeneralPrice]
) -> tuple[PublicPrice, ...]:
    """The ledger with what was offered to everybody; afterwards the public price is back."""
    ledger = list(public)
    for one in offered:
        ledger.append(PublicPrice(one.since, one.amount, one.currency, offered=True))
        before = [entry for entry in public if entry.since <= one.until]
        if before:
            back = before[-1]
            ledger.append(PublicPrice(one.until, back.amount, back.currency, offered=True))
    return tuple(sorted(ledger, key=lambda entry: entry.since))


def public_prices(versions: Iterable[StoredFact]) -> tuple[PublicPrice, ...]:
    """The ledger of public prices of one SKU in one territory, oldest first."""
    found = []
    for one in versions:
        fact = read(one)
        if isinstance(fact, Price):
            since = ms(fact.since) if fact.since else one.at
            price = PublicPrice(since, fact.price.amount, fact.price.currency)
            found.append((since, _age(fact, one.at), price))
    return tuple(price for *_, price in sorted(found, key=lambda one: one[:2]))


def _age(fact: Price, at: int) -> int:
    """Of two prices since one instant the higher version is the later one, whichever came first."""
    if isinstance(fact.version, int):
        return fact.version
    return ms(fact.version) if fact.version else at


Known = Mapping[tuple[str, str], ReportedFact[Any]]
"""(kind, key) → the fact."""


def decode_facts(stored: Iterable[StoredFact]) -> dict[tuple[str, str], ReportedFact[Any]]:
    """Facts as the ledger keeps them, read."""
    return {(one.kind, one.key): ReportedFact(read(one), one.at) for one in stored}


def history(customer: str, known: Known, products: Mapping[str, Product]) -> History:
    """A customer from the facts in force about them, and the catalogue of what these mention."""
    kinds: dict[type, list[ReportedFact[Any]]] = defaultdict(list)
    for _, one in sorted(known.items(), key=lambda pair: (pair[1].at, pair[0])):
        kinds[type(one.fact)].append(one)
    about = next((k for k in kinds[Customer] if k.fact.customer == customer), None)
    return History(
        customer=customer,
        about=about,
        orders=tuple(kinds[Order]),
        returns=tuple(kinds[Return]),
        cases=tuple(kinds[Case]),
        reviews=tuple(kinds[Review]),
        remedies=tuple(kinds[Remedy]),
        products=products,
    )


def linked(known: Iterable[ReportedFact[Any]]) -> set[tuple[str, str]]:
    """The orders and cases that facts about a customer are or name."""
    found: set[tuple[str, str | None]] = set()
    for one in known:
        fact = one.fact
        match fact:
            case Order() | Return():
                found.add(("order", fact.order))
            case Case():
                found |= {("case", fact.case), ("order", fact.order)}
                found |= {("case", fact.merged_into)} if fact.status == "merged" else set()
            case Remedy():
                found |= {("order", fact.cause.order), ("case", fact.cause.case)}
            case _:
                pass
    return {(kind, key) for kind, key in found if key is not None}


def named(known: Iterable[ReportedFact[Any]]) -> set[str]:
    """The SKUs that facts about a customer name."""
    skus: set[str] = set()
    for one in known:
        fact = one.fact
        match fact:
            case Order() | Return():
                skus |= {line.sku for line in fact.lines}
            case Case():
                skus |= set(fact.skus)
            case Review():
                skus.add(fact.sku)
            case Remedy():
                skus |= set(fact.cause.skus)
            case _:
                pass
    return skus
