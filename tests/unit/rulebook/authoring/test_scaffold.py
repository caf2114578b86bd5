"""The templates of a new rule and its tests."""

from support.rule_files import NOW, check
from tactful.rulebook.authoring.scaffold import new_rule
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.tree import RuleSource
from tactful.rulebook.testing.coverage import Coverage
from tactful.rulebook.testing.runner import run_scenarios


def test_a_new_rule_is_clean_and_its_tests_pass_and_cover_it() -> None:
    rules, tests = new_rule("my-rule", "schema/rules.schema.json")
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
