"""Does a rule use, or tell, what it must not?"""

from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.checks.references import is_personal, placeholders
from tactful.rulebook.fields.field_registry import is_protected
from tactful.rulebook.language.rule_files import ParsedFiles
from tactful.rulebook.source.diagnostics import Findings


def personal_messages(texts: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """R310."""
    for text in texts.rules:
        for name, node in placeholders(text):
            if is_personal(name):
                message = f"{{{name}}} would tell the shopper what we know about them"
                findings.add("R310", node, message, "say something about the item or the offer")


def protected_attributes(texts: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """R311."""
    for text in texts.rules:
        for test in text.comparisons:
            if is_protected(test.field, test.name):
                message = f"a price must not depend on '{test.name}', a protected attribute"
                help_text = "remove it; an age limit of a product is kept by its `min_age`"
                findings.add("R311", test.node, message, help_text)
