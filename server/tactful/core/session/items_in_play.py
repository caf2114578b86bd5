"""Which SKUs a turn concerns: those that may be offered, and those whose facts it may read."""

from typing import Final

from tactful.core.facts.purchases import NO_PURCHASES, Purchases
from tactful.core.session.session import Session
from tactful.core.session.signals import (
    CartChanged,
    ItemViewed,
    PageViewed,
    Signal,
    VoucherIssued,
)

RECENT_PURCHASES: Final = 3
"""How many of the items bought last may be offered or carry an offer on the order."""


def candidate_skus(
    session: Session, purchases: Purchases = NO_PURCHASES, *, anywhere: bool = False
) -> tuple[str, ...]:
    """Return the SKUs that may be offered now, each once.

    Args:
        session: The session after the signal.
        purchases: What the customer bought, if history may be used.
        anywhere: Whether an offer may be made on a page without an item too, as on a rescue page.

    Returns:
        The item whose page is open. In the cart, and where `anywhere` holds, the items of the cart as
        well. There, without either, the item viewed last and then the items bought last, because a
        page for cancelling an order names no item.
    """
    anywhere = anywhere or session.rescue
    found = [session.focus] if session.focus else []
    if anywhere or session.page == "cart":
        found += [line.sku for line in session.cart]
    # What was viewed or bought last is a guess, so it counts only if nothing better is known.
    if anywhere and not found:
        found += [one.sku for one in session.viewed_items[-1:]]
        found += _recent_purchases(purchases)
    return tuple(dict.fromkeys(found))


def required_skus(
    session: Session, signal: Signal, purchases: Purchases = NO_PURCHASES
) -> list[str]:
    """Return every SKU whose facts a turn may read, so that they can be fetched before it.

    An SKU may be repeated: the caller looks each up in memory, which costs less than a set would.

    Args:
        session: The session before the signal.
        signal: The signal; it may bring further items into play.
        purchases: What the customer bought, if history may be used.

    Returns:
        SKUs, in no particular order.
    """
    found = [session.focus] if session.focus else []
    if type(signal) is ItemViewed:
        found.append(signal.sku)
    elif type(signal) is CartChanged:
        found += [line.sku for line in signal.lines]
    if session.cart:
        found += [line.sku for line in session.cart]
    if session.offers or session.unseen:
        found += [offer.sku for offer in (*session.offers, *session.unseen)]
    if session.viewed_items:
        found.append(session.viewed_items[-1].sku)
    if purchases and _is_anywhere(session, signal):
        found += _recent_purchases(purchases)
    return found


def _is_anywhere(session: Session, signal: Signal) -> bool:
    """Return whether the turn may offer something on a page without an item."""
    rescue = type(signal) is PageViewed and signal.moment == "rescue"
    return rescue or session.rescue or type(signal) is VoucherIssued


def _recent_purchases(purchases: Purchases) -> list[str]:
    """Return the SKUs that the customer bought last, without gifts, the latest first."""
    own = [one for bought in purchases.values() for one in bought if not one.gift]
    latest = sorted(own, key=lambda one: (-one.placed_at, one.sku))
    return [*dict.fromkeys(one.sku for one in latest)][:RECENT_PURCHASES]
