"""Which rules and conditions no test saw."""

from played import GIVEN, RULES
from rulebooks import rulebook
from tactful.rulebook.coverage import Coverage, Gap
from tactful.rulebook.diagnostics import Findings
from tactful.rulebook.scenarios import play
from tactful.rulebook.source import Source


def test_coverage_names_what_no_test_saw() -> None:
    book = rulebook(RULES)
    seen = Coverage(book.rules)
    text = f"{GIVEN}\ntests: [{{name: a, steps: [view: A, wait: 31s]}}]"
    play([Source("t", text.encode())], book, Findings(), seen)
    assert list(seen.gaps()) == [
        Gap("half", "item.stock: {at_least: 3}", "never false"),
        Gap("other", "", "never offered"),
        Gap("other", "item.brand: Nobody", "never true"),
    ]
    assert seen.share_bp == 10_000 * 3 // 6
    assert Coverage({}).share_bp == 10_000
