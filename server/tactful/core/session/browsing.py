"""Browsing signals: how page views, item views, cart and activity change the session.

Most browsing signals change nothing else. `fold_without_decision` recognises them before a context
is built for them, so that such a signal costs only a few microseconds.
"""

from collections.abc import Callable
from typing import Any, Final

from msgspec import structs

from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NEEDS_ACTIVITY
from tactful.core.session import signals
from tactful.core.session.pacing import earliest_push_at
from tactful.core.session.session import REMEMBERED_ITEMS, Session, ShownPrice, Tab, ViewedItem

BROWSING_ON: Final = frozenset({"home", "category", "search"})
"""Pages that leave the open item behind. A cart or a checkout continues with it."""


def fold_browsing(session: Session, signal: signals.Signal, now: int) -> Session:
    """Return the session after a browsing signal.

    Args:
        session: The session before the signal.
        signal: A page view, an item view, a cart or an activity.
        now: The instant of the signal, milliseconds since the Unix epoch, UTC.

    Returns:
        The session after it.

    Raises:
        KeyError: For any other signal.
    """
    return _REDUCERS[type(signal)](session, signal, now)


def fold_without_decision(
    session: Session, signal: signals.Signal, now: int, policy: Policy
) -> Session | None:
    """Return what `decide` would make of a signal after which no rule can push an offer.

    It reads no fact, no rule and no balance, so the caller need not gather any. A test compares it
    with `decide` for random sessions.

    Args:
        session: The session before the signal.
        signal: Any signal.
        now: The instant of the signal, milliseconds since the Unix epoch, UTC.
        policy: The active policy.

    Returns:
        The session after the signal; None where the signal has to be decided.
    """
    reduce = _REDUCERS.get(type(signal))
    if reduce is None or (
        (session.offers or session.unseen) and _may_end_an_offer(session, signal)
    ):
        return None
    end = (
        min([offer.lapses_at or NEEDS_ACTIVITY for offer in (*session.offers, *session.unseen)])
        if session.offers or session.unseen
        else NEEDS_ACTIVITY
    )
    after = reduce(session, signal, now)
    earliest = earliest_push_at(after, policy)
    # A rule may push now, or an offer has reached its end: both need a decision.
    if earliest <= now or end <= now:
        return None
    next_check = earliest if earliest < NEEDS_ACTIVITY else None
    wake_at = end if end < earliest else next_check
    # Most signals move neither timer, and a copy of a session costs 0.24 µs.
    if next_check == after.next_rule_check and wake_at == after.wake_at:
        return after
    return structs.replace(after, next_rule_check=next_check, wake_at=wake_at)


def _may_end_an_offer(session: Session, signal: signals.Signal) -> bool:
    """Return whether a browsing signal may end a standing offer.

    An offer of a customer ends by itself when one of their parcels becomes late. Any offer may end
    when the page of its item shows a lower price.
    """
    return session.customer is not None or shows_price(signal)


def shows_price(signal: signals.Signal) -> bool:
    """Return whether the signal is the view of a page that shows a price."""
    return type(signal) is signals.ItemViewed and signal.price is not None


def with_engagement_timer(session: Session, now: int, **changes: Any) -> Session:
    """Return the session with its changes, and its engaged time started or stopped accordingly.

    Engaged time runs while a page of the focused item, or the cart, can be seen.

    Args:
        session: The session before the changes.
        now: Milliseconds since the Unix epoch, UTC.
        **changes: Fields of the session.

    Returns:
        The session after the changes.
    """
    session = structs.replace(session, **changes)
    running = (session.focus is not None or session.page == "cart") and session.visible
    if running and session.running_since is None:
        return structs.replace(session, running_since=now)
    if not running and session.running_since is not None:
        return structs.replace(session, dwell_before_ms=session.dwell(now), running_since=None)
    return session


def tabs_except(session: Session, tab: int) -> tuple[Tab, ...]:
    """Return all tabs of the session but one."""
    return tuple(known for known in session.tabs if known.number != tab)


def _view_item(session: Session, signal: signals.ItemViewed, now: int) -> Session:
    """Apply an item view. Engaged time starts anew with another item."""
    sku = signal.sku
    viewed_items = _with_view(session.viewed_items, sku, now)
    # Most pages show no price, and a copy of a session costs 0.24 µs.
    if signal.price is not None or session.shown_prices:
        shown_prices = _with_price(session, viewed_items, signal)
        session = structs.replace(session, shown_prices=shown_prices)
    views = session.views + 1
    if session.focus == sku:
        return with_engagement_timer(
            session,
            now,
            viewed_items=viewed_items,
            views=views,
            last_input=now,
        )
    return structs.replace(
        session,
        viewed_items=viewed_items,
        views=views,
        last_input=now,
        focus=sku,
        dwell_before_ms=0,
        running_since=now if session.visible else None,
    )


def _with_view(items: tuple[ViewedItem, ...], sku: str, now: int) -> tuple[ViewedItem, ...]:
    """Return the last items viewed, with this one as the most recent."""
    for known in items:
        if known.sku == sku:
            others = [item for item in items if item is not known]
            return (*others, ViewedItem(sku, known.views + 1, known.first, now))
    return (*items[1 - REMEMBERED_ITEMS :], ViewedItem(sku, 1, now, now))


def _with_price(
    session: Session, items: tuple[ViewedItem, ...], signal: signals.ItemViewed
) -> tuple[ShownPrice, ...]:
    """Return the prices that the pages of the last items viewed show."""
    skus = {item.sku for item in items} - {signal.sku}
    others = tuple(shown for shown in session.shown_prices if shown.sku in skus)
    return (*others, ShownPrice(signal.sku, signal.price)) if signal.price else others


def _view_page(session: Session, signal: signals.PageViewed, now: int) -> Session:
    changes: dict[str, Any] = {
        "page": signal.kind,
        "query": signal.query,
        "rescue": signal.moment == "rescue",
        "pages": session.pages + 1,
        "searches": session.searches + (signal.kind == "search"),
        "last_input": now,
    }
    if signal.currency is not None:
        changes["currency"] = signal.currency
    if signal.channel is not None:
        changes["channel"] = signal.channel
    if signal.kind in BROWSING_ON:
        changes |= {"focus": None, "dwell_before_ms": 0, "running_since": None}
    return with_engagement_timer(session, now, **changes)


def _change_cart(session: Session, signal: signals.CartChanged, now: int) -> Session:
    return structs.replace(session, cart=signal.lines, last_input=now)


def _report_activity(session: Session, signal: signals.ActivityReported, now: int) -> Session:
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
            # `idle` changes nothing: the age of `last_input` has the same information.
            return session


_REDUCERS: Final[dict[type[Any], Callable[[Session, Any, int], Session]]] = {
    signals.ItemViewed: _view_item,
    signals.PageViewed: _view_page,
    signals.CartChanged: _change_cart,
    signals.ActivityReported: _report_activity,
}
"""Signal type → how it changes the session."""
