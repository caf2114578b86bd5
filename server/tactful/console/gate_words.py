"""Words for what a gate saw, what it needs, and what would change its answer."""

from typing import Any

from tactful.console.languages import say
from tactful.console.local_formats import format_amount, format_time
from tactful.core.values.calendar import with_local_times
from tactful.core.values.money import Money
from tactful.core.verdicts.counterfactuals import MISSING_CHANGES, needed_value
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding


def change_words(finding: Finding, zone: str) -> str:
    """Return what would change a gate's answer, and when it changes by itself.

    Args:
        finding: What the gate found.
        zone: IANA time zone in which instants are written.
    """
    text = finding.reason.change
    if finding.reason is Reason.PRICE_MISSING and finding.needed in MISSING_CHANGES:
        text = MISSING_CHANGES[finding.needed]
    if not finding.until:
        return say(text)
    return say(
        "{change}; by itself at {time}", change=say(text), time=format_time(finding.until, zone)
    )


def needed_words(finding: Finding, currency: str | None, zone: str) -> str:
    """Return what a gate needs; see `needed_value` and `change_words`."""
    return words_of(needed_value(finding, currency), zone)


def words_of(value: Any, zone: str) -> str:
    """Return a gate's actual or needed value, with its instants in a zone."""
    match value:
        case None:
            return say("nothing")
        case dict():
            parts = [_field(name, words_of(one, zone)) for name, one in value.items()]
            return ", ".join(parts)
        case list() | tuple() | set() | frozenset():
            return ", ".join(words_of(one, zone) for one in value)
        case bool():
            return say("yes") if value else say("no")
        case Money():
            return format_amount(value.amount, value.currency)
        case _:
            return with_local_times(say(str(value)), zone)


def _field(name: str, text: str) -> str:
    match name, text:
        case "engaged", "more":
            return say("more engaged time")
        case "engaged", _:
            return say("{n} s of engaged time", n=text)
        case "more", _:
            return say("{n} s more", n=text)
        case _:
            return f"{name} {text}"
