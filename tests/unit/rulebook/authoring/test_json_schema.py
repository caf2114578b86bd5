"""The JSON Schema of rule files."""

from pathlib import Path

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
