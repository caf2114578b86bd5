"""Diagnostics as text, JSON, GitHub annotations and SARIF."""

import json

from support.rule_files import check
from tactful.rulebook.source.codes import CODES
from tactful.rulebook.source.diagnostics import Findings, Span
from tactful.rulebook.source.reports import FORMATS, as_text, lines_of

BAD = "rules:\n  - id: one\n    offer: {percent: 10}\n  - {id: old, valid: {until: 2020-01-01}, offer: {percent: 1%}}\n"


def report(form: str, text: str = BAD) -> str:
    compiled = check(text)
    return FORMATS[form](compiled.diagnostics, lines_of({"a.yaml": text.encode()}))


def test_the_text_report_shows_the_line_with_a_caret_under_the_place() -> None:
    assert (
        report("text")
        == """\
a.yaml:3:22: R205 '10' is not a percentage
    3 |     offer: {percent: 10}
      |                      ^^
      = help: did you mean 10%?

a.yaml:4:30: R305 warning: the rule 'old' ended on 2020-01-01
    4 |   - {id: old, valid: {until: 2020-01-01}, offer: {percent: 1%}}
      |                              ^^^^^^^^^^
      = help: move its end, or remove the rule

1 error and 1 warning.
"""
    )
    assert report("text", "") == "No findings.\n"
    assert as_text(check(BAD).diagnostics, {}).startswith("a.yaml:3:22: R205")


def test_a_finding_over_several_lines_or_without_help_is_shown_too() -> None:
    findings = Findings()
    findings.add("R204", Span("a.yaml", 0, 0, 3, 0), "all of it")
    assert as_text(findings.sorted(), {"a.yaml": ["rules:"]}) == (
        "a.yaml:1:1: R204 all of it\n    1 | rules:\n      | ^\n\n1 error.\n"
    )


def test_the_json_report_lists_every_finding() -> None:
    rows = json.loads(report("json"))
    assert [(row["code"], row["severity"], row["line"]) for row in rows] == [
        ("R205", "error", 3),
        ("R305", "warning", 4),
    ]


def test_the_github_report_consists_of_workflow_commands() -> None:
    assert report("github").splitlines()[0] == (
        "::error file=a.yaml,line=3,col=22,title=R205::"
        "'10' is not a percentage (did you mean 10%25?)"
    )


def test_the_sarif_report_has_rules_results_and_regions() -> None:
    log = json.loads(report("sarif"))
    [run] = log["runs"]
    assert [one["ruleId"] for one in run["results"]] == ["R205", "R305"]
    assert [one["level"] for one in run["results"]] == ["error", "warning"]
    assert run["tool"]["driver"]["rules"][0]["shortDescription"]["text"] == CODES["R205"].title
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 3, "startColumn": 22, "endLine": 3, "endColumn": 24}
