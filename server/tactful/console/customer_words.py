"""Sentences about a customer: may they be approached, what is suppressed, until when."""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from tactful.console.local_formats import format_time
from tactful.console.queries import CustomerView, TaintView
from tactful.console.reason_words import reason_words
from tactful.core.customer.taints import Taint
from tactful.core.gates.suppression import SUPPRESS_NO_REMEDY
from tactful.core.values.phrases import phrase
from tactful.core.verdicts.reasons import Reason

_OBJECTIONS: Final = frozenset({Reason.OBJECTION_SHOP, Reason.OBJECTION_ITEM})


class Suppressed(Struct, frozen=True):
    """One thing that is not offered to a customer, in words."""

    what: str
    """The item, product or brand by its title; `everything` for the whole shop."""
    because: str
    """A clause without a full stop."""
    cause: str
    """The id of the case, return, review, order or objection."""
    lasts: str
    """Until when, such as `until 2026-03-17 12:00:00 UTC`."""


def is_active(taint: Taint, now: int) -> bool:
    """Return whether a taint suppresses at an instant, in ms since the Unix epoch, UTC."""
    return taint.since <= now and (taint.until is None or now < taint.until)


def suppressed(
    taints: Iterable[TaintView], titles: Mapping[str, str], now: int, zone: str
) -> list[Suppressed]:
    """Return what is suppressed at an instant, the widest scope first.

    Args:
        taints: The taints of a customer.
        titles: SKU or product id → title.
        now: Milliseconds since the Unix epoch, UTC.
        zone: IANA time zone in which ends are written.
    """
    active = [one for one in taints if is_active(one.taint, now)]
    return [
        Suppressed(
            _scope_words(one, titles),
            reason_words(one.taint.code(now).value),
            one.taint.cause,
            _end_words(one.taint, zone),
        )
        for one in sorted(active, key=lambda one: bool(one.key))
    ]


def approach_sentence(view: CustomerView, now: int, zone: str, *, is_stopped: bool = False) -> str:
    """Return in one sentence whether offers may be made to a customer at an instant.

    Args:
        view: The customer.
        now: Milliseconds since the Unix epoch, UTC.
        zone: IANA time zone in which ends are written.
        is_stopped: Whether all offers are stopped.
    """
    if is_stopped:
        return phrase("No offers are made to anybody: all offers are stopped.")
    about = view.profile.history.about if view.profile else None
    if about and about.fact.opted_out:
        return phrase("No offers are made: the customer has opted out of them.")
    of_the_shop = suppressed((one for one in view.taints if not one.key), {}, now, zone)
    for one in of_the_shop[:1]:
        return phrase(
            "No offers are made {lasts}, because {why}.", lasts=one.lasts, why=one.because
        )
    if any(is_active(one.taint, now) for one in view.taints):
        return phrase("Offers are made, but not of what is listed as suppressed.")
    return phrase("Offers are made: no case, return, late parcel or objection suppresses anything.")


def _scope_words(one: TaintView, titles: Mapping[str, str]) -> str:
    title = titles.get(one.key, one.key)
    match one.scope:
        case "variant":
            return title
        case "product":
            return phrase("{title} (all variants)", title=title)
        case "brand":
            return phrase("everything of {title}", title=title)
        case _:
            spares_vouchers = one.taint.reason in SUPPRESS_NO_REMEDY
            return phrase("everything except vouchers") if spares_vouchers else phrase("everything")


def _end_words(taint: Taint, zone: str) -> str:
    if taint.until is not None:
        return phrase("until {time}", time=format_time(taint.until, zone))
    return (
        phrase("until it is lifted")
        if taint.reason in _OBJECTIONS
        else phrase("while this is open")
    )
