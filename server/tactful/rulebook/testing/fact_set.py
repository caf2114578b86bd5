"""A set of facts in memory, for rule tests and checks that have no ledger."""

from collections import defaultdict
from collections.abc import Generator, Sequence
from typing import Any, TypeVar

from tactful.core.facts.assembly import (
    FactKey,
    FactQuery,
    KeyedFact,
    PriceVersions,
    Subject,
    read_history,
    read_item,
)
from tactful.core.facts.fact_types import AnyFact, Case, Price, ReportedFact, kind_of, subjects_of
from tactful.core.facts.fact_versions import (
    UNSEEN,
    HighestVersions,
    advance,
    comes_late,
    is_dated,
    ordinal,
    versioned_key,
)
from tactful.core.facts.history import History
from tactful.core.facts.item import Item

R = TypeVar("R")


class FactSet:
    """Facts as the ledger keeps them: the highest version of each key is in force."""

    def __init__(self) -> None:
        self._in_force: dict[FactKey, ReportedFact[Any]] = {}
        self._highest: dict[FactKey, HighestVersions] = {}
        self._by_subject: dict[Subject, set[FactKey]] = defaultdict(set)
        self._prices: dict[str, list[ReportedFact[Price]]] = defaultdict(list)
        """Key of a price fact → its versions, in the order in which they were added."""

    def add(self, fact: AnyFact, at: int) -> None:
        """Add a fact, unless a newer version of it is known.

        Args:
            fact: The fact as it was reported.
            at: When it was reported, in milliseconds since the Unix epoch, UTC.
        """
        key = kind_of(fact), versioned_key(fact, at)
        before, version = self._highest.get(key, UNSEEN), ordinal(fact.version)
        highest = advance(before, version, at)
        if highest is None:
            if is_dated(fact) and comes_late(before, version):
                self._add_late_price(key[1], ReportedFact(fact, at))
            return
        known = self._in_force.get(key)
        reported: ReportedFact[Any] = ReportedFact(fact, max(at, known.at) if known else at)
        self._highest[key] = highest
        self._in_force[key] = reported
        for subject in subjects_of(fact):
            self._by_subject[subject].add(key)
        if isinstance(fact, Price):
            self._prices[key[1]].append(reported)

    def _add_late_price(self, key: str, late: ReportedFact[Any]) -> None:
        if all(one.fact != late.fact for one in self._prices[key]):
            self._prices[key].append(late)

    def items(self) -> dict[str, Item]:
        """Return every SKU that has a product, a price or stock, as an item."""
        kinds = ("product", "price", "stock")
        skus = {one.fact.sku for (kind, _), one in self._in_force.items() if kind in kinds}
        return {sku: self.item(sku) for sku in sorted(skus)}

    def item(self, sku: str) -> Item:
        """Return an SKU, known or not; a bundle with its components."""
        return self._run(read_item(sku))

    def cases(self) -> dict[str, Case]:
        """Return every support case, by its id."""
        return {key: one.fact for (kind, key), one in self._in_force.items() if kind == "case"}

    def history(self, customer: str) -> History:
        """Return what is known about a customer."""
        return self._run(read_history(customer))

    def _run(self, reading: Generator[FactQuery, Sequence[KeyedFact], R]) -> R:
        try:
            query = next(reading)
            while True:
                query = reading.send(self._answer(query))
        except StopIteration as finished:
            result: R = finished.value
            return result

    def _answer(self, query: FactQuery) -> list[KeyedFact]:
        if isinstance(query, PriceVersions):
            return [(("price", query.key), one) for one in self._prices[query.key]]
        keys = {key for one in query.subjects for key in self._by_subject.get(one, ())}
        wanted = set(query.subjects)
        return [
            (key, self._in_force[key])
            for key in sorted(keys)
            if key[0] in query.kinds
            # The index also has older versions; the version in force may have another subject.
            and not wanted.isdisjoint(subjects_of(self._in_force[key].fact))
        ]
