"""Which SKUs a turn concerns: those that may be offered, and those whose facts it may read."""

from collections.abc import Iterator

from tactful.core.session.session import Session
from tactful.core.session.signals import CartChanged, ItemViewed, Signal


def candidate_skus(session: Session) -> tuple[str, ...]:
    """Return the SKUs that may be offered now, each once.

    Args:
        session: The session after the signal.

    Returns:
        The item whose page is open. In the cart, and on a rescue page, the items of the cart as
        well. On a rescue page without either, the item viewed last, because a page for cancelling
        an order names no item.
    """
    found = [session.focus] if session.focus else []
    if session.rescue or session.page == "cart":
        found += [line.sku for line in session.cart]
    # The item viewed last is a guess, so it counts only if nothing better is known.
    if session.rescue and not found and session.viewed_items:
        found.append(session.viewed_items[-1].sku)
    return tuple(dict.fromkeys(found))


def required_skus(session: Session, signal: Signal) -> Iterator[str]:
    """Yield every SKU whose facts a turn may read, so that they can be fetched before it.

    A generator that may repeat an SKU: the caller looks each up in memory, which costs less than a
    set would.

    Args:
        session: The session before the signal.
        signal: The signal; it may bring further items into play.

    Yields:
        SKUs, in no particular order.
    """
    if session.focus:
        yield session.focus
    if type(signal) is ItemViewed:
        yield signal.sku
    elif type(signal) is CartChanged:
        for line in signal.lines:
            yield line.sku
    for line in session.cart:
        yield line.sku
    for offer in session.offers:
        yield offer.sku
    if session.viewed_items:
        yield session.viewed_items[-1].sku
