"""The parameters of the HTTP API's requests."""

import re

import pytest

from tactful.api.openapi import POST_QUERIES, QUERIES
from tactful.api.openapi_parameters import OPERATOR, SCHEMAS, STATES, parameter
from tactful.api.redemptions import STATES as REDEMPTION_STATES
from tactful.runtime.services.item_catalogue import CATALOGUE_KINDS

NAMED = {
    name.rstrip("!")
    for queries in (QUERIES, POST_QUERIES)
    for names in queries.values()
    for name in names
}


def test_every_parameter_of_a_query_has_a_schema() -> None:
    assert NAMED - {"state"} <= set(SCHEMAS)


@pytest.mark.parametrize("name", [name for name, one in SCHEMAS.items() if "pattern" in one])
def test_an_example_matches_its_pattern(name: str) -> None:
    schema = SCHEMAS[name]
    for example in schema.get("examples", ()):
        assert re.search(schema["pattern"], example)


def test_the_values_of_a_parameter_are_those_that_its_endpoint_takes() -> None:
    assert SCHEMAS["of"]["enum"] == list(CATALOGUE_KINDS)
    assert STATES["/v1/redemptions"] == tuple(REDEMPTION_STATES)
    one = parameter("/v1/alerts", "state", "query", required=False)
    assert one["schema"] == {"enum": ["unresolved", "resolved"]}


def test_a_parameter_without_a_schema_is_a_text() -> None:
    one = parameter("/v1/new/{thing}", "thing", "path", required=True)
    assert one == {
        "name": "thing",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "minLength": 1},
    }


def test_the_operators_name_is_a_header() -> None:
    assert (OPERATOR["name"], OPERATOR["in"]) == ("Tactful-Operator", "header")
