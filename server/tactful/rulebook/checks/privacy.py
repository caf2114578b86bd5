"""Checks that rules read only permitted data and reveal none (R310, R311, R319)."""

from collections.abc import Iterator

from tactful.core.rules.rule import LEGAL_BASES_OF_FIELDS, LegalBasis, Provenance
from tactful.core.values.territories import country_of
from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.checks.references import is_personal, placeholders
from tactful.rulebook.compilation.builder import ban_start, window_of
from tactful.rulebook.fields.field_registry import is_protected
from tactful.rulebook.language.rule_files import ParsedFiles, ParsedInputBan, ParsedRule
from tactful.rulebook.source.diagnostics import Findings, Span


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


def forbidden_inputs(files: ParsedFiles, context: CheckContext, findings: Findings) -> None:
    """Report R319: an input that `forbid_inputs` bans in a territory that the rule names.

    A rule that is valid everywhere is not reported: it makes no offers there (`consent.territory`).
    Neither is a rule that ends before the ban begins.
    """
    for ban in files.input_bans:
        start = ban_start(ban, context.policy)
        for rule in files.rules:
            named = any(_within(one, ban.territory) for one in rule.get("territories") or ())
            if named and window_of(rule, context.policy)[1] > start:
                for what, kind, span in _banned(rule, ban):
                    since = f" from {ban.block.get('from')}" if ban.block.get("from") else ""
                    message = f"{what} is {kind} data, which is forbidden in {ban.territory}{since}"
                    help_text = (
                        f"remove it, or remove {ban.territory} from the territories of the rule"
                    )
                    findings.add("R319", span, message, help_text)


def _within(territory: str, banned: str) -> bool:
    return banned in {territory, country_of(territory)}


def _banned(rule: ParsedRule, ban: ParsedInputBan) -> Iterator[tuple[str, str, Span]]:
    """Yield every banned input of a rule: its name, its kind of data and its place."""
    kinds, legal_bases = ban.block.get("inputs", ()), ban.block.get("except", ())
    for name, kind, legal_basis, span in _inputs(rule):
        if kind in kinds and legal_basis not in legal_bases:
            yield name, kind, span


def _inputs(rule: ParsedRule) -> Iterator[tuple[str, Provenance, LegalBasis | None, Span]]:
    for one in rule.comparisons:
        yield f"'{one.name}'", one.field.provenance, LEGAL_BASES_OF_FIELDS.get(one.name), one.node
    offer = rule.get("offer")
    if offer and "ladder" in offer.values:
        yield "the step of a ladder", "pseudonymous", None, offer.span_of("ladder")
    if rule.get("remedy"):
        yield "a voucher of the customer", "personal", "remedy", rule.block.span_of("remedy")
