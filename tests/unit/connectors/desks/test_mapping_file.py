"""Mapping files are read strictly; an error names file and line."""

import pytest

from support.desk_mappings import PLAIN, plain_mapping
from tactful.connectors.desks.mapping_file import MappingError, read_mapping_file


def test_a_file_is_read_with_the_lines_of_its_examples() -> None:
    mapping = plain_mapping(
        "examples:\n- name: a\n  ticket: {id: 1}\n  expect: {}\n"
        "- name: b\n  tickets: [{id: 1}, {id: 1}]\n  expect: {}\n"
    )
    assert mapping.file.name == "plain"
    assert [one.name for one in mapping.file.examples] == ["a", "b"]
    assert [len(one.deliveries) for one in mapping.file.examples] == [1, 2]
    begin = PLAIN.count("\n") + 2
    assert mapping.example_lines == (begin, begin + 3)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("status: status", "state: status", ":5: `ticket` has no key `state`. Correct or remove it."),
        ("name: plain", "name: plain\ncolour: red", ":2: The file has no key `colour`."),
        ("  order: order", "  orders: order", ":24: `link` has no key `orders`."),
        ("open: [new]", "open: new", ":18: `status.open`: Expected `array`, got `str`."),
        ("opened_at: opened", "opened_at: opened.", ":6: `opened.` is no path."),
        ("name: plain", "name: plain\nobject: .a", ":2: `.a` is no path."),
        ('case: "T-{id}"', "case: T", ":2: `case` lacks `{id}`."),
        ("pending: [waiting]", "pending: [New]", ":19: `status.pending` and `open` both have 'new'."),
        ("defect: [bad]", "defect: [slow]", "`kind.tags.late` and `defect` both have 'slow'."),
        ("values: {defect", "values: {defekt", "`kind.values` has no key `defekt`."),
        ("link:", "link:\n  text: '[0-9'", "is no pattern"),
        ("link:", "link:\n  text: '[0-9]+'", "has 0 groups"),
        ("name: plain", "name: [", "This is no YAML"),
        ("name: plain", "name: plain\nlist: {path: /t, changed: x}", ":2: `list.changed` lacks"),
        ("name: plain", "name: plain\nlist: {path: /t, changed: '{since}', each: /t}", "`list.each`"),
        ("name: plain", "name: plain\nlist: {path: /t, changed: '{since}', rows: a.}", "is no path"),
        ("name: plain", "name: plain\nlist: {path: /t, changed: '{since}', every: x}", "`list.every`"),
        ("name: plain", "name: plain\nsignature: odd", ":2: `signature` is none of"),
        ("  id: id\n", "", "missing required field `id`"),
    ],
)  # fmt: skip
def test_an_error_names_its_file_its_line_and_the_key(old: str, new: str, message: str) -> None:
    assert old in PLAIN
    with pytest.raises(MappingError) as caught:
        read_mapping_file(PLAIN.replace(old, new, 1), "desk.yaml")
    assert str(caught.value).startswith(f"desk.yaml:{caught.value.line}: ")
    assert message in str(caught.value)


def test_an_example_needs_a_ticket() -> None:
    with pytest.raises(MappingError, match="The example 'a' has no `ticket`"):
        plain_mapping("examples:\n- name: a\n  expect: {}\n")


def test_a_wrong_value_in_a_table_of_words_is_at_the_table() -> None:
    with pytest.raises(MappingError, match=r"kind.words"):
        plain_mapping("  words:\n    en: {defect: broken}\n")
