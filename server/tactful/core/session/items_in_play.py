"""Which items is this shopper concerned with?"""

from collections.abc import Iterator

from tactful.core.session.session import Session
from tactful.core.session.signals import CartChanged, ItemViewed, Signal


def candidate_skus(session: Session) -> tuple[str, ...]:
    """The SKUs that may be spoken about now: the open item; in the cart or at a rescue, the cart's too."""
    found = [session.focus] if session.focus else []
    if session.rescue or session.page == "cart":
        found += [line.sku for line in session.cart]
    if session.rescue and not found and session.viewed_items:
        found.append(session.viewed_items[-1].sku)
    return tuple(dict.fromkeys(found))


def required_skus(session: Session, signal: Signal) -> Iterator[str]:
    """Every SKU whose facts a turn on this signal may read; repeats itself."""
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
