"""The fact that holds among several about one thing, whatever the order of arrival.

Facts of one key supersede one another in the ledger. This module compares facts of different keys:
a thing and the report that it is gone, or stock with and without a location.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from tactful.core.facts.fact_types import (
    AnyFact,
    Gone,
    Order,
    Price,
    Product,
    ReportedFact,
    Stock,
    Version,
)

KeyRange = tuple[str, str, str]
"""(kind of fact, first key, end of the keys, excluded)."""
_LAST: Final = chr(0x10FFFF)


def is_newer(one: ReportedFact[Any], other: ReportedFact[Any]) -> bool:
    """Return whether a fact is newer than another one.

    Versions of one kind are compared. Otherwise the later report is the newer fact.
    """
    mine, theirs = one.fact.version, other.fact.version
    if _comparable(mine, theirs) and mine != theirs:
        return bool(mine > theirs)
    return (one.at, one.number) > (other.at, other.number)


def _comparable(mine: Version | None, theirs: Version | None) -> bool:
    if mine is None or theirs is None:
        return False
    return isinstance(mine, int) == isinstance(theirs, int)


def ends(gone: Gone, fact: AnyFact) -> bool:
    """Return whether a report says that this fact does not hold any more, apart from its age."""
    match fact:
        case Product():
            named = fact.sku == gone.sku or fact.product == gone.product
            return gone.of == "product" and named
        case Price():
            parts = (
                (gone.territory, fact.territory),
                (gone.currency, fact.price.currency),
                (gone.channel, fact.channel),
                (gone.group, fact.group),
            )
            return gone.of == "price" and all(part in {None, own} for part, own in parts)
        case Stock():
            place = gone.territory in {None, fact.territory}
            return gone.of == "stock" and place and gone.location in {None, fact.location}
        case Order():
            return gone.of == "order" and gone.order in fact.ids
        case _:
            return False


def end_of(
    fact: ReportedFact[Any], gone: Iterable[ReportedFact[Gone]]
) -> ReportedFact[Gone] | None:
    """Return the report that ends a fact; `None`: the fact holds."""
    return next((one for one in gone if ends(one.fact, fact.fact) and is_newer(one, fact)), None)


def stock_in_force(reported: Sequence[ReportedFact[Stock]]) -> tuple[ReportedFact[Stock], ...]:
    """Return the reports about stock of one SKU and territory that hold together.

    A report without a location is about the whole stock. Reports with a location that are newer
    replace it, and it replaces those that are older: the two are views of the same units.
    """
    whole = next((one for one in reported if one.fact.location is None), None)
    if whole is None:
        return tuple(reported)
    newer = [one for one in reported if one is not whole and is_newer(one, whole)]
    return tuple(newer) or (whole,)


def rivals_of(fact: AnyFact) -> tuple[KeyRange, ...]:
    """Return the keys of the facts that may have replaced this one in decisions.

    If one of them was stored later, an unchanged report of this fact is stored again.
    """
    match fact:
        case Product():
            return _exactly("gone", f"product|{fact.sku}|||", f"product||{fact.product}||")
        case Price():
            gone = f"price|{fact.sku}||"
            return (("gone", gone, gone + _LAST),)
        case Stock():
            prefix = f"{fact.sku}|{fact.territory}|"
            others = (
                (("stock", prefix, prefix + _LAST),)
                if fact.location is None
                else _exactly("stock", prefix)
            )
            gone = f"stock|{fact.sku}||"
            return (*others, ("gone", gone, gone + _LAST))
        case Order():
            return _exactly("gone", *(f"order|{order}||" for order in fact.ids))
        case Gone():
            return _things(fact)
        case _:
            return ()


def _things(gone: Gone) -> tuple[KeyRange, ...]:
    """Return the keys of the things that a report says are gone."""
    if gone.of == "order":
        return _exactly("order", str(gone.order))
    if gone.of == "product":
        # The SKUs of a product are not known here. Its own report is then stored again.
        return _exactly("product", gone.sku) if gone.sku else (("product", "", _LAST),)
    first = f"{gone.sku}|" + (f"{gone.territory}" if gone.territory else "")
    return ((gone.of, first, first + _LAST),)


def _exactly(kind: str, *keys: str) -> tuple[KeyRange, ...]:
    return tuple((kind, key, key + "\0") for key in keys)
