"""Comments of a rule file, by the line of the value that they belong to."""

import pytest

from tactful.rulebook.source.comments import Comments, comments_of
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.tree import parse


def comments(text: str) -> Comments:
    return comments_of(text, parse("a.yaml", text, Findings()))


def test_a_comment_belongs_to_the_next_value_or_to_its_own_line() -> None:
    found = comments("# first\n\n\n# second\nrules: []  # beside\n# last\n")
    assert found.above == {4: ["# first", "", "# second"]}
    assert found.beside == {4: "# beside"}
    assert found.below == ["# last", ""]


@pytest.mark.parametrize(
    "text",
    [
        "note: 'a # b'",
        'note: "a # b"',
        "note: a#b",
        "note: >-\n  a # b\n  # c\n",
        "note: |\n  # a\n",
    ],
)
def test_a_hash_inside_a_text_is_no_comment(text: str) -> None:
    assert comments(text) == Comments({}, {}, [])


def test_a_comment_after_a_text_with_a_hash_is_found() -> None:
    assert comments("note: 'a # b'  # c").beside == {0: "# c"}
    assert comments("note: >-  # c\n  a # b").beside == {0: "# c"}


def test_a_file_of_comments_has_only_comments_below() -> None:
    assert comments("# nothing yet\n").below == ["# nothing yet", ""]


def test_comments_inside_a_range_of_lines_are_known() -> None:
    found = comments("a: [b,  # one\n  # two\n  c]  # three\n")
    assert found.within(0, 2)
    assert not found.within(2, 2)
    assert not comments("a: [b, c]  # end\n").within(0, 0)


def test_comments_are_unplaced_until_they_are_removed() -> None:
    found = comments("# above\na: b  # beside\n")
    assert found.has_unplaced
    found.above.clear()
    assert found.has_unplaced
    found.beside.clear()
    assert not found.has_unplaced
