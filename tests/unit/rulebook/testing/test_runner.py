"""Scenario files: every step and expectation, and the messages of failures."""

from pathlib import Path
from textwrap import dedent

import pytest

from support.rule_files import check, rulebook
from support.rule_test_runs import GIVEN, RULES, failures, run
from tactful.rulebook.checks.references import PLACEHOLDERS
from tactful.rulebook.source.diagnostics import Diagnostic, Findings
from tactful.rulebook.source.tree import RuleSource
from tactful.rulebook.testing.coverage import Coverage
from tactful.rulebook.testing.runner import ScenarioResult, run_scenarios

STARTER = Path(__file__).parents[4] / "rules" / "starter"


def test_the_starter_rulebook_passes_all_its_tests_and_is_covered_by_them() -> None:
    files = sorted(STARTER.glob("*.yaml"))
    rules = [RuleSource(p.name, p.read_bytes()) for p in files if ".test." not in p.name]
    tests = [RuleSource(p.name, p.read_bytes()) for p in files if ".test." in p.name]
    compiled = check(*(source.text for source in rules))
    assert compiled.diagnostics == ()
    assert compiled.rulebook is not None
    findings = Findings()
    seen = Coverage(compiled.rulebook.rules)
    played = run_scenarios(tests, compiled.rulebook, findings, seen)
    assert findings.sorted() == ()
    assert [(one.path, one.name) for one in played if one.failures] == []
    assert len(played) >= 45
    assert list(seen.gaps()) == []


def test_an_offer_is_expected_with_its_price_and_message() -> None:
    steps = """
    - view: A
    - wait: 31s
    - expect: {offer: half, price: 90.00 EUR, message: Shoe now}
    """
    assert failures(steps) == []


def test_every_placeholder_is_filled() -> None:
    message = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    rules = RULES.replace("{item.title} now", message)
    steps = "- view: A\n- wait: 31s\n- expect: {message: 'Shoe  €100.00 €90.00 €10.00 15 minutes'}"
    assert failures(steps, rules=rules) == []


def test_no_shopper_of_a_scenario_file_is_held_out() -> None:
    steps = (
        "- view: A\n- wait: 31s\n- expect: {offer: half}\n- identify: c1\n- expect: {offer: half}"
    )
    assert failures(steps) == []


def test_a_failed_expectation_has_its_line_and_every_verdict() -> None:
    played = run("- view: A\n- wait: 31s\n- expect: {offer: none, price: 1.00 EUR}")
    [failed] = played.failures
    assert failed.message == "expected no offer, found the offer of 'half' at 90.00 EUR"
    assert [one.rule for one in failed.verdicts] == ["half"]
    assert failed.line == 17
    assert played.line == 13


def test_every_kind_of_failed_expectation_has_its_message() -> None:
    assert failures("- view: A\n- expect: {offer: half}") == [
        "expected the offer of 'half', found none"
    ]
    assert failures("- view: A\n- wait: 31s\n- expect: {price: 1.00 EUR, message: x}") == [
        "expected a price of 1.00 EUR, found 90.00 EUR",
        "expected a message with 'x', found 'Shoe now'",
    ]
    assert failures("- view: A\n- expect: {price: 1.00 EUR}") == ["expected an offer, found none"]
    assert failures("- view: A\n- expect: {because: stock.out}") == [
        "expected 'half' to be withheld because of stock.out, found timing.wait"
    ]
    assert failures("- view: A\n- wait: 31s\n- expect: {because: stock.out}") == [
        "expected 'half' to be withheld because of stock.out, found that it is standing"
    ]
    assert failures("- view: A\n- expect: {withdrawn: stock.out}") == [
        "expected a withdrawal because of stock.out, found none"
    ]
    assert failures("- accept: true") == ["expected an offer to accept or dismiss, found none"]
    assert failures("- resolve: nothing") == [
        "there is no case 'nothing'; add `id: nothing` to the case"
    ]
    assert failures("- expect: {because: stock.out}") == [
        "`because` needs `item:`, as none is in view"
    ]
    assert failures("- view: A\n- expect: {rule: other, because: stock.out}") == [
        "expected 'other' to be withheld because of stock.out, found no such active rule"
    ]


def test_with_several_rules_an_expected_reason_needs_a_rule() -> None:
    steps = "- view: A\n- expect: {because: timing.wait}"
    assert failures(steps, head="at: 2026-03-10") == [
        "`because` needs `rule:`, as several rules are active"
    ]
    steps = "- view: A\n- expect: {rule: other, because: target.conditions}"
    assert failures(steps, head="timezone: Europe/Berlin") == []


def test_every_step_of_a_shopper_can_be_run() -> None:
    steps = """
    - page: {kind: search, query: shoes}
    - page: home
    - cart: {A: 2}
    - act: compare
    - view: A
    - expect: {because: timing.wait}
    - wait: 31s
    - expect: {offer: half}
    - accept: true
    - identify: c1
    - logout: true
    - consent: none
    - view: B
    - wait: 31s
    - expect: {offer: none, because: consent.missing}
    - consent: anonymous
    - expect: {because: identity.unverified, rule: half}
    """
    assert failures(steps) == [
        "expected 'half' to be withheld because of identity.unverified, found that it is standing"
    ]


def test_facts_that_change_during_a_session_change_the_offer() -> None:
    steps = """
    - view: A
    - wait: 31s
    - stock: {A: 0}
    - expect: {offer: none, withdrawn: stock.out}
    - stock: {A: 9}
    - price: {A: 80.00 EUR, NEW: 5.00 EUR}
    - expect: {offer: none}
    """
    assert failures(steps) == []


def test_a_complaint_withdraws_the_offer_until_its_cooldown_ends() -> None:
    given = GIVEN.replace("tax: 19%", "tax: 19%\n  customer: c1")
    steps = """
    - order: {items: [B, UNKNOWN], ago: 400d}
    - view: B
    - wait: 31s
    - expect: {offer: half}
    - case: {id: k, kind: defect, items: [B]}
    - expect: {offer: none, withdrawn: complaint.open}
    - resolve: k
    - expect: {because: complaint.cooldown}
    """
    assert failures(steps, given=given) == []
    returned = "- return: {items: [A], reason: fit}\n- view: A\n- expect: {because: return.fit}"
    assert failures(returned, given=given) == []
    reviewed = "- review: {item: A, rating: 1}\n- view: A\n- expect: {because: review.bad}"
    assert failures(reviewed, given=given) == []


def test_a_case_that_was_given_can_be_resolved() -> None:
    given = GIVEN.replace("{tier: gold}", "{cases: [{id: k, kind: defect, items: [A], ago: 2d}]}")
    steps = "- identify: c1\n- view: A\n- expect: {because: complaint.open}\n- resolve: k\n"
    steps += "- expect: {because: complaint.cooldown}"
    assert failures(steps, given=given) == []


def test_a_case_without_a_login_belongs_to_the_given_customer() -> None:
    steps = "- case: {kind: defect, items: [A]}\n- identify: c1\n- view: A\n- expect: {because: complaint.open}"
    assert failures(steps) == []


def test_an_item_may_lack_a_price_or_a_stock() -> None:
    given = "given:\n  items:\n    A: {title: Shoe}\n    B: {price: 5.00 EUR}\n"
    assert failures("- view: A\n- expect: {because: target.conditions}", given=given) == []
    assert failures("- view: B\n- expect: {because: target.conditions}", given=given) == []


def test_a_holdout_of_all_shoppers_applies_in_a_scenario_too() -> None:
    rules = RULES.replace("holdout: 50%", "holdout: 100%")
    steps = "- view: A\n- wait: 31s\n- expect: {because: holdout.global}"
    assert failures(steps, rules=rules) == []


def test_a_silent_feed_is_stale() -> None:
    rules = RULES.replace("min_stock: 1", "min_stock: 1, max_age: {stock: 15m}")
    steps = "- silent: [stock]\n- wait: 16m\n- view: A\n- expect: {because: stale.stock}"
    assert failures(steps, rules=rules) == []


def test_a_spent_budget_makes_no_offer() -> None:
    given = f"{GIVEN}  spent: {{c: 10.00 EUR}}\n"
    steps = "- view: A\n- wait: 31s\n- expect: {because: budget.spend}"
    assert failures(steps, given=given) == []


def test_an_offer_reserves_from_the_budget() -> None:
    steps = """
    - view: A
    - wait: 31s
    - expect: {offer: half}
    - accept: true
    - view: BOX
    - wait: 31s
    - expect: {because: budget.spend}
    """
    assert failures(steps) == []


def test_a_customer_is_given_with_all_kinds_of_history() -> None:
    given = """
    given:
      customer: c1
      visit: {campaign: mail}
      locale: de
      gpc: false
      items:
        A: {product: p, price: 100.00 EUR, cost: 1.00 EUR, stock: 9, min_age: 16, consumable: 30d, target: 90.00 EUR, minimum_advertised: 50.00 EUR}
      customers:
        c1:
          segments: [runners]
          opted_out: false
          attributes: {wholesale: true, size: 42, name: Ann}
          orders: [{id: o, items: [A], ago: 5d, paid: 90.00 EUR, late: 2d}, {items: [A], status: cancelled}]
          returns: [{items: [A], order: o, reason: quality, ago: 1d}]
          reviews: [{item: A, rating: 2, ago: 1d}]
          remedies: [{value: 5.00 EUR, items: [A], expires: 3d}, {value: 5%, items: [A]}]
          cases: [{kind: late, order: o, ago: 1d, resolved: 1h}]
    """
    steps = "- view: A\n- expect: {because: shopper.age}"
    assert failures(steps, given=given) == []


def test_facts_of_any_shape_can_be_given() -> None:
    given = f"{GIVEN}  facts:\n    - {{type: recall, recall: r, skus: [A], status: active}}\n"
    assert failures("- view: A\n- expect: {because: recall}", given=given) == []
    wrong = f"{GIVEN}  facts:\n    - {{type: recall, recall: r, status: 5}}\n"
    assert len(failures("- view: A", given=wrong)) == 1


def test_a_test_may_differ_from_its_file() -> None:
    text = f"""
rules: [half]
at: 2026-01-01
{GIVEN}
tests:
  - name: fewer
    at: 2026-02-01
    given: {{items: {{A: {{stock: 1}}}}}}
    steps: [view: A, wait: 31s, expect: {{because: target.conditions}}]
"""
    book = rulebook(RULES)
    [played] = run_scenarios(
        [RuleSource("t", text.encode())], book, Findings(), Coverage(book.rules)
    )
    assert played.failures == ()


def found(text: str) -> tuple[tuple[Diagnostic, ...], tuple[ScenarioResult, ...]]:
    findings = Findings()
    book = rulebook(RULES)
    played = run_scenarios(
        [RuleSource("t", dedent(text).encode())], book, findings, Coverage(book.rules)
    )
    return findings.sorted(), played


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("tests: [{name: a, steps: [{view: A, wait: 3s}]}]", "R204"),
        ("tests: [{name: a, steps: [{}]}]", "R204"),
        ("tests: [{name: a, steps: [expect: {offer: haff}]}]", "R220"),
        ("tests: [{name: a, steps: [expect: {rule: haff}]}]", "R220"),
        ("tests: [{name: a, steps: [expect: {because: stock.ot}]}]", "R214"),
        ("rules: [haff]\ntests: []", "R220"),
        ("rules: haff\ntests: []", "R220"),
        ("tests: [{name: a, steps: [vieuw: A]}]", "R201"),
        ("tests: [{steps: []}]", "R202"),
        ("rules: []", "R202"),
        ("tests: [a: b: c", "R103"),
        ("", ""),
    ],
)
def test_a_scenario_file_is_checked_before_it_is_run(text: str, code: str) -> None:
    diagnostics, played = found(text)
    assert played == ()
    assert {one.code for one in diagnostics} == ({code} if code else set())


def test_an_unknown_page_fails_the_scenario() -> None:
    _, [played] = found("tests: [{name: a, steps: [page: basket]}]")
    assert "is not one of home" in played.failures[0].message


def test_a_pool_without_a_code_makes_no_offer() -> None:
    rules = RULES.replace("offer: {percent: 10%", "offer: {codes: p, percent: 10%")
    assert "codes: p" in rules
    given = f"{GIVEN}  codes: {{p: 0}}\n"
    steps = "- view: A\n- wait: 31s\n- expect: {because: budget.codes}"
    assert failures(steps, given=given, rules=rules) == []
