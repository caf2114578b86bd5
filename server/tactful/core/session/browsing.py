"""What does a shopper's browsing change in the session? Most of it changes nothing else."""

from collections.abc import Callable
from typing import Any, Final

from msgspec import structs

from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NEEDS_ACTIVITY
from tactful.core.session import signals
from tactful.core.session.pacing import earliest_push_at
from tactful.core.session.session import REMEMBERED_ITEMS, Session, Tab, ViewedItem

BROWSING_ON: Final = frozenset({"home", "category", "search"})
"""Pages that leave the item behind; a cart or a checkout continues with it."""


def fold_browsing(session: Session, signal: signals.Signal, now: int) -> Session:
    """The session after a signal of browsing; `KeyError` for any other."""
    return _BROWSED[type(signal)](session, signal, now)


def fold_without_decision(
    session: Session, signal: signals.Signal, now: int, policy: Policy
) -> Session | None:
    """What `decide` would make of a signal that can only be folded; None: it must be decided.

    True of nearly all that a shopper does: whoever moves is not to be spoken to yet. No fact, no
    rule and no balance is read, so none need be gathered.
    """
    change = _BROWSED.get(type(signal))
    if change is None or (session.offers and session.customer):
        return None  # the customer's parcels may end an offer by themselves
    end = (
        min([offer.lapses_at or NEEDS_ACTIVITY for offer in session.offers])
        if session.offers
        else NEEDS_ACTIVITY
    )
    after = change(session, signal, now)
    soon = earliest_push_at(after, policy)
    if soon <= now or end <= now:
        return None
    again = soon if soon < NEEDS_ACTIVITY else None
    wake_at = end if end < soon else again
    if again == after.next_rule_check and wake_at == after.wake_at:
        return after
    return structs.replace(after, next_rule_check=again, wake_at=wake_at)


def with_engagement_timer(session: Session, now: int, **changes: Any) -> Session:
    """The session with its changes, and its engaged time started or stopped accordingly."""
    session = structs.replace(session, **changes)
    running = (session.focus is not None or session.page == "cart") and session.visible
    if running and session.running_since is None:
        return structs.replace(session, running_since=now)
    if not running and session.running_since is not None:
        return structs.replace(session, dwell_before_ms=session.dwell(now), running_since=None)
    return session


def tabs_except(session: Session, tab: int) -> tuple[Tab, ...]:
    """All but one."""
    return tuple(known for known in session.tabs if known.number != tab)


def _viewed(session: Session, signal: signals.ItemViewed, now: int) -> Session:
    sku = signal.sku
    looks = _looked(session.viewed_items, sku, now)
    views = session.views + 1
    if session.focus == sku:
        return with_engagement_timer(session, now, viewed_items=looks, views=views, last_input=now)
    return structs.replace(
        session,
        viewed_items=looks,
        views=views,
        last_input=now,
        focus=sku,
        dwell_before_ms=0,
        running_since=now if session.visible else None,
    )


def _looked(looks: tuple[ViewedItem, ...], sku: str, now: int) -> tuple[ViewedItem, ...]:
    """The last items viewed, with this one as the latest."""
    for known in looks:
        if known.sku == sku:
            others = [look for look in looks if look is not known]
            return (*others, ViewedItem(sku, known.views + 1, known.first, now))
    return (*looks[1 - REMEMBERED_ITEMS :], ViewedItem(sku, 1, now, now))


def _paged(session: Session, signal: signals.PageViewed, now: int) -> Session:
    changes: dict[str, Any] = {
        "page": signal.kind,
        "query": signal.query,
        "rescue": signal.moment == "rescue",
        "pages": session.pages + 1,
        "searches": session.searches + (signal.kind == "search"),
        "last_input": now,
    }
    if signal.kind in BROWSING_ON:
        changes |= {"focus": None, "dwell_before_ms": 0, "running_since": None}
    return with_engagement_timer(session, now, **changes)


def _carted(session: Session, signal: signals.CartChanged, now: int) -> Session:
    return structs.replace(session, cart=signal.lines, last_input=now)


def _acted(session: Session, signal: signals.ActivityReported, now: int) -> Session:
    match signal.kind:
        case "input":
            return structs.replace(session, last_input=now)
        case "visible" | "hidden":
            tab = Tab(signal.tab, signal.kind == "visible")
            return with_engagement_timer(
                session, now, tabs=(*tabs_except(session, signal.tab), tab)
            )
        case "chat_open" | "chat_closed":
            return structs.replace(session, chat_open=signal.kind == "chat_open")
        case "compare":
            return structs.replace(session, compares=session.compares + 1, last_input=now)
        case "exit":
            return structs.replace(session, exits=session.exits + 1)
        case _:
            return session  # no input is what the absence of `input` says already


_BROWSED: Final[dict[type[Any], Callable[[Session, Any, int], Session]]] = {
    signals.ItemViewed: _viewed,
    signals.PageViewed: _paged,
    signals.CartChanged: _carted,
    signals.ActivityReported: _acted,
}
