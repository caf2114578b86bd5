"""The formatter keeps every comment and never changes the meaning of a file."""

import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.oracle.generated_rules import RULES as RULES_AT_RANDOM
from support.oracle.generated_rules import as_file
from support.rule_files import check
from tactful.core.rules.rule import Rule
from tactful.rulebook.authoring.formatter import WIDEST, FormatResult, format_file
from tactful.rulebook.compiler import CompiledRulebook
from tactful.rulebook.source.tree import RuleSource

RULES = Path(__file__).parents[4] / "rules"
FILES = sorted((RULES / "starter").glob("*.yaml"))


def laid_out(text: str) -> str:
    done = format_file(RuleSource("a.yaml", dedent(text).encode()))
    assert done.text is not None, done.reason
    again = format_file(RuleSource("a.yaml", done.text.encode()))
    assert again.text == done.text
    return done.text


def refused(text: str) -> str:
    done = format_file(RuleSource("a.yaml", dedent(text).encode()))
    assert done.text is None
    return done.reason


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_starter_files_are_formatted(path: Path) -> None:
    text = path.read_bytes()
    assert format_file(RuleSource(path.name, text)) == FormatResult(text.decode())


UGLY = """\
# for everybody

# about the rules
rules:
# before the first
- offer:
    percent: 15%   # fifteen
    message: >-
        A long text # not a comment

        in two parts
  # about the id
  id: first    # the id
  when:
  - item.stock: { at_least: 5 }

  - any:
    - visit.campaign: "spring # mail"
    # inner
    - item.brand: {in: [Velo, Nordek,
        Other]}
  unless: []
  stacks_with: [second,
    # a comment inside
    third]
- id: second
  note: a text
    on two lines
  territories:
  - DE
  - AT
  offer: {percent: 10%, floor: {margin: 20%, minimum: {EUR: 10.00, GBP: 9.00}}, expires: 15m, max_qty: 3, placement: corner}
policy: {holdout:   10%}
# the end

"""

NEAT = """\
# for everybody

# about the rules
rules:
  # before the first
  # about the id
  - id: first  # the id
    when:
      - item.stock: {at_least: 5}
      - any:
          - visit.campaign: "spring # mail"
          # inner
          - item.brand: {in: [Velo, Nordek, Other]}
    unless: []
    offer:
      percent: 15%  # fifteen
      message: >-
        A long text # not a comment

        in two parts
    stacks_with:
      - second
      # a comment inside
      - third

  - id: second
    note: a text on two lines
    territories:
      - DE
      - AT
    offer:
      percent: 10%
      floor: {margin: 20%, minimum: {EUR: 10.00, GBP: 9.00}}
      max_qty: 3
      expires: 15m
      placement: corner

policy: {holdout: 10%}

# the end
"""


def test_a_badly_formatted_file_is_laid_out() -> None:
    assert laid_out(UGLY) == NEAT


def test_formatting_does_not_change_the_meaning() -> None:
    for path in FILES:
        if ".test." in path.name:
            continue
        squeezed = path.read_text("utf-8").replace("  # ", " #  ").replace("\n\n", "\n\n\n\n")
        before, after = check(squeezed.encode()), check(laid_out(squeezed).encode())
        assert {one.id: one.digest for one in _rules(before)} == {
            one.id: one.digest for one in _rules(after)
        }


def _rules(compiled: CompiledRulebook) -> list[Rule]:
    return list(compiled.rulebook.rules.values()) if compiled.rulebook else []


def test_a_file_of_comments_and_an_empty_file_stay_unchanged() -> None:
    assert laid_out("# nothing yet\n") == "# nothing yet\n"
    assert laid_out("") == ""


def test_dos_line_ends_and_a_byte_order_mark_are_removed() -> None:
    done = format_file(RuleSource("a.yaml", b"\xef\xbb\xbfrules: []\r\n"))
    assert done.text == "rules: []\n"


def test_a_long_list_in_brackets_is_written_line_by_line() -> None:
    words = ", ".join(f"word-{n}" for n in range(20))
    text = laid_out(f"lists:\n  long: [{words}]\n  short: [a, b]\n")
    assert max(map(len, text.splitlines())) <= WIDEST
    assert "    - word-3\n" in text
    assert "short: [a, b]" in text


def test_unknown_keys_come_after_the_known_ones() -> None:
    text = "rules:\n  - zzz: 1\n    offer: {percent: 1%}\n    id: a\n"
    assert laid_out(text).splitlines()[1:] == [
        "  - id: a",
        "    offer: {percent: 1%}",
        "    zzz: 1",
    ]


def test_a_literal_text_keeps_its_lines() -> None:
    text = """\
    rules:
      - id: a
        note: |  # as it is
              one

                two
        offer: {percent: 1%}
    """
    assert "    note: |  # as it is\n      one\n\n        two\n    offer" in laid_out(text)


def test_a_list_may_contain_block_texts() -> None:
    text = "lists:\n  l:\n    - >-\n        a\n        b\n    - c\n"
    assert laid_out(text) == "lists:\n  l:\n    - >-\n      a\n      b\n    - c\n"


def test_lists_in_lists_and_empty_values_are_kept() -> None:
    assert laid_out("lists:\n  l:\n    - - a\n      - b\n    -\n  m:\n") == (
        "lists:\n  l:\n    - - a\n      - b\n    -\n  m:\n"
    )


def test_a_comment_between_sections_may_have_its_own_paragraph() -> None:
    text = "rules: []\n# one\n\n# two\npolicy: {holdout: 1%}\n"
    assert laid_out(text) == "rules: []\n\n# one\n\n# two\npolicy: {holdout: 1%}\n"


def test_a_file_with_a_broken_layout_is_left_unchanged() -> None:
    assert refused("rules:\n  - id: a: b\n").startswith("a.yaml:2:10: R103")


def test_a_file_that_cannot_be_formatted_without_loss_is_left_unchanged() -> None:
    assert "with `>-` or `|`" in refused("rules:\n  - id: a\n    note: |2\n        x\n")
    assert "with `>-` or `|`" in refused("rules:\n  - id: a\n    note: a\n\n      b\n")
    assert "a mapping of sections" in refused("- a\n")
    assert "this comment belongs to no value" in refused("lists: {a: [b,\n  c\n  # lost\n  ]}\n")


def test_a_file_without_any_key_of_rule_files_or_tests_is_left_unchanged() -> None:
    compose = "services:\n  web: {image:   nginx}\nvolumes: {}\n"
    assert "a.yaml: this file has none of the keys of rule files and tests" in refused(compose)
    assert laid_out("campaigns:   {}\n") == "campaigns: {}\n"
    assert laid_out("tests:   []\n") == "tests: []\n"


def test_blank_lines_after_a_block_text_are_dropped() -> None:
    text = "rules:\n  - id: a\n    note: >-\n      x\n\n\n    offer: {percent: 1%}\n"
    assert "      x\n    offer" in laid_out(text)


def test_an_empty_block_text_is_kept() -> None:
    assert laid_out("rules:\n  - id: a\n    note: >-\n") == "rules:\n  - id: a\n    note: >-\n"


@settings(max_examples=60, deadline=None)
@given(rules=st.lists(RULES_AT_RANDOM, min_size=1, max_size=3), comments=st.booleans())
def test_formatting_random_rules_is_idempotent_and_keeps_their_meaning(
    rules: list[dict[str, Any]], comments: bool
) -> None:
    text = as_file(rules)
    if comments:
        text = "".join(f"{line}  # {n}\n" for n, line in enumerate(text.splitlines()))
    neat = laid_out(text)
    assert sorted(re.findall(r"# \d+", neat)) == sorted(re.findall(r"# \d+", text))
    before, after = check(text.encode()), check(neat.encode())
    found = [sorted(one.code for one in each.diagnostics) for each in (before, after)]
    assert found[0] == found[1]  # their places move with the lines
    if before.rulebook and after.rulebook:
        assert before.rulebook.version == after.rulebook.version
