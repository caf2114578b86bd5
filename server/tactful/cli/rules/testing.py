"""The commands `tactful rules test` and `tactful rules coverage`."""

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click
from msgspec import Struct

from tactful.cli.rules.rule_folder import RuleFiles, collect_files, compile_files, require_rulebook
from tactful.cli.shared.errors import EXIT_NEGATIVE
from tactful.cli.shared.options import setting_options
from tactful.cli.shared.output import json_option, plain_text, print_json, print_text
from tactful.core.values.counts import counted
from tactful.core.verdicts.counterfactuals import as_plain_value, needed_value
from tactful.core.verdicts.verdict import Verdict
from tactful.rulebook.language.scalars import ValueType
from tactful.rulebook.language.units import format_percent
from tactful.rulebook.source.diagnostics import Diagnostic, Findings
from tactful.rulebook.source.reports import as_text, lines_of
from tactful.rulebook.testing.coverage import Coverage
from tactful.rulebook.testing.runner import ScenarioResult, run_scenarios

_PATH: Final = click.Path(path_type=Path)


class TestRun(Struct, frozen=True):
    """Results of the selected scenarios."""

    results: tuple[ScenarioResult, ...]
    findings: tuple[Diagnostic, ...]
    """Errors in the test files themselves."""
    coverage: Coverage
    seconds: float
    """Duration of the run, in seconds."""

    @property
    def failed(self) -> list[ScenarioResult]:
        """The scenarios with an expectation that was not met."""
        return [one for one in self.results if one.failures]


@click.command(
    epilog="\b\nExamples:\n  tactful rules test\n  tactful rules test rules/spring.test.yaml"
)
@click.argument("paths", nargs=-1, type=_PATH)
@json_option
@setting_options()
def test(*, paths: tuple[Path, ...], json_output: bool, **options: Any) -> None:
    """Run the scenarios of the *.test.yaml files beside the rules.

    Exit code 0: all pass. 1: some fail. 2: the tests could not run.
    """
    files = collect_files(paths, options)
    outcome = run_tests(files, options)
    if json_output:
        print_json([*outcome.results])
    else:
        _print_results(outcome, files)
    if outcome.failed or outcome.findings:
        sys.exit(EXIT_NEGATIVE)


@click.command(epilog="\b\nExample:\n  tactful rules coverage --threshold 90%")
@click.argument("paths", nargs=-1, type=_PATH)
@click.option(
    "--threshold",
    metavar="PERCENT",
    default="0%",
    show_default=True,
    help="Exit with code 1 where the coverage is below this share.",
)
@setting_options()
def coverage(*, paths: tuple[Path, ...], threshold: str, **options: Any) -> None:
    """List the rules that no test offers, and conditions that are never true or never false.

    Exclusions that apply in no test are listed too.

    Exit code 0: the coverage is at least the threshold, and all tests pass. 1: not. 2: the tests
    could not run.
    """
    from tactful.rulebook.language.units import PercentType
    from tactful.rulebook.source.tree import Node

    findings = Findings()
    kind: ValueType = PercentType()
    least = kind.read(Node("--threshold", text=threshold, plain=True), findings)
    if least is None:
        raise click.BadParameter(findings.sorted()[0].message, param_hint="--threshold")
    outcome = run_tests(collect_files(paths, options), options)
    for gap in outcome.coverage.gaps():
        print_text(f"{gap.rule}: {f'{gap.clause} was ' if gap.clause else ''}{gap.missing}")
    share = outcome.coverage.share_bp
    print_text(f"The tests cover {format_percent(share)} of the rules and conditions.")
    if share < least or outcome.failed or outcome.findings:
        sys.exit(EXIT_NEGATIVE)


def run_tests(files: RuleFiles, options: dict[str, Any]) -> TestRun:
    """Run the selected test files on all rules of their folder.

    Raises:
        CommandError: The rule files have errors.
    """
    rulebook = require_rulebook(compile_files(files.rules, options)).rulebook
    assert rulebook is not None  # noqa: S101 - `require_rulebook` raised otherwise
    asked = [source for source in files.tests if source.path in files.selected]
    findings = Findings()
    seen = Coverage(rulebook.rules, rulebook.exclusions)
    began = time.perf_counter()
    played = run_scenarios(asked, rulebook, findings, seen)
    return TestRun(played, findings.sorted(), seen, time.perf_counter() - began)


def _print_results(outcome: TestRun, files: RuleFiles) -> None:
    for one in outcome.failed:
        print_text(f"failed: {one.name}", fg="red")
        for failure in one.failures:
            print_text(f"  {one.path}:{failure.line}: {failure.message}")
            for line in _trace(failure.verdicts, failure.currency):
                print_text(f"    {line}")
    if outcome.findings:
        print_text(as_text(outcome.findings, lines_of(files.texts)), nl=False)
    passed = len(outcome.results) - len(outcome.failed)
    total = f"{passed} of {counted(len(outcome.results), 'test passes', 'tests pass')}"
    print_text(f"{total}, in {outcome.seconds * 1000:.0f} ms.")


def _trace(verdicts: Sequence[Verdict], currency: str | None) -> Iterator[str]:
    """Yield the outcome of every rule for the item, with each finding's actual and needed value."""
    for verdict in verdicts:
        notes = f" ({', '.join(verdict.notes)})" if verdict.notes else ""
        yield f"{verdict.rule}: {verdict.outcome}{notes}"
        for finding in verdict.findings:
            actual = plain_text(as_plain_value(finding.reason, finding.actual, currency))
            needed = plain_text(needed_value(finding, currency))
            yield f"  {finding.reason}: is {actual}, needs {needed}"
