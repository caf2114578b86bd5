"""Checks of references: campaigns, rules, lists, placeholders and price modes."""

import re
from collections.abc import Iterator
from typing import Final

from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.language.grammar import OFFER, PRICE_MODES
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.language.rule_files import ParsedFiles, ParsedRule
from tactful.rulebook.language.stacking import stacking_partners
from tactful.rulebook.source.diagnostics import Findings, nearest
from tactful.rulebook.source.tree import Node, list_items

PLACEHOLDERS: Final = (
    "item.title",
    "item.brand",
    "item.price",
    "offer.price",
    "offer.saved",
    "offer.expires",
)
"""The placeholders that a message may use: facts of the item and of the offer only."""
_BRACES = re.compile(r"\{([^{}]*)\}")
_PERSONAL: Final = ("customer.", "history.", "session.", "cart.", "visit.")


def unknown_campaigns(files: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """Report R210: a campaign that no file defines."""
    for rule in files.rules:
        campaign = rule.get("campaign")
        if campaign is not None and campaign not in files.campaigns:
            hint = nearest(campaign, files.campaigns) or "define it under `campaigns:`"
            message = f"there is no campaign '{campaign}'"
            findings.add("R210", rule.block.span_of("campaign"), message, hint)


def placeholders(rule: ParsedRule) -> Iterator[tuple[str, Node]]:
    """Yield every `{placeholder}` of a rule's messages, with the node of its text."""
    offer = rule.get("offer")
    node = offer.nodes.get("message") if offer else None
    if node is not None:
        for value in [value for _, value in node.pairs] or [node]:
            for found in _BRACES.finditer(value.text):
                yield found[1], value


def is_personal(name: str) -> bool:
    """Return whether a placeholder would reveal what the shop knows about the shopper."""
    return name.startswith(_PERSONAL)


def unknown_placeholders(files: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """Report R217: a placeholder that is not one of `PLACEHOLDERS`."""
    for rule in files.rules:
        for name, node in placeholders(rule):
            if name not in PLACEHOLDERS and not is_personal(name):
                hint = nearest(name, PLACEHOLDERS) or f"use one of {', '.join(PLACEHOLDERS)}"
                findings.add("R217", node, f"unknown placeholder {{{name}}}", hint)


def price_modes(files: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """Report R219: an offer with no price mode, or with several."""
    for rule in files.rules:
        offer = rule.get("offer")
        named = [mode for mode in PRICE_MODES if offer and mode in offer.nodes]
        modes = ", ".join(PRICE_MODES)
        if rule.get("remedy") and not named:
            continue  # The customer's voucher determines the price.
        if not named and offer is None and "offer" in rule.block.nodes:
            continue  # The value of `offer` is not a mapping, which is already reported.
        if not named and offer and OFFER.other_names.keys() & offer.keys.keys():
            continue  # Another name of a price was understood, which is already reported.
        if not named:
            where = offer.start if offer else rule.id_node
            message = f"the rule '{rule.id}' does not say how its price is made"
            findings.add("R219", where, message, f"add an `offer:` with one of {modes}")
        else:
            for mode in named[1:]:
                message = f"'{named[0]}' already makes the price"
                findings.add("R219", offer.keys[mode], message, f"keep only one of {modes}")
            _check_flags(offer, findings)
            for step in offer.get("ladder") or ():
                _check_step(step, findings)


def _check_flags(offer: ParsedMapping, findings: Findings) -> None:
    for mode in ("to_target", "gift"):
        if offer.get(mode) is False:
            message = f"'{mode}: false' makes no price"
            findings.add("R219", offer.span_of(mode), message, f"remove `{mode}`")


def _check_step(step: ParsedMapping, findings: Findings) -> None:
    if len(step.nodes) != 1:
        message = "this step does not have exactly one price mode"
        findings.add("R219", step.start, message, "write one mode, such as {percent: 5%}")


def unknown_rules(files: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """Report R220: a name under `stacks_with` or in an experiment that does not exist."""
    rules = {rule.id for rule in files.rules}
    known = rules | set(files.campaigns)
    for rule in files.rules:
        node = rule.own.nodes.get("stacks_with")
        for entry in list_items(node):
            if entry.text and entry.text not in known:
                hint = nearest(entry.text, known) or "write the id of a rule or of a campaign"
                message = f"there is no rule or campaign '{entry.text[:60]}'"
                findings.add("R220", entry, message, hint)
    for experiment in files.experiments:
        for variant in experiment.variants:
            if variant.rule not in rules:
                hint = nearest(variant.rule, rules) or "write the id of a rule"
                findings.add("R220", variant.node, f"there is no rule '{variant.rule}'", hint)


def one_sided_stacking(files: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """Report R309: stacking that only one of the two rules names."""
    partners = stacking_partners(files)
    for rule in files.rules:
        for other in sorted(partners[rule.id]):
            if other in partners and rule.id not in partners[other]:
                message = f"the offers never stack, because '{other}' does not name '{rule.id}'"
                help_text = (
                    f"add '{rule.id}' to `stacks_with` of '{other}', or remove '{other}' here"
                )
                findings.add("R309", rule.own.span_of("stacks_with"), message, help_text)


def unused_names(files: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """Report R315: a campaign without a rule, or a list without a condition."""
    campaigns = {rule.get("campaign") for rule in files.rules}
    for name, campaign in files.campaigns.items():
        if name not in campaigns:
            message = f"no rule belongs to the campaign '{name}'"
            help_text = "remove the campaign, or name it in a rule"
            findings.add("R315", campaign.key, message, help_text)
    named = set(_used_lists(files))
    for name, key in files.list_keys.items():
        if name not in named:
            message = f"nothing uses the list '{name}'"
            findings.add("R315", key, message, f"use it as ${name}, or remove the list")


def _used_lists(files: ParsedFiles) -> Iterator[str]:
    trees = [tree for rule in files.rules for tree in (rule.when, rule.unless) if tree]
    for tree in [*trees, *(block.when for block in files.suppress)]:
        yield from _list_names(tree.node)
    for exclusion in files.exclusions:
        yield from _list_names(exclusion.block.node)


def _list_names(node: Node) -> Iterator[str]:
    if node.text.startswith("$"):
        yield node.text[1:]
    for item in (*node.items, *(value for _, value in node.pairs)):
        yield from _list_names(item)
