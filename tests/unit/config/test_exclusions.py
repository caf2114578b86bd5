"""Exclusions in the `[policy]` table."""

import tomllib
from typing import Any

import pytest

from support.rule_files import check
from tactful.config.exclusions import exclusions
from tactful.config.values import ValueProblem
from tactful.core.rules.policy import Policy, ShopExclusion
from tactful.core.values.calendar import parse_rfc3339

TYPE = exclusions()
FULL = """
[[exclude]]
id = "gift-cards"
categories = ["Gift-Cards"]
brands = "Velo"
territories = ["DE", "US-NY"]
valid = {from = 2026-04-01, until = "2026-04-30", timezone = "Europe/Berlin"}
note = "Money is not discounted."
owner = "finance"
"""


def parsed(text: str) -> Any:
    return TYPE.parse(tomllib.loads(text)["exclude"])


def test_an_exclusion_has_the_keys_of_a_rule_file() -> None:
    assert parsed(FULL) == (
        ShopExclusion(
            "Money is not discounted.",
            "finance",
            {"categories": ("Gift-Cards",), "brands": ("Velo",), "territories": ("DE", "US-NY")},
            "gift-cards",
            parse_rfc3339("2026-03-31T22:00:00Z"),
            parse_rfc3339("2026-04-30T22:00:00Z"),
        ),
    )
    assert TYPE.format(parsed(FULL)) == "gift-cards"
    assert TYPE.format(parsed('exclude = [{skus = "A", note = "n", owner = "o"}]')) == "n"
    assert TYPE.parse(TYPE.format(())) == ()


WHO = 'note = "n", owner = "o"'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"all"', "Write a list of tables"),
        ("[1]", "exclusion 1 is not a table"),
        (f'[{{skus = "A", {WHO}}}, {{sku = "A", {WHO}}}]', "exclusion 2 has no key sku"),
        (f"[{{{WHO}}}]", "excludes everything for ever"),
        (f"[{{skus = [], {WHO}}}]", "skus is not a list of texts"),
        (f"[{{skus = [1], {WHO}}}]", "skus is not a list of texts"),
        (f'[{{territories = "UK", {WHO}}}]', "UK is no territory"),
        ('[{skus = "A", owner = "o"}]', "has no note"),
        ('[{skus = "A", note = "n", owner = " "}]', "has no owner"),
        (f'[{{skus = "A", valid = "now", {WHO}}}]', "valid is not a table"),
        (f'[{{skus = "A", valid = {{til = 1}}, {WHO}}}]', "valid is not a table"),
        (f'[{{skus = "A", valid = {{until = "soon"}}, {WHO}}}]', "exclusion 1: valid: "),
        (
            f'[{{skus = "A", valid = {{from = "2026-05-02", until = "2026-05-01"}}, {WHO}}}]',
            "ends before it begins",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ValueProblem, match=said):
        parsed(f"exclude = {text}")


def test_exclusions_of_the_shop_and_of_rule_files_both_hold() -> None:
    text = """
    rules: [{id: a, offer: {percent: 5%}}]
    exclude: [{id: b, skus: [B], note: n, owner: o}]
    """
    bare, both = check(text), check(text, policy=Policy(exclude=parsed(FULL)))
    assert bare.rulebook is not None
    assert both.rulebook is not None
    assert [one.id for one in both.rulebook.exclusions] == ["b", "gift-cards"]
    mine = both.rulebook.exclusions[1]
    assert (mine.categories, mine.brands) == (frozenset({"gift-cards"}), frozenset({"velo"}))
    assert bare.rulebook.version != both.rulebook.version


def test_an_exclusion_without_an_id_gets_one() -> None:
    anonymous = parsed(f'exclude = [{{skus = "A", {WHO}}}]')
    found = check("rules: [{id: a, offer: {percent: 5%}}]", policy=Policy(exclude=anonymous))
    assert found.rulebook is not None
    (one,) = found.rulebook.exclusions
    assert one.id.startswith("exclusion-")
    assert one.skus == frozenset({"A"})
