"""How messages name values and hint at known names."""

from typing import Any

import msgspec
import pytest

from tactful.core.facts.checks.findings import FieldError, finding, nearest_or_all, quoted


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        ("19", 'the text "19"'),
        ("x" * 50, f'the text "{"x" * 40}…"'),
        (19, "the number 19"),
        (1.5, "the number 1.5"),
        ([], "a list"),
        ({}, "an object"),
    ],
)
def test_a_wrong_value_is_named_by_its_kind(value: Any, text: str) -> None:
    assert quoted(value) == text


def test_a_hint_is_the_nearest_name_or_all_of_them() -> None:
    assert nearest_or_all("colr", ["colour", "size"], "there are") == "did you mean `colour`?"
    assert nearest_or_all("zzz", ["size", "colour"], "there are") == "there are colour, size."


def test_a_finding_is_about_its_path_unless_it_names_fields() -> None:
    assert finding("c", "a.b", "m").fields == ("a.b",)
    assert finding("c", "a", "m", "a", "b").fields == ("a", "b")


def test_an_absent_example_is_not_written() -> None:
    assert msgspec.to_builtins(FieldError("a", "m")) == {"path": "a", "message": "m"}
    assert msgspec.to_builtins(FieldError("a", "m", 1))["example"] == 1
