"""Sections of rule files: rules, campaigns, lists, defaults, suppress blocks."""

from support.rule_files import check, codes
from support.value_types import node
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.language.rule_files import level_of, read_files
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.tree import RuleSource


def test_ids_are_unique_across_files_and_kinds() -> None:
    campaign = "campaigns: {c: {budget: 1.00 EUR}}\nlists: {l: [a]}\n"
    block = "suppress:\n  - {id: s, when: [item.brand: x], after: 120d}\n"
    found_codes = [one.code for one in check(campaign + block, campaign + block).diagnostics]
    assert found_codes.count("R209") == 3


def test_suppress_blocks_lengthen_cooldowns_and_need_an_end() -> None:
    compiled = check("suppress:\n  - {id: s, when: [item.category: {under: glass}], after: 120d}\n")
    assert compiled.rulebook is not None
    [block] = compiled.rulebook.suppress
    assert (block.id, block.after) == ("s", 120 * 86_400_000)
    assert codes("suppress:\n  - {id: s, when: [item.brand: x]}\n") == ["R202"]
    assert codes("suppress:\n  - {when: [item.brand: x], after: 1d}\n") == ["R202"]
    assert codes("suppress:\n  - {id: s, after: 1d}\n") == ["R202"]


def test_defaults_hold_for_the_rules_of_their_file_only() -> None:
    first = """
    defaults: {territories: [DE], offer: {expires: 1h, floor: {margin: 30%}}, limits: {per_session: 1}}
    rules:
      - {id: a, offer: {percent: 10%}}
      - {id: b, territories: [AT], offer: {percent: 10%, floor: {minimum: 5.00 EUR}}}
    """
    compiled = check(first, "rules: [{id: c, offer: {percent: 10%}}]")
    assert compiled.rulebook is not None
    rules = compiled.rulebook.rules
    assert (rules["a"].territories, rules["a"].expires) == (frozenset({"DE"}), 3_600_000)
    assert (rules["b"].territories, rules["b"].price.margin_bp) == (frozenset({"AT"}), 3000)
    assert rules["b"].price.minimum == {"EUR": 500}
    assert (rules["c"].territories, rules["c"].expires) == (frozenset(), 900_000)
    assert rules["a"].per_session == 1


def test_files_are_read_in_the_order_of_their_paths() -> None:
    sources = [
        RuleSource("b.yaml", b"rules: [{id: b}]\nlists: {l: [x]}"),
        RuleSource("a.yaml", b"rules: [{id: a}]\npolicy: {holdout: 1%}"),
        RuleSource("c.yaml", b"- not a rule file"),
    ]
    findings = Findings()
    files = read_files(sources, findings)
    assert [rule.id for rule in files.rules] == ["a", "b"]
    assert (list(files.lists), len(files.policies)) == (["l"], 1)
    assert [(one.path, one.code) for one in findings.sorted()] == [("c.yaml", "R204")]


def test_a_rule_has_its_own_keys_and_those_of_its_defaults() -> None:
    text = b"defaults: {priority: 5, offer: {expires: 1h}}\nrules: [{id: a, offer: {percent: 5%}}]"
    [rule] = read_files([RuleSource("a.yaml", text)], Findings()).rules
    assert (rule.get("priority"), rule.own.get("priority")) == (5, None)
    assert rule.get("offer", "percent") == 500
    assert rule.get("offer", "expires") == 3_600_000
    assert rule.get("offer", "percent", "deeper") is None
    assert rule.id_node.text == "a"
    assert list(rule.comparisons) == []


def test_an_offer_is_for_the_item_unless_it_says_otherwise() -> None:
    assert level_of(ParsedMapping(node("{}"))) == "item"
    assert level_of(ParsedMapping(node("{}"), {"off_the": "order"})) == "order"


def test_an_exclusion_names_its_reason_its_owner_and_at_least_one_thing() -> None:
    assert codes("exclude: [{note: n, owner: o}]") == ["R202"]
    assert codes("exclude: [{skus: A, owner: o}]") == ["R202"]
    assert codes("exclude: [{skus: A, note: n}]") == ["R202"]
    assert codes("exclude: [{brands: [], note: n, owner: o}]") == ["R301"]
    assert codes("exclude: [{brands: [$nobody], note: n, owner: o}]") == ["R207"]
    twice = "exclude: [{id: a, skus: A, note: n, owner: o}, {id: a, skus: B, note: n, owner: o}]"
    assert codes(twice) == ["R209"]


def test_a_territory_has_one_ban_of_inputs() -> None:
    ban = "forbid_inputs: {US-NY: [personal]}"
    assert codes(ban) == []
    assert [one.code for one in check(ban, ban).diagnostics] == ["R209"]
    assert codes("forbid_inputs: {US-NY: {from: 2026-01-01}}") == ["R202"]
    assert codes("forbid_inputs: {US-NY: [private]}") == ["R214"]


def test_the_help_for_a_suppress_block_says_what_it_is_for() -> None:
    [found] = check("suppress: [{id: new, when: [item.brand: x]}]").diagnostics
    assert found.code == "R202"
    assert "only after a complaint" in found.help
    assert "`exclude`" in found.help
