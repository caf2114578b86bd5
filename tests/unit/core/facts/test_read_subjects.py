"""The subjects of a value in memory are those that its reading asked for, in every world."""

from collections.abc import Generator, Sequence
from typing import Any

import pytest

from support.builders import T0, case, order, product, recall
from support.oracle.generated_worlds import BOUGHT, world
from tactful.core.facts.assembly import (
    FactQuery,
    KeyedFact,
    Subject,
    Versions,
    read_history,
    read_item,
)
from tactful.core.facts.fact_types import AnyFact
from tactful.core.facts.read_subjects import history_subjects, item_subjects
from tactful.rulebook.testing.fact_set import FactSet


class Asked(FactSet):
    """Facts in memory that note what they are asked for."""

    def __init__(self, *told: tuple[AnyFact, int]) -> None:
        super().__init__()
        for fact, at in told:
            self.add(fact, at)

    def reading(
        self, reading: Generator[FactQuery, Sequence[KeyedFact], Any]
    ) -> tuple[Any, set[Subject]]:
        """Return what is read, and the subjects that were asked for."""
        asked: set[Subject] = set()
        answer: list[KeyedFact] | None = None
        while True:
            try:
                query = reading.send(answer) if answer is not None else next(reading)
            except StopIteration as finished:
                return finished.value, asked
            if not isinstance(query, Versions):
                asked.update(query.subjects)
            answer = self._answer(query)


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_the_subjects_of_an_item_and_a_customer_are_those_that_were_asked_for(start: int) -> None:
    for seed in range(start, start + 100):
        facts = Asked(*world(seed).facts)
        for sku in (*BOUGHT, "UNKNOWN"):
            item, asked = facts.reading(read_item(sku))
            assert set(item_subjects(item)) == asked, f"world({seed})"
        for customer in ("c1", "c2", "nobody"):
            history, asked = facts.reading(read_history(customer))
            assert history_subjects(history) == asked, f"world({seed})"


def test_a_bundle_rests_on_its_components_and_their_variants() -> None:
    facts = Asked(
        (product("SET-1", "set", components=("RUN-42", "GONE")), T0),
        (product("RUN-42", "run"), T0),
        (product("RUN-43", "run"), T0),
        (recall(skus=("RUN-43",)), T0),
    )
    item, _ = facts.reading(read_item("SET-1"))
    assert set(item_subjects(item)) == {
        ("sku", "SET-1"), ("product", "set"), ("sku", "RUN-42"), ("product", "run"),
        ("sku", "RUN-43"), ("sku", "GONE"),
    }  # fmt: skip


def test_a_customer_rests_on_a_component_that_nobody_has_reported_yet() -> None:
    facts = Asked(
        (order("o1", "SET-1"), T0),
        (case("k1", order="o1"), T0),
        (product("SET-1", "set", components=("GONE",)), T0),
    )
    history, _ = facts.reading(read_history("c1"))
    assert history_subjects(history) == {
        ("customer", "c1"), ("order", "o1"), ("case", "k1"), ("sku", "SET-1"), ("sku", "GONE"),
    }  # fmt: skip
