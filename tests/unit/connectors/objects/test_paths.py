"""Paths to the values of a ticket."""

from typing import Any

import pytest

from tactful.connectors.objects.paths import PathError, as_text, object_at, parse_path, values_at

TICKET = {
    "id": 7,
    "tags": ["a", "", None, "b"],
    "fields": [
        {"id": 36, "value": "RUN-42"},
        {"id": "37", "value": None},
        {"id": 38, "value": ["1001", "1002"]},
        "odd",
    ],
    "open": True,
    "who": {"email": "mia@shop.example"},
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("id", [7]),
        ("tags", ["a", "b"]),
        ("tags[]", ["a", "b"]),
        ("fields[].value", ["RUN-42", "1001", "1002"]),
        ("fields[id=36].value", ["RUN-42"]),
        ("fields[id=36|38].value", ["RUN-42", "1001", "1002"]),
        ("fields[id=37].value", []),
        ("open", [True]),
        ("who.email", ["mia@shop.example"]),
        ("who", []),
        ("id.of", []),
        ("nothing.here", []),
    ],
)
def test_a_path_finds_the_values_of_a_ticket(text: str, found: list[Any]) -> None:
    assert values_at(parse_path(text), TICKET) == found


@pytest.mark.parametrize("text", ["", ".id", "id.", "a[", "a[b", "a[=1]", "a[]b", "a]b"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(PathError):
        parse_path(text)


def test_the_object_of_a_ticket_comes_with_the_fields_around_it() -> None:
    delivery = {"id": "event", "queue": "support", "data": {"item": {"id": "7"}}}
    assert object_at(parse_path("data.item"), delivery) == {
        "id": "7",
        "queue": "support",
        "data": {"item": {"id": "7"}},
    }


@pytest.mark.parametrize("delivery", [{"id": "7"}, {"data": "text"}, {"data": []}, [], None])
def test_a_delivery_without_the_object_is_the_ticket_itself(delivery: Any) -> None:
    assert object_at(parse_path("data"), delivery) == delivery


def test_values_are_compared_as_mapping_files_write_them() -> None:
    assert [as_text(one) for one in (True, 36, " a ", None, 1.5)] == ["true", "36", "a", "", "1.5"]
