"""Words for what a gate saw, what it needs, and what would change its answer."""

from collections.abc import Mapping
from typing import Any, Final

from tactful.console.languages import say, translated
from tactful.console.local_formats import format_amount, format_time
from tactful.core.values.calendar import with_local_times
from tactful.core.values.money import Money
from tactful.core.values.phrases import Phrase, phrase
from tactful.core.verdicts.counterfactuals import MISSING_CHANGES, needed_value
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding

FIELD_WORDS: Final[Mapping[str, Phrase]] = {
    "stock": phrase("stock"),
    "prices": phrase("prices"),
    "cases": phrase("cases"),
    "moment": phrase("moment"),
    "remedy": phrase("voucher"),
    "exclusion": phrase("exclusion"),
    "note": phrase("note"),
    "owner": phrase("owner"),
    "per_session": phrase("offers in a session"),
    "per_shopper": phrase("offers to a shopper"),
    "territory": phrase("territory"),
    "without": phrase("without"),
}
"""Part of what a gate saw or needs → its words. Other parts are fields of conditions, as in a rule file."""


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
            return ", ".join(_field(name, one, zone) for name, one in value.items())
        case list() | tuple() | set() | frozenset():
            return ", ".join(words_of(one, zone) for one in value)
        case bool():
            return say("yes") if value else say("no")
        case Money():
            return format_amount(value.amount, value.currency)
        case _:
            return with_local_times(say(str(value)), zone)


def _field(name: str, value: Any, zone: str) -> str:
    match name, value:
        case "engaged", "more":
            return say("more engaged time")
        case "engaged", _:
            return say("{n} s of engaged time", n=words_of(value, zone))
        case "more", _:
            return say("{n} s more", n=words_of(value, zone))
        case _:
            return f"{translated(FIELD_WORDS.get(name, name))} {words_of(value, zone)}"
