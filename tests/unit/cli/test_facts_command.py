"""`tactful facts` describes the facts and checks files of them."""

import json
from pathlib import Path

import pytest

from support.cli_runner import printed_json, run, write_file
from tactful.cli.facts_command import MAX_LINE_BYTES
from tactful.core.facts.fact_types import KINDS

GOOD = '{"type":"stock","sku":"A","territory":"DE","available":3}\n'


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_passes_the_check(tmp_path: Path, kind: str) -> None:
    example = printed_json(run("facts", "example", kind))
    file = write_file(tmp_path / "facts.jsonl", json.dumps(example))
    result = run("facts", "check", file)
    assert (result.exit_code, "1 fact is valid, 0 would be refused." in result.output) == (
        0,
        True,
    )


def test_the_schema_of_one_type_or_of_all_is_printed() -> None:
    assert printed_json(run("facts", "schema", "order"))["$ref"] == "#/$defs/Order"
    assert len(printed_json(run("facts", "schema"))["oneOf"]) == len(KINDS)
    assert run("facts", "schema", "weather").exit_code == 2


def test_every_error_of_every_fact_is_named_with_its_line(tmp_path: Path) -> None:
    bad = '{"type":"stock","sku":"","territory":"UK","avaliable":3}\n'
    file = write_file(tmp_path / "facts.jsonl", GOOD + "\n" + bad + "{\n" + GOOD)
    result = run("facts", "check", file)
    assert result.exit_code == 1
    for words in (
        f"{file}:3: fact.unknown_field: A `stock` has no field `avaliable`; did you mean",
        f"{file}:3: fact.unknown_field: `sku` is empty",
        "Did you mean GB?",
        f"{file}:4: fact.malformed: This is not JSON",
        "2 facts are valid, 2 would be refused.",
    ):
        assert words in result.output


def test_a_value_that_is_read_as_absent_is_noted() -> None:
    order = '{"type":"feed","feed":"stock","at":"0001-01-01T00:00:00Z"}'
    result = run("facts", "check", "-", given=order)
    assert (result.exit_code, "-:1: note: `at` is an instant" in result.output) == (0, True)


def test_a_line_that_is_too_long_is_refused_without_being_kept(tmp_path: Path) -> None:
    file = write_file(tmp_path / "facts.jsonl", "x" * (3 * MAX_LINE_BYTES) + "\n" + GOOD)
    result = run("facts", "check", file)
    assert result.exit_code == 1
    assert f"{file}:1: fact.malformed: The line has more than" in result.output
    assert "1 fact is valid, 1 would be refused." in result.output


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    result = run("facts", "check", tmp_path / "none.jsonl")
    assert (result.exit_code, "The file cannot be read" in result.output) == (2, True)
