"""Stacking partners: the rules that a rule names under `stacks_with`, by id or campaign."""

from tactful.rulebook.language.rule_files import ParsedFiles, ParsedRule


def stacking_partners(files: ParsedFiles) -> dict[str, frozenset[str]]:
    """Return rule id → the ids of the rules that it names, directly or by their campaign.

    Two offers may stand together only if each rule names the other.
    """
    by_campaign: dict[str, set[str]] = {}
    for rule in files.rules:
        by_campaign.setdefault(rule.get("campaign") or "", set()).add(rule.id)
    return {rule.id: frozenset(_named_rules(rule, by_campaign)) for rule in files.rules}


def _named_rules(rule: ParsedRule, by_campaign: dict[str, set[str]]) -> set[str]:
    named: set[str] = set()
    for name in rule.get("stacks_with") or ():
        named |= by_campaign.get(name, {name})
    return named - {rule.id}
