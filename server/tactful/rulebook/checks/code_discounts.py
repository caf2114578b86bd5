"""Checks of offers whose discount is made by codes of the shop's platform."""

from collections.abc import Iterator
from typing import Final

from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.language.rule_files import ParsedFiles, ParsedRule
from tactful.rulebook.source.diagnostics import Findings

_VARYING: Final = ("fixed", "to_target", "ladder", "gift", "ending")
"""Keys of an offer with which the discount differs from item to item, or from offer to offer."""


def varying_discounts(files: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """Report R324: discount codes for a discount that is not the same for every offer.

    All codes of a pool take off the same percentage or amount.
    """
    for rule in files.rules:
        offer = rule.get("offer")
        if offer and "codes" in offer.values:
            for what, help_text in _varying(rule):
                message = f"{what}, and the codes of a pool all take off the same"
                findings.add("R324", offer.span_of("codes"), message, help_text)


def _varying(rule: ParsedRule) -> Iterator[tuple[str, str]]:
    offer = rule.get("offer")
    for name in _VARYING:
        if name in offer.values:
            yield f"the discount of `{name}` varies", "use `percent` or `amount`, or remove `codes`"
    floor = offer.get("floor")
    if floor and offer.get("on_floor", "clamp") == "clamp":
        yield "a price at the floor has a smaller discount", "add `on_floor: withhold`"
    if rule.get("remedy"):
        yield "each voucher has a value of its own", "remove `codes`"
