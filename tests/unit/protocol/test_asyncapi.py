"""The AsyncAPI document, made from the structs."""

import json
from collections.abc import Iterator
from typing import Any

from tactful.protocol import close_codes
from tactful.protocol.asyncapi import document


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(whole: Any, reference: str) -> Any:
    node = whole
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def test_the_document_is_json_and_names_its_version() -> None:
    found = document("1.2.3")
    assert json.loads(json.dumps(found)) == found
    assert found["asyncapi"] == "3.0.0"
    assert found["info"]["version"] == "1.2.3"


def test_every_reference_leads_somewhere() -> None:
    found = document("1")
    for reference in references(found):
        assert resolve(found, reference)


def test_the_client_sends_what_the_server_receives() -> None:
    operations = document("1")["operations"]
    tags = {key: [m["$ref"].rsplit("/", 1)[1] for m in value["messages"]]
            for key, value in operations.items()}  # fmt: skip
    assert tags["receive"][0] == "hello"
    assert tags["send"][0] == "welcome"
    assert not set(tags["receive"]) & set(tags["send"])


def test_bounds_and_refused_fields_are_in_the_schemas() -> None:
    schemas = document("1")["components"]["schemas"]
    assert schemas["View"]["additionalProperties"] is False
    assert schemas["CartLine"]["properties"]["sku"]["maxLength"] == 128


def test_every_close_code_is_listed() -> None:
    listed = document("1")["x-close-codes"]
    assert [row["code"] for row in listed] == [row.code for row in close_codes.TABLE]


def test_the_same_structs_give_the_same_document() -> None:
    assert document("1") == document("1")
