"""Rules and conditions that no scenario test has shown."""

from support.rule_files import rulebook
from support.rule_test_runs import GIVEN, RULES
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.tree import RuleSource
from tactful.rulebook.testing.coverage import Coverage, CoverageGap
from tactful.rulebook.testing.runner import run_scenarios


def test_coverage_names_what_no_test_saw() -> None:
    book = rulebook(RULES)
    seen = Coverage(book.rules)
    text = f"{GIVEN}\ntests: [{{name: a, steps: [view: A, wait: 31s]}}]"
    run_scenarios([RuleSource("t", text.encode())], book, Findings(), seen)
    assert list(seen.gaps()) == [
        CoverageGap("half", "item.stock: {at_least: 3}", "never false"),
        CoverageGap("other", "", "never offered"),
        CoverageGap("other", "item.brand: Nobody", "never true"),
    ]
    assert seen.share_bp == 10_000 * 3 // 6
    assert Coverage({}).share_bp == 10_000


def test_an_exclusion_is_covered_once_a_test_meets_it() -> None:
    exclude = (
        "\nexclude: [{id: shoe, skus: A, note: n, owner: o}, {id: bee, skus: B, note: n, owner: o}]"
    )
    book = rulebook(RULES + exclude)
    seen = Coverage({}, book.exclusions)
    text = f"{GIVEN}\ntests: [{{name: a, steps: [view: A, wait: 31s, expect: {{because: excluded.by_shop, rule: half}}]}}]"
    [result] = run_scenarios(
        [RuleSource("t", text.encode())], book, Findings(), Coverage(book.rules)
    )
    assert result.failures == ()
    seen = Coverage(book.rules, book.exclusions)
    run_scenarios([RuleSource("t", text.encode())], book, Findings(), seen)
    assert [gap for gap in seen.gaps() if gap.rule in {"shoe", "bee"}] == [
        CoverageGap("bee", "", "never applied")
    ]
    assert seen.share_bp == 10_000 * 3 // 8
