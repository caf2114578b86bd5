"""Differences between two rulebooks in words."""

from support.rule_files import check
from tactful.rulebook.authoring.diff import diff_rulebooks

OLD = """
lists: {l: [a, b]}
campaigns: {c: {budget: 50.00 EUR}, gone: {count: 1}}
policy: {holdout: 10%, caps: {per_session: 2}}
suppress: [{id: s, when: [item.brand: x], after: 100d}]
rules:
  - {id: a, campaign: c, when: [item.stock: {at_least: 5}, item.brand: {in: $l}], offer: {percent: 15%, max_qty: 2}}
  - {id: b, campaign: gone, offer: {percent: 1%}}
"""


NEW = """
lists: {l: [a, c], m: [d]}
campaigns: {c: {budget: 40.00 EUR}, new: {count: 1}}
policy: {holdout: 5%, min_stock: 3}
suppress: [{id: s, when: [item.brand: y], after: 120d}, {id: t, when: [item.sku: $m], after: 100d}]
rules:
  - {id: a, campaign: c, when: [item.stock: {at_least: 9}, item.brand: {in: $l}], unless: [{all: [item.sku: q, item.brand: z]}], offer: {percent: 10%, expires: 1h}}
  - {id: n, campaign: new, offer: {percent: 1%}}
"""


def test_differences_are_reported_in_words() -> None:
    before, after = check(OLD), check(NEW)
    assert sorted(diff_rulebooks(before, after)) == [
        "campaign 'c': budget is 40.00 EUR instead of 50.00 EUR",
        "campaign 'gone' was removed",
        "campaign 'new' is new",
        "list 'l' no longer has b",
        "list 'l' now has c",
        "list 'm' now has d",
        "policy: caps.per_session is no longer 2",
        "policy: holdout is 5% instead of 10%",
        "policy: min_stock is now 3",
        "rule 'a' no longer requires item.stock: {at_least: 5}",
        "rule 'a' now excludes all of item.sku: q, item.brand: z",
        "rule 'a' now requires item.stock: {at_least: 9}",
        "rule 'a': offer.expires is now 1h",
        "rule 'a': offer.max_qty is no longer 2",
        "rule 'a': offer.percent is 10% instead of 15%",
        "rule 'b' was removed",
        "rule 'n' is new",
        "suppress block 's' no longer covers item.brand: x",
        "suppress block 's' now covers item.brand: y",
        "suppress block 's': after is 120d instead of 100d",
        "suppress block 't' is new",
    ]


def test_another_spelling_of_the_same_meaning_is_no_difference() -> None:
    other = OLD.replace(
        "item.stock: {at_least: 5}, item.brand: {in: $l}",
        "item.brand: {in: $l}, item.stock: {at_least: 5}",
    )
    before, after = check(OLD), check(f"# a comment\n{other}")
    assert diff_rulebooks(before, after) == []
    assert before.rulebook is not None
    assert after.rulebook is not None
    assert before.rulebook.version == after.rulebook.version


def test_a_removed_list_is_reported() -> None:
    gone = OLD.replace("lists: {l: [a, b]}", "").replace("{in: $l}", "{in: [a, b]}")
    assert diff_rulebooks(check(OLD), check(gone)) == [
        "list 'l' no longer has a",
        "list 'l' no longer has b",
    ]


def test_exclusions_and_bans_are_compared() -> None:
    before = """
    exclude: [{id: a, brands: [Velo], note: n, owner: o}, {id: b, skus: X, note: n, owner: o}]
    forbid_inputs: {FR: [personal], US-NY: {inputs: [personal]}}
    """
    after = """
    exclude: [{id: a, brands: [Velo, Nordek], note: n, owner: o}, {id: c, skus: X, note: n, owner: o}]
    forbid_inputs: {US-NY: {inputs: [personal], from: 2026-07-01}, DE: [personal]}
    """
    assert diff_rulebooks(check(before), check(after)) == [
        "exclusion 'c' is new",
        "exclusion 'b' was removed",
        "exclusion 'a': brands is [Velo, Nordek] instead of [Velo]",
        "ban of inputs in 'DE' is new",
        "ban of inputs in 'FR' was removed",
        "ban of inputs in 'US-NY': from is now 2026-07-01",
    ]


def test_a_changed_experiment_is_told_by_its_shares() -> None:
    rules = "rules: [{id: a, offer: {percent: 1%}}, {id: b, offer: {percent: 2%}}]\n"
    old = rules + "experiment: {id: e, variants: [{rule: a}, {rule: b}]}"
    new = rules + "experiment: {id: e, variants: [{rule: a, share: 45%}, {rule: b, share: 50%}]}"
    assert diff_rulebooks(check(old), check(new)) == [
        "experiment 'e': the share of 'a' is 45% instead of 50%"
    ]
    assert diff_rulebooks(check(rules), check(old)) == ["experiment 'e' is new"]
