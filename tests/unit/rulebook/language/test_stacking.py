"""Rules that name each other under `stacks_with`."""

from support.rule_files import check, codes, one_rule


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
