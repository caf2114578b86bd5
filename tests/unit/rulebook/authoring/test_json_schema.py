"""The JSON Schema of rule files."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from support.json_schemas import errors
from tactful.rulebook.authoring.json_schema import schema, schema_text
from tactful.rulebook.language.grammar import FILE

ROOT = Path(__file__).parents[4]


def test_the_schema_in_the_repository_is_the_one_that_is_generated() -> None:
    path = ROOT / "rules" / "schema" / "rules.schema.json"
    assert path.read_text("utf-8") == schema_text()


def test_the_schema_knows_every_section_and_refers_only_to_what_it_defines() -> None:
    found = schema()
    assert set(found["properties"]) == {key.name for key in FILE.keys}
    names = set(found["definitions"])
    refs = {part.split('"')[0] for part in schema_text().split("#/definitions/")[1:]}
    assert refs <= names


class _Loader(yaml.SafeLoader):
    """Reads scalars as rule files do: dates and clock times are texts."""


_Loader.yaml_implicit_resolvers = {
    key: [(tag, form) for tag, form in forms if not tag.endswith((":timestamp", ":merge"))]
    for key, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def found_in(text: str) -> list[str]:
    return list(errors(yaml.load(text, _Loader), schema(), schema()))  # noqa: S506 - a safe loader


FILES = [
    path
    for folder in ("rules/starter", "server/tactful/demo/rules")
    for path in sorted((ROOT / folder).glob("*.yaml"))
    if not path.name.endswith(".test.yaml")
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: "-".join(path.parts[-3:]))
def test_valid_rule_files_are_valid_in_the_schema(path: Path) -> None:
    assert found_in(path.read_text("utf-8")) == []


VALID = [
    "item.price: 50.00 EUR",
    "item.price: {EUR: 50.00, GBP: 45.00}",
    "item.price: {at_least: {EUR: 50.00}}",
    "item.brand: $premium",
    "item.brand: {in: [$premium, Velo]}",
    "item.stock: [1, $sizes]",
    "session.page: [$pages, cart]",
    "item.attributes.washable: true",
    "history.bought_brand: {is: Velo, within: 365d}",
    "any: [item.stock: 3]",
]


@pytest.mark.parametrize("condition", VALID)
def test_valid_conditions_are_valid_in_the_schema(condition: str) -> None:
    assert found_in(f"rules: [{{id: a, when: [{condition}], offer: {{percent: 10%}}}}]") == []


MISTAKES = [
    ("when: [item.stock: {above: 5}]", "when[0].item.stock: unknown above"),
    ("when: [item.stocks: 5]", "when[0]: unknown item.stocks"),
    ("when: [item.price: {at_least: 50}]", "when[0].item.price.at_least: type"),
    ("when: [item.price: {EURO: 5}]", "when[0].item.price: unknown EURO"),
    ("when: [session.page: carrt]", "when[0].session.page: enum"),
    ("when: [session.page: [cart, carrt]]", "when[0].session.page[1]: enum"),
    ("when: {item.stock: many}", "when.item.stock: pattern"),
    ("territories: Schweiz", "territories: pattern"),
    ("territories: [DE, Schweiz]", "territories[1]: pattern"),
    ("offer: {percent: 10}", "offer.percent: type"),
    ("offer: {amount: 5}", "offer.amount: type"),
    ("offer: {percent: 10%, min_saving: 5}", "offer.min_saving: type"),
    ("offer: {percent: 10%, message: [a]}", "offer.message: type"),
    ("schedule: {day: mon}", "schedule: unknown day"),
    ("schedule: [{day: mon}]", "schedule[0]: unknown day"),
]


@pytest.mark.parametrize(("text", "found"), MISTAKES)
def test_a_mistake_has_one_error_at_its_own_place(text: str, found: str) -> None:
    assert found_in(f"rules:\n  - id: a\n    {text}\n") == [f"$.rules[0].{found}"]


def test_alternatives_are_told_apart_by_their_type() -> None:
    """A validator says of `anyOf` only that no alternative fits."""

    def alternatives(shape: Any) -> int:
        if isinstance(shape, list):
            return sum(map(alternatives, shape))
        if not isinstance(shape, dict):
            return 0
        inner = sum(alternatives(part) for name, part in shape.items() if name != "if")
        return inner + sum(name in shape for name in ("anyOf", "oneOf"))

    assert alternatives(schema()) == 0
