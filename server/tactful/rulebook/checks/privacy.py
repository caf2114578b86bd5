"""Checks that a rule uses no protected attribute and reveals no personal data (R310, R311)."""

from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.checks.references import is_personal, placeholders
from tactful.rulebook.fields.field_registry import is_protected
from tactful.rulebook.language.rule_files import ParsedFiles
from tactful.rulebook.source.diagnostics import Findings


def personal_messages(files: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """Report R310: a message with a placeholder that would reveal what the shop knows."""
    for rule in files.rules:
        for name, node in placeholders(rule):
            if is_personal(name):
                message = f"{{{name}}} would show the shopper what the shop knows about them"
                help_text = "use a placeholder of the item or of the offer"
                findings.add("R310", node, message, help_text)


def protected_attributes(files: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """Report R311: a condition on a protected attribute."""
    for rule in files.rules:
        for comparison in rule.comparisons:
            if is_protected(comparison.field, comparison.name):
                message = f"a price must not depend on the protected attribute '{comparison.name}'"
                help_text = "remove the condition; for an age limit, set `min_age` of the product"
                findings.add("R311", comparison.node, message, help_text)
