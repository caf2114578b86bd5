"""Checks that an offer has only keys that apply to its level: item, order or shipping."""

from collections.abc import Iterator
from typing import Final

from tactful.core.values.allocation import Level
from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.language.rule_files import ParsedFiles, ParsedRule, level_of
from tactful.rulebook.source.diagnostics import Findings

_ITEM_PRICE_KEYS: Final = (
    "fixed",
    "to_target",
    "ladder",
    "gift",
    "ending",
    "max_qty",
    "on_floor",
)
_ITEM_KEYS: Final = (*_ITEM_PRICE_KEYS, "floor", "min_saving")
MISPLACED: Final[dict[Level, tuple[str, ...]]] = {
    "item": ("at_most", "min_order"),
    "order": _ITEM_PRICE_KEYS,
    "shipping": _ITEM_KEYS,
}
"""Level of an offer → the keys that have no meaning there."""


def unbounded_percentages(files: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """Report R317: a percentage of an order, or of its shipping, without `at_most`."""
    for rule in files.rules:
        offer = rule.get("offer")
        share = offer and level_of(offer) != "item" and "percent" in offer.values
        if share and "at_most" not in offer.nodes:
            message = f"this percentage of the {level_of(offer)} has no upper bound"
            help_text = "add the largest amount it may come to: `at_most: {EUR: 50.00}`"
            findings.add("R317", offer.span_of("percent"), message, help_text)


def misplaced_keys(files: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """Report R318: a key of the offer that does not apply to its level.

    Only keys of the rule itself are reported. Keys that come from `defaults` are meant for the
    file's other rules and have no effect here.
    """
    for rule in files.rules:
        own, offer = rule.own.get("offer"), rule.get("offer")
        if own and offer:
            for name, message, help_text in _misplaced(rule, own, offer):
                findings.add("R318", own.keys[name], message, help_text)


def _misplaced(
    rule: ParsedRule, own: ParsedMapping, offer: ParsedMapping
) -> Iterator[tuple[str, str, str]]:
    level = level_of(offer)
    if rule.get("remedy") and "off_the" in own.nodes:
        yield "off_the", "a voucher always comes off the order", "remove `off_the`"
    for name in MISPLACED[level]:
        if name in own.nodes:
            remove = f"remove `{name}`"
            help_text = f"{remove}, or add `off_the: order`" if level == "item" else remove
            yield name, _about(name, level), help_text
    if level != "item" and "amount" in offer.values and "at_most" in own.nodes:
        yield "at_most", "an `amount` is already the most that comes off", "remove `at_most`"


def _about(name: str, level: Level) -> str:
    if level == "item":
        return f"'{name}' applies to an order or its shipping, and this offer is for an item"
    return f"'{name}' applies to the price of an item, and this offer comes off the {level}"
