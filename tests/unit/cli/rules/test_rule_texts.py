"""What `tactful rules check` and `explain` say besides findings."""

from support.rule_files import check
from tactful.cli.rules.rule_texts import (
    break_even_lines,
    common_lines,
    rule_break_even,
    window_lines,
)

RULES = """
policy: {holdout: 5%}
suppress: [{id: g, when: [item.category: {under: glass}], after: 120d}]
exclude:
  - {id: x, brands: [Velo], valid: {until: 2026-12-31}, note: The price is bound., owner: merch}
rules:
  - {id: a, valid: {from: 2026-03-01, timezone: Europe/Berlin}, offer: {percent: 15%}}
  - {id: b, offer: {fixed: 5.00 EUR}}
"""


def test_windows_are_listed_in_utc() -> None:
    assert list(window_lines(check(RULES))) == [
        "rule 'a' is valid from 2026-02-28T23:00:00Z",
        "exclusion 'x' is valid until 2027-01-01T00:00:00Z",
    ]


def test_what_applies_to_every_rule_is_listed() -> None:
    lines = common_lines(check(RULES))
    assert lines[0].startswith("exclusion 'x'")
    assert lines[1].startswith("suppression lasts at least 120d")
    assert lines[2:] == ["policy: holdout is 5%"]


def test_the_break_even_is_typical_without_facts() -> None:
    assert "2.0 times the buyers" in rule_break_even(check(RULES), "a", {})[0]
    assert rule_break_even(check(RULES), "b", {}) == []
    assert rule_break_even(check("rules: {}"), "a", {}) == []
    assert list(break_even_lines(check(RULES), {})) == []
