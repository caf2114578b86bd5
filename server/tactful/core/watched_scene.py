"""A copy of a scene that notes which facts are read.

The gates, conditions and prices of an explanation run on such a copy. So the facts that they read are
noted by their reading, and no second list could differ from it. A decision runs on the scene itself,
because noting would make every read slower.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from msgspec import structs

from tactful.core.context import Scene
from tactful.core.customer.profile import profile
from tactful.core.facts.fact_types import ReportedFact
from tactful.core.facts.history import History
from tactful.core.facts.item import Item
from tactful.core.facts.price_rows import PriceRow
from tactful.core.rules.policy import Policy

Reads = dict[int, ReportedFact[Any]]
"""The facts that were read, each under the id of its object, in the order of their first reading."""
OneOrNone = TypeVar("OneOrNone", ReportedFact[Any], ReportedFact[Any] | None)


class WatchedFact(ReportedFact[Any], frozen=True, gc=False, kw_only=True):
    """A reported fact that notes when its content is read."""

    original: ReportedFact[Any]
    reads: Reads

    def __getattribute__(self, name: str) -> Any:
        """Return an attribute, and note the reading of the content."""
        if name == "fact":
            original = object.__getattribute__(self, "original")
            object.__getattribute__(self, "reads").setdefault(id(original), original)
        return object.__getattribute__(self, name)


def watch(scene: Scene, policy: Policy) -> tuple[Scene, Reads]:
    """Return a copy of a scene, and the facts that were read from the copy so far.

    What is derived from a customer's history is derived again, so that the derivation is noted too.

    Args:
        scene: The item in front of the shopper.
        policy: The shop's policy, from which the history is read.
    """
    reads: Reads = {}
    known = scene.profile
    watched = structs.replace(
        scene,
        item=_item(scene.item, reads),
        cart=tuple((_item(item, reads), qty) for item, qty in scene.cart),
        profile=profile(_history(known.history, reads), policy, known.contact) if known else None,
    )
    return watched, reads


def _fact(reported: OneOrNone, reads: Reads) -> OneOrNone:
    if reported is None:
        return None
    return WatchedFact(
        fact=reported.fact,
        at=reported.at,
        number=reported.number,
        original=reported,
        reads=reads,
    )


def _facts(reported: Iterable[ReportedFact[Any]], reads: Reads) -> tuple[ReportedFact[Any], ...]:
    return tuple(_fact(one, reads) for one in reported)


def _item(item: Item, reads: Reads) -> Item:
    return structs.replace(
        item,
        product=_fact(item.product, reads),
        prices={place: _fact(one, reads) for place, one in item.prices.items()},
        price_rows={
            place: tuple(_row(row, reads) for row in rows)
            for place, rows in item.price_rows.items()
        },
        plans={
            place: tuple(structs.replace(one, price=_fact(one.price, reads)) for one in plan)
            for place, plan in item.plans.items()
        },
        costs={place: _fact(one, reads) for place, one in item.costs.items()},
        stock={place: _facts(rows, reads) for place, rows in item.stock.items()},
        end=_fact(item.end, reads),
        components=tuple(_item(one, reads) for one in item.components),
    )


def _row(row: PriceRow, reads: Reads) -> PriceRow:
    plan = tuple(structs.replace(one, price=_fact(one.price, reads)) for one in row.plan)
    return structs.replace(row, price=_fact(row.price, reads), plan=plan)


def _history(history: History, reads: Reads) -> History:
    return structs.replace(
        history,
        about=_fact(history.about, reads),
        orders=_facts(history.orders, reads),
        returns=_facts(history.returns, reads),
        cases=_facts(history.cases, reads),
        reviews=_facts(history.reviews, reads),
        remedies=_facts(history.remedies, reads),
    )
