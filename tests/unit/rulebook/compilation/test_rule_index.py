"""Rules are found by hash, in the order of their ids, however many there are."""

from typing import Any

import pytest

from support.rule_files import item, rulebook, scene
from tactful.rulebook.compilation import rule_index as index

RULES = """
rules:
  - {id: everywhere, offer: {percent: 1%}}
  - {id: austria, territories: [AT], offer: {percent: 1%}}
  - {id: running, when: [item.category: {under: shoes/running}], offer: {percent: 1%}}
  - {id: shoes, when: [item.category: {under: /shoes/}, item.brand: Velo], offer: {percent: 1%}}
  - {id: boots, when: {any: [{all: [item.category: boots]}]}, offer: {percent: 1%}}
  - {id: sku, when: [item.sku: [RUN-42, X], item.category: boots], offer: {percent: 1%}}
  - {id: mail, when: [visit.campaign: spring], offer: {percent: 1%}}
  - {id: glob, when: [item.title: {matches: "zzz*"}], offer: {percent: 1%}}
  - {id: leaving, moment: rescue, offer: {percent: 1%}}
"""


def candidates(**session: Any) -> list[str]:
    book = rulebook(RULES)
    return [rule.id for rule in book.index.for_item(scene(**session))]


def test_candidate_rules_are_found_in_the_order_of_ids() -> None:
    assert candidates() == ["everywhere", "glob", "running", "shoes", "sku"]
    assert candidates(territory="AT") == [
        "austria",
        "everywhere",
        "glob",
        "running",
        "shoes",
        "sku",
    ]
    assert candidates(it=item("B", categories=("boots",))) == ["boots", "everywhere", "glob"]
    assert candidates(it=item("B", categories=("shoes-care",))) == ["everywhere", "glob"]


def test_a_rescue_rule_is_found_only_where_the_shopper_is_leaving() -> None:
    assert "leaving" in candidates(rescue=True)
    assert "leaving" not in candidates()


def test_nothing_is_found_in_an_empty_rulebook() -> None:
    assert rulebook("").index.for_item(scene()) == ()


def test_the_cache_of_the_index_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "CACHE_LIMIT", 2)
    found = rulebook(RULES).index
    for round_ in range(2):
        for number in range(5):
            ids = [rule.id for rule in found.for_item(scene(item(f"S{number}", categories=())))]
            assert ids == ["everywhere", "glob"], round_
    first, again = (found.for_item(scene()) for _ in range(2))
    assert first is again
