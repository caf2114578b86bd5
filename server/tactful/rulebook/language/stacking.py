"""Which rules' offers may stand beside each other?"""

from tactful.rulebook.language.rule_files import ParsedFiles, ParsedRule


def stacking_partners(texts: ParsedFiles) -> dict[str, frozenset[str]]:
    """Rule → the rules it names, itself or by their campaign."""
    by_campaign: dict[str, set[str]] = {}
    for text in texts.rules:
        by_campaign.setdefault(text.get("campaign") or "", set()).add(text.id)
    return {text.id: frozenset(_named(text, by_campaign)) for text in texts.rules}


def _named(text: ParsedRule, by_campaign: dict[str, set[str]]) -> set[str]:
    named: set[str] = set()
    for name in text.get("stacks_with") or ():
        named |= by_campaign.get(name, {name})
    return named - {text.id}
