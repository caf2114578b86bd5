"""Does what the rule files say make sense? Every check looks at all of them, in one pass."""

from collections.abc import Callable
from typing import Final

from tactful.rulebook.checks import conflicts, levels, margins, privacy, references, windows
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
}
"""Code → the function that finds it. The other codes are found where the text is read."""


def run_checks(texts: ParsedFiles, world: CheckContext, findings: Findings) -> None:
    """Notes everything that does not make sense."""
    for look in CHECKS.values():
        look(texts, world, findings)
