"""A correction becomes lines of the mapping file, unless the file says otherwise."""

import pytest

from support.desk_mappings import PLAIN, plain_mapping
from tactful.connectors.desks.mapping_file import MappingError, read_mapping_file
from tactful.connectors.desks.mapping_lines import kinds, lines_for

FILE = plain_mapping().file


@pytest.mark.parametrize(
    ("kind", "step", "word", "line"),
    [
        ("defect", "tag", "zip: broken", '  tags:\n    defect: ["bad","zip: broken"]'),
        ("lost", "queue", "Parcels", '  queues:\n    lost: ["Parcels"]'),
        ("question", "value", "how to", '  values:\n    question: ["asking","how to"]'),
    ],
)
def test_the_row_of_the_kind_gets_the_word(kind: str, step: str, word: str, line: str) -> None:
    found = lines_for(FILE, kind, step, word)
    assert found.replace(", ", ",") == f"kind:\n{line}\n"


def test_the_lines_can_be_read_as_a_part_of_the_file() -> None:
    lines = lines_for(FILE, "defect", "tag", "zip: broken")
    row = lines.splitlines()[-1].strip()
    text = PLAIN.replace("tags: {late: [slow], defect: [bad]}", f"tags: {{late: [slow], {row}}}")
    assert read_mapping_file(text, "desk.yaml").file.kind.tags.defect == ("bad", "zip: broken")


@pytest.mark.parametrize(
    ("kind", "word", "message"),
    [
        ("defect", "Slow", "`kind.tags.late` has 'Slow', and"),
        ("defect", "bad", "has 'bad' already"),
    ],
)
def test_a_word_has_one_kind(kind: str, word: str, message: str) -> None:
    with pytest.raises(MappingError, match=message):
        lines_for(FILE, kind, "tag", word)


def test_a_value_needs_a_field() -> None:
    without = read_mapping_file(PLAIN.replace("  field: kind\n", ""), "desk.yaml").file
    with pytest.raises(MappingError, match="reads no field"):
        lines_for(without, "defect", "value", "x")


def test_every_kind_of_the_table_can_be_chosen() -> None:
    assert {"defect", "question"} <= set(kinds())
