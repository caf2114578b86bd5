"""What a signal changes in the session, before anything is decided."""

from collections.abc import Callable
from typing import Any, Final

from tactful.core.decision import Confirm, Draft, Refuse
from tactful.core.offers.offer import Offer, State
from tactful.core.rules.model import NEVER
from tactful.core.session import signals
from tactful.core.session.browsing import browsed, clocked, other_tabs
from tactful.core.session.contact_history import merged
from tactful.core.session.session import REMEMBERED_ENDS, REMEMBERED_ITEMS, Owned, Tab
from tactful.core.verdicts.reasons import Reason


def fold(draft: Draft) -> None:
    """Apply the context's signal."""
    signal = draft.context.signal
    _FOLDS[type(signal)](draft, signal)


def expire(draft: Draft) -> None:
    """End what has reached its time: offers, and promises that nobody used."""
    for offer in tuple(draft.standing.values()):
        end = offer.over_at
        if end is None or end > draft.now:
            continue
        until = end + draft.context.rulebook.policy.rest.expired_product
        draft.contact = draft.contact.rested("product", offer.product, until)
        draft.move(offer, "expire")


def _arrived(draft: Draft, signal: signals.Arrived) -> None:
    session = draft.session
    changes: dict[str, Any] = {
        "tabs": (*other_tabs(session, signal.tab), Tab(signal.tab)),
        "consent": signal.consent,
        "gpc": signal.gpc,
        "last_input": draft.now,
    }
    if signal.territory and not session.declared:
        changes["territory"] = signal.territory
    if signal.locale:
        changes["locale"] = signal.locale
    if signal.page:
        changes["page"] = signal.page
        changes["pages"] = session.pages + 1
    if signal.visit and (session.visit == signals.Visit() or signal.visit.link):
        changes["visit"] = signal.visit
    draft.session = clocked(session, draft.now, **changes)
    _merge(draft)


def _left(draft: Draft, signal: signals.Left) -> None:
    tabs = other_tabs(draft.session, signal.tab)
    draft.session = clocked(draft.session, draft.now, tabs=tabs)


def _identified(draft: Draft, signal: signals.Identified) -> None:
    """The anonymous shopper becomes the known one; two known ones never merge."""
    if draft.session.customer not in {None, signal.customer}:
        _forget_customer(draft)
    if signal.territory:
        draft.update(territory=signal.territory, declared=True)
    draft.update(customer=signal.customer)
    _merge(draft)


def _merge(draft: Draft) -> None:
    """Once the history may be used, what the anonymous shopper heard counts for the known one."""
    if draft.profile:
        draft.contact = merged(draft.contact, draft.session.contact)


def _logged_out(draft: Draft, signal: signals.LoggedOut) -> None:
    _forget_customer(draft)
    draft.update(shopper=signal.shopper)


def _forget_customer(draft: Draft) -> None:
    for offer in tuple(draft.standing.values()):
        if offer.customer is not None and offer.advertised:
            draft.withdraw(offer, Reason.IDENTITY_UNVERIFIED)
    draft.update(customer=None, declared=False)


def _browsed(draft: Draft, signal: signals.Signal) -> None:
    draft.session = browsed(draft.session, signal, draft.now)


def _consented(draft: Draft, signal: signals.Consented) -> None:
    draft.update(consent=signal.consent, gpc=signal.gpc)
    _merge(draft)


def _seen(draft: Draft, signal: signals.Seen) -> None:
    offer = draft.standing.get(signal.offer)
    if offer and offer.state is State.PUSHED:
        _show(draft, offer)


def _show(draft: Draft, offer: Offer) -> Offer:
    draft.recall(lambda contact: contact.shown(offer.id))
    return draft.move(offer, "show") if offer.state is State.PUSHED else offer


def _dismissed(draft: Draft, signal: signals.Dismissed) -> None:
    offer = draft.standing.get(signal.offer)
    if offer is None or not offer.advertised:
        return
    rest = draft.context.rulebook.policy.rest
    offer = _show(draft, offer)
    contact = draft.contact.rested("rule", offer.rule, draft.now + rest.dismissed_rule)
    draft.contact = contact.rested("product", offer.product, draft.now + rest.dismissed_product)
    moved = draft.move(offer, "decline")
    draft.end_elsewhere(moved)


def _accepted(draft: Draft, signal: signals.Accepted) -> None:
    offer = draft.standing.get(signal.offer)
    if offer is None:
        known = signal.offer in draft.session.ended
        draft.effects.append(Refuse(signal.offer, "ended" if known else "not_yours"))
    elif offer.state is State.ACCEPTED:
        draft.effects.append(Confirm(offer))
    elif signal.qty is not None and not 1 <= signal.qty <= offer.max_qty:
        draft.effects.append(Refuse(offer.id, "quantity"))
    elif not draft.context.mute:  # else it stays as it is, and the shopper may ask again
        _promise(draft, offer, signal.qty or offer.max_qty)


def _promise(draft: Draft, offer: Offer, qty: int) -> None:
    hold = offer.hold // offer.max_qty * qty
    until = draft.now + draft.context.rulebook.policy.accept_hold
    draft.reduce_hold(offer, hold)
    offer = _show(draft, offer)
    moved = draft.move(offer, "accept", qty=qty, hold=hold, accept_until=until)
    draft.effects.append(Confirm(moved))


def _nothing(draft: Draft, signal: signals.Signal) -> None:
    """Time and facts change no session; what follows from them is decided."""


def _bought(draft: Draft, signal: signals.Bought) -> None:
    others = (one for one in draft.session.bought if one.order != signal.order)
    bought = (*others, *(Owned(product, signal.at, signal.order) for product in signal.products))
    draft.update(bought=bought[-REMEMBERED_ITEMS:])


def _redeemed(draft: Draft, signal: signals.Redeemed) -> None:
    """The ledger has recorded it already; the session lets go of the offer."""
    offer = signal.offer
    draft.standing.pop(offer.id, None)
    ended = (*draft.session.ended, offer.id)[-REMEMBERED_ENDS:]
    draft.update(seq=max(draft.session.seq, offer.seq), ended=ended)
    if offer.remedy and offer.state is State.REDEEMED:
        draft.contact = draft.contact.rested("remedy", offer.remedy, NEVER)


def _rolled_back(draft: Draft, signal: signals.RolledBack) -> None:
    """The ledger has given the right back; the session holds it again."""
    offer = signal.offer
    draft.standing[offer.id] = offer
    draft.update(seq=max(draft.session.seq, offer.seq))
    if offer.remedy:
        draft.contact = draft.contact.woken("remedy", offer.remedy)


def _revoked(draft: Draft, signal: signals.Revoked) -> None:
    offer = draft.standing.get(signal.offer)
    if offer:
        until = draft.now + draft.context.rulebook.policy.rest.withdrawn_product
        draft.contact = draft.contact.rested("product", offer.product, until)
        draft.move(offer, "withdraw", signal.reason)
        draft.end_elsewhere(draft.moved[offer.id])


_FOLDS: Final[dict[type[Any], Callable[[Draft, Any], None]]] = {
    signals.Arrived: _arrived,
    signals.Left: _left,
    signals.Identified: _identified,
    signals.LoggedOut: _logged_out,
    signals.Paged: _browsed,
    signals.Viewed: _browsed,
    signals.Carted: _browsed,
    signals.Acted: _browsed,
    signals.Consented: _consented,
    signals.Seen: _seen,
    signals.Dismissed: _dismissed,
    signals.Accepted: _accepted,
    signals.Woken: _nothing,
    signals.Changed: _nothing,
    signals.Bought: _bought,
    signals.Redeemed: _redeemed,
    signals.RolledBack: _rolled_back,
    signals.Revoked: _revoked,
}
