"""YAML with the line of each value."""

import pytest

from tactful.connectors.desks.located_yaml import YamlError, read_yaml

TEXT = """\
desk: own
when: 2026-03-09
no: no
status:
  open: [1, "2"]
true: ~
"""


def test_only_the_types_of_json_are_read() -> None:
    assert read_yaml(TEXT).value == {
        "desk": "own",
        "when": "2026-03-09",
        "no": "no",
        "status": {"open": [1, "2"]},
        "true": None,
    }


def test_json_is_read_as_it_is() -> None:
    assert read_yaml('{"a": [1.5, true, false, null, -3]}').value == {
        "a": [1.5, True, False, None, -3]
    }


def test_an_empty_text_is_nothing() -> None:
    assert read_yaml("").value is None


def test_each_value_has_a_line_or_that_of_the_value_around_it() -> None:
    document = read_yaml(TEXT)
    assert document.line_of(("status", "open", 1)) == 5
    assert document.line_of(("status", "open", 1, "none")) == 5
    assert document.line_of(("status", "none")) == document.line_of(("status",)) == 5
    assert document.line_of(("none",)) == 1


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "here twice"),
        ("a: 1\n b: 2\n", 2, "no YAML"),
        ("a: [1\n", 2, "no YAML"),
        ("a: \x00\n", 1, "no YAML"),
        ("? [a]\n: 1\n", 1, "no text"),
        ("a: !!python/name:os.system x\n", 1, "no YAML"),
        ("[" * 40 + "]" * 40, 1, "nested"),
    ],
)
def test_what_cannot_be_used_is_an_error_with_its_line(text: str, line: int, part: str) -> None:
    with pytest.raises(YamlError, match=part) as caught:
        read_yaml(text)
    assert caught.value.line == line
