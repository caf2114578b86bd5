"""The templates of a new rule and its tests."""

import pytest

from support.rule_files import NOW, check
from tactful.core.rules.policy import Policy
from tactful.rulebook.authoring.scaffold import new_rule
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.tree import RuleSource
from tactful.rulebook.testing.coverage import Coverage
from tactful.rulebook.testing.runner import run_scenarios

POLICY = Policy()


def written(
    policy: Policy = POLICY, currency: str = "EUR", territory: str | None = None
) -> tuple[str, str]:
    """Return a new rule file and its scenario file."""
    return new_rule("my-rule", "schema/rules.schema.json", policy, currency, territory)


@pytest.mark.parametrize(
    ("language", "words"),
    [("de", "gültig für"), ("fr-CA", "valable"), ("ES", "válido"), ("fi", "for the next")],
)
def test_the_message_is_in_the_shops_language_and_repeats_no_title(
    language: str, words: str
) -> None:
    compiled = check(written(Policy(language=language))[0])
    assert compiled.rulebook is not None
    message = compiled.rulebook.rules["my-rule"].messages[""]
    assert words in message
    assert "{item.title}" not in message
    assert "{offer.price}" in message


def test_a_new_rule_is_clean_and_its_tests_pass_and_cover_it() -> None:
    rules, tests = written()
    compiled = check(rules)
    assert compiled.diagnostics == ()
    assert compiled.rulebook is not None
    findings = Findings()
    seen = Coverage(compiled.rulebook.rules)
    played = run_scenarios([RuleSource("t", tests.encode())], compiled.rulebook, findings, seen)
    assert [one.failures for one in played] == [(), ()]
    assert findings.sorted() == ()
    assert seen.share_bp == 10_000
    assert NOW


def test_a_new_rule_proposes_a_hold_out_and_holds_nobody_out_yet() -> None:
    text = written()[0]
    assert check(text).policy.holdout_bp == 0
    assert (
        check(text.replace("# policy:", "policy:").replace("#   hold", "  hold")).policy.holdout_bp
        == 1000
    )


@pytest.mark.parametrize(
    ("policy", "currency", "territory", "price", "offered"),
    [
        (POLICY, "EUR", "DE", "100.00 EUR", "90.00 EUR"),
        (POLICY, "SEK", "SE", "100.00 SEK", "90.00 SEK"),
        (POLICY, "JPY", "JP", "10000 JPY", "9000 JPY"),
        (POLICY, "KWD", "KW", "100.000 KWD", "90.000 KWD"),
        (Policy(endings={"EUR": 95}), "EUR", "AT", "100.00 EUR", "89.95 EUR"),
        (Policy(rounding={"SEK": 700}), "SEK", "SE", "100.00 SEK", "84.00 SEK"),
        (Policy(max_total_discount_bp=500), "EUR", "DE", "100.00 EUR", "95.00 EUR"),
        (Policy(stock_minimum=20), "EUR", "DE", "100.00 EUR", "90.00 EUR"),
    ],
)
def test_the_tests_of_a_new_rule_are_in_the_shops_currency_and_pass_under_its_policy(
    policy: Policy, currency: str, territory: str, price: str, offered: str
) -> None:
    rules, tests = written(policy, currency, territory)
    assert f"price: {price}, cost" in tests
    assert f"price: {offered}}}" in tests
    assert ("territory: " in tests) == (territory != "DE")
    rulebook = check(rules, policy=policy).rulebook
    assert rulebook is not None
    findings, seen = Findings(), Coverage(rulebook.rules)
    played = run_scenarios([RuleSource("t", tests.encode())], rulebook, findings, seen)
    assert [one.failures for one in played] == [(), ()]
    assert findings.sorted() == ()
