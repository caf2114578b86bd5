"""The templates of a new rule and its tests."""

import pytest

from support.rule_files import NOW, check
from tactful.rulebook.authoring.scaffold import new_rule
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.tree import RuleSource
from tactful.rulebook.testing.coverage import Coverage
from tactful.rulebook.testing.runner import run_scenarios


@pytest.mark.parametrize(
    ("language", "words"),
    [("de", "gültig für"), ("fr-CA", "valable"), ("ES", "válido"), ("fi", "for the next")],
)
def test_the_message_is_in_the_shops_language_and_repeats_no_title(
    language: str, words: str
) -> None:
    compiled = check(new_rule("my-rule", "schema/rules.schema.json", language)[0])
    assert compiled.rulebook is not None
    message = compiled.rulebook.rules["my-rule"].messages[""]
    assert words in message
    assert "{item.title}" not in message
    assert "{offer.price}" in message


def test_a_new_rule_is_clean_and_its_tests_pass_and_cover_it() -> None:
    rules, tests = new_rule("my-rule", "schema/rules.schema.json", "en")
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
    text = new_rule("my-rule", "schema/rules.schema.json", "en")[0]
    assert check(text).policy.holdout_bp == 0
    assert (
        check(text.replace("# policy:", "policy:").replace("#   hold", "  hold")).policy.holdout_bp
        == 1000
    )
