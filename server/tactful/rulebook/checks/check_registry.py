"""Registry of the checks that need the whole rulebook: diagnostic code → function.

A check reads the parsed files and adds findings; it never changes the files. All checks run, in
the order of this table, so that one pass reports every mistake. The codes that are not listed here
are reported where the text is read (`source/`, `language/`).
"""

from collections.abc import Callable
from typing import Final

from tactful.rulebook.checks import (
    claims,
    code_discounts,
    conflicts,
    experiments,
    known_values,
    levels,
    margins,
    privacy,
    references,
    windows,
)
from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.language.rule_files import ParsedFiles
from tactful.rulebook.source.diagnostics import Findings

Check = Callable[[ParsedFiles, CheckContext, Findings], None]

CHECKS: Final[dict[str, Check]] = {
    "R210": references.unknown_campaigns,
    "R217": references.unknown_placeholders,
    "R219": references.price_modes,
    "R220": references.unknown_rules,
    "R301": conflicts.impossible_ranges,
    "R302": conflicts.contradictions,
    "R303": conflicts.shadowed_rules,
    "R304": windows.never_open,
    "R305": windows.ended_rules,
    "R306": margins.below_the_floor,
    "R307": margins.small_budgets,
    "R308": margins.missing_amounts,
    "R309": references.one_sided_stacking,
    "R310": privacy.personal_messages,
    "R311": privacy.protected_attributes,
    "R312": windows.unguarded_trials,
    "R314": margins.forced_losses,
    "R315": references.unused_names,
    "R316": windows.pace_without_period,
    "R317": levels.unbounded_percentages,
    "R318": levels.misplaced_keys,
    "R319": privacy.forbidden_inputs,
    "R320": known_values.unknown_values,
    "R321": known_values.incomplete_categories,
    "R322": claims.outlived_claims,
    "R323": experiments.unlike_variants,
    "R324": code_discounts.varying_discounts,
}
"""Diagnostic code → the function that reports it."""


def run_checks(files: ParsedFiles, context: CheckContext, findings: Findings) -> None:
    """Run every check over the parsed files and add what it finds to `findings`.

    Args:
        files: all rule files of the rulebook; values that could not be read are absent.
        context: the time, the active policy and the catalogue.
        findings: receives the diagnostics, including those of earlier stages.
    """
    for check in CHECKS.values():
        check(files, context, findings)
