"""A set of facts in memory, for rule tests and checks that have no ledger."""

from collections import defaultdict
from collections.abc import Generator, Sequence
from typing import Any, TypeVar

from msgspec import structs

from tactful.core.facts.assembly import (
    FactKey,
    FactQuery,
    KeyedFact,
    Subject,
    Versions,
    read_history,
    read_item,
)
from tactful.core.facts.fact_codec import encode
from tactful.core.facts.fact_types import (
    AnyFact,
    Case,
    Customer,
    Price,
    ReportedFact,
    kind_of,
    subjects_of,
)
from tactful.core.facts.fact_versions import (
    FactArrival,
    FactHead,
    FactOutcome,
    advance,
    comes_late,
    content_digest,
    is_dated,
    ordinal,
    versioned_key,
)
from tactful.core.facts.history import History
from tactful.core.facts.item import Item
from tactful.core.facts.succession import rivals_of

R = TypeVar("R")


class FactSet:
    """Facts as the ledger keeps them: the highest version of each key is in force."""

    def __init__(self) -> None:
        self._in_force: dict[FactKey, ReportedFact[Any]] = {}
        self._arrivals: dict[FactKey, FactArrival] = {}
        """The last report of each key that was not ignored."""
        self._number = 0
        self._by_subject: dict[Subject, set[FactKey]] = defaultdict(set)
        self._versions: dict[FactKey, list[ReportedFact[Any]]] = defaultdict(list)
        """Versions of a price or a customer, in the order in which they were added."""

    def add(self, fact: AnyFact, at: int) -> None:
        """Add a fact, unless a newer version of it is known.

        Args:
            fact: The fact as it was reported.
            at: When it was reported, in milliseconds since the Unix epoch, UTC.
        """
        key = kind_of(fact), versioned_key(fact, at)
        known, version, head = self._in_force.get(key), ordinal(fact.version), None
        if known:
            last = self._arrivals[key]
            head = FactHead(last.versions, key[0], encode(known.fact), last.contents)
        arrival = advance(head, version, content_digest(fact), encode(fact), at)
        if arrival.outcome is FactOutcome.IGNORED:
            if head and is_dated(fact) and comes_late(head.versions, version):
                self._add_late_price(key, ReportedFact(fact, at))
            return
        self._arrivals[key] = arrival
        if (
            known
            and arrival.outcome is FactOutcome.UNCHANGED
            and not self._is_replaced(fact, known)
        ):
            if version is not None:
                self._in_force[key] = structs.replace(known, fact=fact)
            return
        self._number += 1
        at = max(at, known.at) if known else at
        reported: ReportedFact[Any] = ReportedFact(fact, at, self._number)
        self._in_force[key] = reported
        for subject in subjects_of(fact):
            self._by_subject[subject].add(key)
        if isinstance(fact, Price | Customer):
            self._versions[key].append(reported)

    def _is_replaced(self, fact: AnyFact, known: ReportedFact[Any]) -> bool:
        return any(
            kind == wanted and first <= key < end and one.number > known.number
            for wanted, first, end in rivals_of(fact)
            for (kind, key), one in self._in_force.items()
        )

    def _add_late_price(self, key: FactKey, late: ReportedFact[Any]) -> None:
        if all(one.fact != late.fact for one in self._versions[key]):
            self._versions[key].append(late)

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

    def customers(self) -> list[Customer]:
        """Return every customer fact, by the customer's id."""
        return [one.fact for (kind, _), one in sorted(self._in_force.items()) if kind == "customer"]

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
        if isinstance(query, Versions):
            key = query.kind, query.key
            return [(key, one) for one in self._versions[key]]
        keys = {key for one in query.subjects for key in self._by_subject.get(one, ())}
        wanted = set(query.subjects)
        return [
            (key, self._in_force[key])
            for key in sorted(keys)
            if key[0] in query.kinds
            # The index also has older versions; the version in force may have another subject.
            and not wanted.isdisjoint(subjects_of(self._in_force[key].fact))
        ]
