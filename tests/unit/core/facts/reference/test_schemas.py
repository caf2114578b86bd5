"""The JSON Schemas of the facts: complete, described, and closed over their references."""

import json
import re
from typing import Any

import pytest

from tactful.core.facts.fact_types import KINDS
from tactful.core.facts.reference.fields import EXAMPLES
from tactful.core.facts.reference.schemas import DIALECT, fact_components, fact_schema


def refs(schema: Any) -> set[str]:
    return set(re.findall(r'"\$ref": "#/\$defs/(\w+)"', json.dumps(schema)))


@pytest.mark.parametrize("kind", [*KINDS, None])
def test_a_schema_defines_exactly_what_it_refers_to(kind: str | None) -> None:
    schema = fact_schema(kind)
    assert schema["$schema"] == DIALECT
    assert refs(schema) == set(schema["$defs"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_has_a_description_and_every_kind_an_example(kind: str) -> None:
    names, components = fact_components("#/$defs/{name}")
    schema = components[names[kind]]
    assert schema["examples"] == [EXAMPLES[kind]]
    assert schema["properties"]["type"]["enum"] == [kind]
    for name, one in schema["properties"].items():
        assert name == "type" or one["description"], name
    assert schema["additionalProperties"] is False


def test_parts_of_facts_are_described_too() -> None:
    _, components = fact_components("#/$defs/{name}")
    assert "Units" in components["OrderLine"]["properties"]["qty"]["description"]
    assert components["RemedyCause"]["properties"]["case"]["description"]
