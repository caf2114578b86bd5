"""Rules that name each other under `stacks_with`."""

from support.rule_files import check, codes, one_rule
from tactful.rulebook.language.rule_files import read_files
from tactful.rulebook.language.stacking import stacking_partners
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.tree import RuleSource


def test_rules_and_campaigns_stack_with_each_other_by_name() -> None:
    text = """
    campaigns: {c: {count: 5}}
    rules:
      - {id: a, stacks_with: [c], offer: {percent: 1%}}
      - {id: b, campaign: c, stacks_with: [a], offer: {percent: 2%}}
    """
    compiled = check(text)
    assert compiled.diagnostics == ()
    assert compiled.rulebook is not None
    assert compiled.rulebook.rules["a"].stacks_with == {"b"}
    assert codes(one_rule("stacks_with: [missing]\noffer: {percent: 1%}")) == ["R220"]
    assert codes(one_rule("stacks_with: missing\noffer: {percent: 1%}")) == ["R220"]


def test_a_rule_names_rules_and_the_rules_of_campaigns_but_never_itself() -> None:
    text = b"""
campaigns: {c: {count: 5}}
rules:
  - {id: a, campaign: c, stacks_with: [c, z]}
  - {id: b, campaign: c}
  - {id: d, stacks_with: [a]}
"""
    files = read_files([RuleSource("a.yaml", text)], Findings())
    assert stacking_partners(files) == {"a": {"b", "z"}, "b": set(), "d": {"a"}}
