"""Compilation of rule files as a whole."""

from support.rule_files import NOW, check, codes, found, item, one_rule
from tactful.core.rules.policy import Policy
from tactful.rulebook.compiler import compile_rulebook
from tactful.rulebook.source.tree import RuleSource


def test_an_empty_file_is_an_empty_rulebook() -> None:
    for text in (b"", b"# nothing here\n", b"\xef\xbb\xbf"):
        compiled = check(text)
        assert compiled.rulebook is not None
        assert compiled.rulebook.rules == {}


def test_ten_mistakes_are_found_in_one_run_at_the_right_place() -> None:
    text = b"""\
rules:
  - id: one
    when:
      - item.stokc: {at_least: 5}
      - session.dwell: {at_least: 30}
      - item.price: {between: [400.00 EUR, 20.00 EUR]}
      - item.brand: {in: $heroes}
\tnote: with a tab
    paused: no
    valid: {from: 2025-03-01, until: 2025-03-31}
    offer:
      percent: 10%
      percent: 12%
      message: "Only today
  - id: two
    offer:
      fixed: {EUR: 5.00}
      floor: {minimum: {EUR: 10.00}}
"""
    assert found(text) == [
        ("R203", 4, 9),
        ("R205", 5, 35),
        ("R301", 6, 31),
        ("R207", 7, 26),
        ("R105", 8, 1),
        ("R208", 9, 13),
        ("R305", 10, 38),
        ("R110", 13, 7),
        ("R104", 14, 16),
        ("R306", 17, 14),
    ]


def test_an_error_in_any_file_means_no_rulebook_and_a_warning_does_not() -> None:
    good, bad = one_rule("offer: {percent: 1%}"), "rules: [{id: two, offer: {percent: 1}}]"
    assert check(good).rulebook is not None
    assert check(good, bad).rulebook is None
    warned = check(one_rule("valid: {until: 2026-01-01}\noffer: {percent: 1%}"))
    assert [one.severity for one in warned.diagnostics] == ["warning"]
    assert warned.rulebook is not None


def test_the_parsed_files_are_returned_even_with_errors() -> None:
    compiled = check(one_rule("offer: {percent: 1%}"), "rules: [{id: two, offer: {percent: 1}}]")
    assert [rule.id for rule in compiled.files.rules] == ["one", "two"]


def test_the_order_of_the_files_changes_nothing() -> None:
    files = [
        RuleSource("b.yaml", b"rules: [{id: x, offer: {percent: 1%}}]"),
        RuleSource("a.yaml", b"rules: [{id: y, campaign: none, offer: {percent: 1%}}]"),
    ]
    forwards, backwards = (compile_rulebook(one, now=NOW) for one in (files, list(reversed(files))))
    assert forwards.diagnostics == backwards.diagnostics
    assert [one.path for one in forwards.diagnostics] == ["a.yaml"]


def test_policy_sections_replace_settings_of_the_shop() -> None:
    shop = Policy(holdout_bp=100, min_margin_bp=700)
    compiled = check("policy: {holdout: 5%}", policy=shop)
    assert compiled.rulebook is not None
    assert compiled.policy == compiled.rulebook.policy
    assert (compiled.policy.holdout_bp, compiled.policy.min_margin_bp) == (500, 700)


def test_prices_of_named_items_are_checked_only_with_a_catalogue() -> None:
    text = one_rule("when: [item.sku: RUN-42]\noffer: {fixed: 200.00 EUR}")
    assert codes(text) == []
    assert codes(text, catalogue={"RUN-42": item()}) == ["R306"]


def test_rules_campaigns_and_suppress_blocks_are_ordered_by_id() -> None:
    text = """
    campaigns: {d: {count: 1}, c: {count: 1}}
    rules: [{id: b, campaign: d, offer: {percent: 1%}}, {id: a, campaign: c, offer: {percent: 1%}}]
    suppress: [{id: t, when: [item.sku: X], after: 1d}, {id: s, when: [item.sku: X], after: 1d}]
    """
    book = check(text).rulebook
    assert book is not None
    assert (list(book.rules), list(book.campaigns)) == (["a", "b"], ["c", "d"])
    assert [block.id for block in book.suppress] == ["s", "t"]


def test_the_version_of_a_rulebook_changes_with_every_part_of_its_meaning() -> None:
    parts = {
        "rules": "rules: [{id: a, campaign: c, offer: {percent: 1%}}]",
        "campaigns": "campaigns: {c: {count: 1}}",
        "policy": "policy: {holdout: 5%}",
        "suppress": "suppress: [{id: s, when: [item.sku: X], after: 1d}]",
    }
    changed = {
        "rules": "rules: [{id: a, campaign: c, offer: {percent: 2%}}]",
        "campaigns": "campaigns: {c: {count: 2}}",
        "policy": "policy: {holdout: 6%}",
        "suppress": "suppress: [{id: s, when: [item.sku: X], after: 2d}]",
    }
    versions = {version("\n".join((parts | {name: changed[name]}).values())) for name in parts}
    assert len(versions | {version("\n".join(parts.values()))}) == 5


def version(text: str) -> str:
    book = check(text).rulebook
    assert book is not None
    return book.version


def test_exclusions_and_bans_are_part_of_the_meaning_and_ordered() -> None:
    plain = check("rules: []").rulebook
    one = "exclude: [{id: x, brands: [Velo], note: n, owner: o}]"
    other = "exclude: [{brands: [velo], note: m, owner: o}]"
    book, turned = (check(*texts).rulebook for texts in ((one, other), (other, one)))
    assert book is not None
    assert turned is not None
    assert plain is not None
    assert book.version == turned.version != plain.version
    assert [exclusion.brands for exclusion in book.exclusions] == [frozenset({"velo"})] * 2
    ban = check("forbid_inputs: {US: [personal], DE: [personal]}").rulebook
    assert ban is not None
    assert [one.territory for one in ban.input_bans] == ["DE", "US"]
    assert ban.version != plain.version


def test_the_edition_of_an_experiment_changes_with_what_is_compared_only() -> None:
    rules = "rules: [{id: a, offer: {percent: 1%}}, {id: b, offer: {percent: 2%}}]\n"
    text = rules + "experiment: {id: e, note: n, variants: [{rule: a}, {rule: b}]}"

    def edition(text: str) -> str:
        book = check(text).rulebook
        assert book is not None
        found = book.rules["a"].experiment
        assert found is not None
        assert found == book.rules["b"].experiment
        return found.edition

    same = [
        text.replace("[{rule: a}, {rule: b}]", "[{rule: b, share: 50%}, {rule: a}]"),
        text.replace("note: n, ", ""),
        text.replace("{id: a, ", "{id: a, owner: o, note: why, "),
        text.replace("rules: [", "rules: [{id: c, offer: {percent: 3%}}, "),
    ]
    other = [
        text.replace("id: e,", "id: f,"),
        text.replace("{rule: b}", "{rule: b, share: 45%}"),
        text.replace("percent: 2%", "percent: 3%"),
    ]
    assert {edition(one) for one in same} == {edition(text)}
    assert len({edition(one) for one in [text, *other]}) == 4
    assert len({version(one) for one in [rules, text, *other]}) == 5


def test_an_experiment_does_not_change_the_meaning_of_its_rules() -> None:
    rules = "rules: [{id: a, offer: {percent: 1%}}, {id: b, offer: {percent: 2%}}]\n"
    plain = check(rules).rulebook
    compared = check(rules + "experiment: {id: e, variants: [{rule: a}, {rule: b}]}").rulebook
    assert plain is not None
    assert compared is not None
    assert compared.rules["a"].digest == plain.rules["a"].digest
