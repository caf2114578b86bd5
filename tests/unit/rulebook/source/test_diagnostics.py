"""Findings with their places, and the nearest known word."""

import pytest

from tactful.rulebook.source.diagnostics import Diagnostic, Findings, Span, nearest


def test_a_span_counts_from_zero_and_a_diagnostic_from_one() -> None:
    findings = Findings()
    findings.add("R203", Span("a.yaml", 0, 4, 0, 9), "what", "help")
    assert findings.sorted() == (Diagnostic("a.yaml", 1, 5, 1, 10, "R203", "what", "help"),)


def test_a_finding_is_kept_once_and_sorted_by_place() -> None:
    findings = Findings()
    for path, line in (("b.yaml", 0), ("a.yaml", 9), ("a.yaml", 2), ("a.yaml", 9)):
        findings.add("R305", Span(path, line), "ended")
    assert [(one.path, one.line) for one in findings.sorted()] == [
        ("a.yaml", 3),
        ("a.yaml", 10),
        ("b.yaml", 1),
    ]


def test_a_warning_is_no_error() -> None:
    findings = Findings()
    findings.add("R305", Span("a.yaml"), "ended")
    assert findings.sorted()[0].severity == "warning"
    assert not findings.has_errors
    findings.add("R203", Span("a.yaml"), "unknown")
    assert findings.has_errors


def test_findings_of_another_pass_are_added() -> None:
    first, second = Findings(), Findings()
    first.add("R203", Span("a.yaml"), "one")
    second.add("R203", Span("a.yaml"), "two")
    first.merge(second)
    assert [one.message for one in first.sorted()] == ["one", "two"]


def test_a_code_that_is_not_registered_is_refused() -> None:
    with pytest.raises(KeyError):
        Findings().add("R999", Span("a.yaml"), "what")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("whem", "did you mean 'when'?"),
        ("WHEN", "did you mean 'when'?"),
        ("nless", "did you mean 'Unless'?"),
        ("zzz", ""),
        ("", ""),
    ],
)
def test_only_a_near_word_is_suggested(word: str, hint: str) -> None:
    assert nearest(word, ["when", "Unless"]) == hint
