"""All checks run over all files, and each finding is reported once."""

import pytest

from support.rule_files import NOW, found, one_rule
from tactful.core.rules.policy import Policy
from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.checks.check_registry import CHECKS, run_checks
from tactful.rulebook.language.rule_files import ParsedFiles
from tactful.rulebook.source.diagnostics import Findings


def test_every_finding_is_reported_once_in_the_order_of_the_file() -> None:
    text = one_rule("when: [item.stokc: 1, item.brnad: x]\noffer: {percent: 101%}")
    places = found(text)
    assert places == sorted(places, key=lambda one: one[1:])
    assert len(set(places)) == 3


def test_checks_are_run_on_an_empty_rulebook_too() -> None:
    assert found("") == []
    assert len(CHECKS) == 27


def test_every_check_is_run_once_with_the_same_files_and_context(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[object, object, object]] = []
    for code in ("R210", "R318"):
        monkeypatch.setitem(CHECKS, code, lambda *args: seen.append(args))
    files, context, findings = ParsedFiles(), CheckContext(NOW, Policy()), Findings()
    run_checks(files, context, findings)
    assert seen == [(files, context, findings)] * 2
