"""Does an offer say only what makes sense for the item, the order or the shipping that it comes off?"""

from collections.abc import Iterator
from typing import Final

from tactful.core.values.allocation import Level
from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.language.rule_files import ParsedFiles, ParsedRule, level_of
from tactful.rulebook.source.diagnostics import Findings

_OF_A_PRICE: Final = ("fixed", "to_target", "ladder", "gift", "ending", "max_qty", "on_floor")
_OF_AN_ITEM: Final = (*_OF_A_PRICE, "floor", "min_saving")
MISPLACED: Final[dict[Level, tuple[str, ...]]] = {
    "item": ("at_most",),
    "order": _OF_A_PRICE,
    "shipping": _OF_AN_ITEM,
}
"""What an offer comes off → the keys that say nothing about it."""


def unbounded_percentages(texts: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """R317."""
    for text in texts.rules:
        offer = text.get("offer")
        share = offer and level_of(offer) != "item" and "percent" in offer.values
        if share and "at_most" not in offer.nodes:
            message = f"nobody knows how much this share of the {level_of(offer)} will be"
            help_text = "say what it may cost: `at_most: {EUR: 50.00}`"
            findings.add("R317", offer.span_of("percent"), message, help_text)


def misplaced_keys(texts: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """R318."""
    for text in texts.rules:
        own, offer = text.own.get("offer"), text.get("offer")
        if own and offer:
            for name, message, help_text in _misplaced(text, own, offer):
                findings.add("R318", own.keys[name], message, help_text)


def _misplaced(
    text: ParsedRule, own: ParsedMapping, offer: ParsedMapping
) -> Iterator[tuple[str, str, str]]:
    level = level_of(offer)
    if text.get("remedy") and "off_the" in own.nodes:
        yield "off_the", "a voucher comes off the order in any case", "remove it"
    for name in MISPLACED[level]:
        if name in own.nodes:
            help_text = "remove it, or add `off_the: order`" if level == "item" else "remove it"
            yield name, _about(name, level), help_text
    if level != "item" and "amount" in offer.values and "at_most" in own.nodes:
        message = "the amount is the most that comes off, as it stands"
        yield "at_most", message, "remove it"


def _about(name: str, level: Level) -> str:
    if level == "item":
        return "'at_most' bounds a share of an order, and this is a price of an item"
    return f"'{name}' is for a price of an item, and this comes off the {level}"
