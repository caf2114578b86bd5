"""Files with a broken layout are read to their end."""

import pytest

from support.rule_files import VALID_FILE, found
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.recovery import read
from tactful.rulebook.source.tree import RuleSource


def test_reading_continues_after_a_broken_line() -> None:
    text = """\
    rules:
      - id: one
        note: two: colons
        offer: {percent: 10}
      - id: two
        owner: "nobody
        offer: {percent: 20}
    """
    assert found(text) == [("R103", 3, 14), ("R205", 4, 22), ("R104", 6, 12), ("R205", 7, 22)]


def test_an_unreadable_line_is_dropped_with_everything_nested_under_it() -> None:
    text = """\
    rules:
      - id: one
        when: all:
          - item.stock: {at_least: 5}
        offer: {percent: 10%}
    """
    assert found(text) == [("R103", 3, 14)]


def test_a_file_of_only_broken_lines_is_given_up() -> None:
    broken = found("a: b: c\n" * 50)
    assert {code for code, _, _ in broken} == {"R103"}
    assert len(broken) == 20


def test_a_quote_that_cannot_be_closed_loses_only_its_line() -> None:
    text = 'rules:\n  - id: one\n    note: "a" "b\n    offer: {percent: 10%}\n'
    assert {code for code, _, _ in found(text)} <= {"R103", "R104"}


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("rules:\n\t- id: one\n\t  offer: {percent: 10%}\n", [2, 3]),
        ("rules:\n  - id: one\n\toffer:\n\t\tpercent: 10%\n", [3, 4]),
        ("rules:\n  - id: one\n\tnote: a\n\toffer: {percent: 10%}\n", [3, 4]),
        ("rules:\n  - id: one\n    offer:\n    \tpercent: 10%\n", [4]),
        ("rules:\n  - id: one\n    offer:\n\t# a comment\n\n\t\n      percent: 10%\n", []),
        ("\trules:\n\t  - id: one\n\t    offer: {percent: 10%}\n", [1, 2, 3]),
    ],
)
def test_tabs_are_reported_and_read_as_the_probable_indentation(
    text: str, places: list[int]
) -> None:
    assert [(code, line) for code, line, _ in found(text.encode())] == [
        ("R105", line) for line in places
    ]


def test_a_tab_inside_a_value_is_accepted() -> None:
    assert found("rules:\n  - id: one\n    note: a\tb\n    offer: {percent: 10%}\n") == []


def test_a_valid_file_is_read_without_findings() -> None:
    findings = Findings()
    assert read(RuleSource("a.yaml", VALID_FILE), findings) is not None
    assert findings.sorted() == ()
