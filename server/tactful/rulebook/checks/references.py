"""Does everything that a rule refers to exist, and is everything that exists used?"""

import re
from collections.abc import Iterator
from typing import Final

from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.language.grammar import PRICE_MODES
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
"""What a message may say; anything else about the shopper would be telling."""
_BRACES = re.compile(r"\{([^{}]*)\}")
_UNTOLD: Final = ("customer.", "history.", "session.", "cart.", "visit.")


def unknown_campaigns(texts: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """R210."""
    for text in texts.rules:
        campaign = text.get("campaign")
        if campaign is not None and campaign not in texts.campaigns:
            hint = nearest(campaign, texts.campaigns) or "define it under `campaigns:`"
            message = f"there is no campaign '{campaign}'"
            findings.add("R210", text.block.span_of("campaign"), message, hint)


def placeholders(text: ParsedRule) -> Iterator[tuple[str, Node]]:
    """Every `{placeholder}` of a rule's messages, with the node of its text."""
    offer = text.get("offer")
    node = offer.nodes.get("message") if offer else None
    if node is not None:
        for value in [value for _, value in node.pairs] or [node]:
            for found in _BRACES.finditer(value.text):
                yield found[1], value


def is_personal(name: str) -> bool:
    """Whether a placeholder would show the shopper what we know of them."""
    return name.startswith(_UNTOLD)


def unknown_placeholders(texts: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """R217."""
    for text in texts.rules:
        for name, node in placeholders(text):
            if name not in PLACEHOLDERS and not is_personal(name):
                hint = nearest(name, PLACEHOLDERS) or f"use one of {', '.join(PLACEHOLDERS)}"
                findings.add("R217", node, f"{{{name}}} is not known here", hint)


def price_modes(texts: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """R219."""
    for text in texts.rules:
        offer = text.get("offer")
        named = [mode for mode in PRICE_MODES if offer and mode in offer.nodes]
        modes = ", ".join(PRICE_MODES)
        if text.get("remedy") and not named:
            continue  # the price is what the customer's voucher makes of it
        if not named and offer is None and "offer" in text.block.nodes:
            continue  # what stands there was found to be no offer at all
        if not named:
            where = offer.start if offer else text.id_node
            message = f"the rule '{text.id}' does not say which price it offers"
            findings.add("R219", where, message, f"add an `offer:` with one of {modes}")
        else:
            for mode in named[1:]:
                message = f"the price is already made by '{named[0]}'"
                findings.add("R219", offer.keys[mode], message, f"keep one of {modes}")
            _check_flags(offer, findings)
            for step in offer.get("ladder") or ():
                _check_step(step, findings)


def _check_flags(offer: ParsedMapping, findings: Findings) -> None:
    for mode in ("to_target", "gift"):
        if offer.get(mode) is False:
            findings.add(
                "R219", offer.span_of(mode), f"'{mode}: false' makes no price", "remove it"
            )


def _check_step(step: ParsedMapping, findings: Findings) -> None:
    if len(step.nodes) != 1:
        message = "a step makes its price in exactly one way"
        findings.add("R219", step.start, message, "write {percent: 5%} or another single one")


def unknown_rules(texts: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """R220."""
    known = {text.id for text in texts.rules} | set(texts.campaigns)
    for text in texts.rules:
        node = text.own.nodes.get("stacks_with")
        for entry in list_items(node):
            if entry.text and entry.text not in known:
                hint = nearest(entry.text, known) or "name a rule or a campaign"
                message = f"there is no rule or campaign '{entry.text[:60]}'"
                findings.add("R220", entry, message, hint)


def one_sided_stacking(texts: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """R309."""
    allowed = stacking_partners(texts)
    for text in texts.rules:
        for other in sorted(allowed[text.id]):
            if other in allowed and text.id not in allowed[other]:
                message = f"'{other}' does not name '{text.id}', so they never stack"
                help_text = f"add '{text.id}' to stacks_with of '{other}', or remove it here"
                findings.add("R309", text.own.span_of("stacks_with"), message, help_text)


def unused_names(texts: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """R315."""
    campaigns = {text.get("campaign") for text in texts.rules}
    for name, campaign in texts.campaigns.items():
        if name not in campaigns:
            message = f"no rule belongs to the campaign '{name}'"
            findings.add("R315", campaign.key, message, "remove it, or name it in a rule")
    named = set(_dollars(texts))
    for name, key in texts.list_keys.items():
        if name not in named:
            message = f"no condition uses the list '{name}'"
            findings.add("R315", key, message, f"use it as ${name}, or remove it")


def _dollars(texts: ParsedFiles) -> Iterator[str]:
    trees = [tree for rule in texts.rules for tree in (rule.when, rule.unless) if tree]
    for tree in [*trees, *(block.when for block in texts.suppress)]:
        yield from _names(tree.node)


def _names(node: Node) -> Iterator[str]:
    if node.text.startswith("$"):
        yield node.text[1:]
    for item in (*node.items, *(value for _, value in node.pairs)):
        yield from _names(item)
