"""Do these rule files make a rulebook, and which?"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from tactful.core.facts.item import Item
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Rule, Rulebook
from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.checks.check_registry import run_checks
from tactful.rulebook.compilation.builder import (
    build_campaign,
    build_rule,
    build_suppress_rule,
    canonical,
    digest,
)
from tactful.rulebook.compilation.rule_index import IndexEntry, RuleIndex, index_key
from tactful.rulebook.language.policy_sections import read_policy
from tactful.rulebook.language.rule_files import ParsedFiles, read_files
from tactful.rulebook.language.stacking import stacking_partners
from tactful.rulebook.source.diagnostics import Diagnostic, Findings
from tactful.rulebook.source.tree import RuleSource


class CompiledRulebook(Struct, frozen=True):
    """A rulebook, or None and the errors that stand in its way; warnings come with both.

    `texts` is what was written, for those who want more than a decision does.
    """

    rulebook: Rulebook | None
    diagnostics: tuple[Diagnostic, ...]
    files: ParsedFiles
    policy: Policy


def compile_rulebook(
    sources: Sequence[RuleSource],
    *,
    now: int,
    policy: Policy | None = None,
    catalogue: Mapping[str, Item] | None = None,
) -> CompiledRulebook:
    """Reads, checks and compiles rule files as a whole.

    `policy` is the shop's own, from its configuration; the files' `policy:` sections go over it.
    With a `catalogue` (SKU → item) the checker also judges prices of what rules name.
    """
    findings = Findings()
    texts = read_files(sources, findings)
    active = read_policy(texts.policies, policy or Policy(), findings)
    run_checks(texts, CheckContext(now, active, catalogue or {}), findings)
    rulebook = None if findings.has_errors else _rulebook(texts, active)
    return CompiledRulebook(rulebook, findings.sorted(), texts, active)


def _rulebook(texts: ParsedFiles, policy: Policy) -> Rulebook:
    stacking = stacking_partners(texts)
    rules: dict[str, Rule] = {}
    entries = []
    for text in sorted(texts.rules, key=lambda text: text.id):
        rule = rules[text.id] = build_rule(text, policy, stacking[text.id])
        entries.append(IndexEntry(rule, *index_key(text.when)))
    campaigns = {id_: build_campaign(text, policy) for id_, text in sorted(texts.campaigns.items())}
    ordered = sorted(texts.suppress, key=lambda text: text.id)
    suppress = [[text.id, canonical(text.when), text.block.get("after")] for text in ordered]
    meaning = [[rule.digest for rule in rules.values()], campaigns, policy, suppress]
    return Rulebook(
        version=digest(meaning),
        rules=rules,
        index=RuleIndex(entries),
        campaigns=campaigns,
        policy=policy,
        suppress=tuple(build_suppress_rule(text, policy) for text in ordered),
    )
