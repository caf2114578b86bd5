"""Counterfactual explanations: what would change a gate's answer."""

from collections.abc import Mapping
from typing import Any, Final

from tactful.core.values.calendar import format_rfc3339
from tactful.core.values.money import Money, format_plain
from tactful.core.verdicts.reasons import MONEY_REASONS, Reason
from tactful.core.verdicts.verdict import Finding


def as_plain_value(reason: Reason, value: Any, currency: str | None) -> Any:
    """Return what a gate saw or needs in plain form.

    Args:
        reason: The reason of the finding; it says whether its values are instants or amounts.
        value: `Finding.actual` or `Finding.needed`.
        currency: ISO 4217 code of the item's public price; None: the item has no price.

    Returns:
        The value itself; RFC 3339 text for an instant, and `Money` for an amount.
    """
    if reason.shows_instants and isinstance(value, int):
        return format_rfc3339(value)
    if reason in MONEY_REASONS and isinstance(value, int) and currency:
        return Money(value, currency)
    return value


def needed_value(finding: Finding, currency: str | None) -> Any:
    """Return what a gate needs: a value, the instant at which time alone grants it, or a word.

    Args:
        finding: What the gate found.
        currency: As for `as_plain_value`.
    """
    if finding.needed is not None:
        return as_plain_value(finding.reason, finding.needed, currency)
    return format_rfc3339(finding.until) if finding.until else finding.reason.needed


MISSING_CHANGES: Final[Mapping[str, str]] = {
    "a cost": "a cost fact for this item arrives, or the rule names no margin",
    "a target price": "the price fact names a `target`, or the rule does not need one",
    "an amount in this currency": "the rule names an amount in the currency of the price",
}
"""What `price.missing` needs → what would bring it; any other need is a public price."""


def change_text(finding: Finding) -> str:
    """Return what would change a gate's answer, and when it changes by itself."""
    text = finding.reason.change
    if finding.reason is Reason.PRICE_MISSING and finding.needed in MISSING_CHANGES:
        text = MISSING_CHANGES[finding.needed]
    return f"{text}; by itself at {format_rfc3339(finding.until)}" if finding.until else text


def field_words(name: str, text: str) -> str:
    """Return a named part of a gate's actual or needed value in words; times are in seconds."""
    match name, text:
        case "engaged", "more":
            return "more engaged time"
        case "engaged", _:
            return f"{text} s of engaged time"
        case "more", _:
            return f"{text} s more"
        case _:
            return f"{name} {text}"


def value_words(value: Any) -> str:
    """Return a gate's actual or needed value in words."""
    match value:
        case None:
            return "nothing"
        case dict():
            return ", ".join(field_words(name, value_words(one)) for name, one in value.items())
        case list() | tuple() | set() | frozenset():
            return ", ".join(value_words(one) for one in value)
        case bool():
            return "yes" if value else "no"
        case Money():
            return format_plain(value)
        case _:
            return str(value)
