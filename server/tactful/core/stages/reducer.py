"""What a signal changes in the session, before anything is decided."""

from collections.abc import Callable
from typing import Any, Final

from tactful.core.decision import ConfirmAcceptance, DecisionBuilder, RefuseAcceptance
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.rules.rule import NEVER
from tactful.core.session import signals
from tactful.core.session.browsing import fold_browsing, tabs_except, with_engagement_timer
from tactful.core.session.contact_history import merge_histories
from tactful.core.session.session import REMEMBERED_ENDS, REMEMBERED_ITEMS, BoughtProduct, Tab
from tactful.core.verdicts.reasons import Reason


def apply_signal(draft: DecisionBuilder) -> None:
    """Apply the context's signal."""
    signal = draft.context.signal
    _FOLDS[type(signal)](draft, signal)


def expire_offers(draft: DecisionBuilder) -> None:
    """End what has reached its time: offers, and promises that nobody used."""
    for offer in tuple(draft.standing.values()):
        end = offer.lapses_at
        if end is None or end > draft.now:
            continue
        until = end + draft.context.rulebook.policy.rest.expired_product
        draft.contact = draft.contact.with_cooldown("product", offer.product, until)
        draft.transition(offer, "expire")


def _arrived(draft: DecisionBuilder, signal: signals.ConnectionOpened) -> None:
    session = draft.session
    changes: dict[str, Any] = {
        "tabs": (*tabs_except(session, signal.tab), Tab(signal.tab)),
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
    if signal.visit and (session.visit == signals.LandingVisit() or signal.visit.link):
        changes["visit"] = signal.visit
    draft.session = with_engagement_timer(session, draft.now, **changes)
    _merge(draft)


def _left(draft: DecisionBuilder, signal: signals.ConnectionClosed) -> None:
    tabs = tabs_except(draft.session, signal.tab)
    draft.session = with_engagement_timer(draft.session, draft.now, tabs=tabs)


def _identified(draft: DecisionBuilder, signal: signals.CustomerIdentified) -> None:
    """The anonymous shopper becomes the known one; two known ones never merge."""
    if draft.session.customer not in {None, signal.customer}:
        _forget_customer(draft)
    if signal.territory:
        draft.update(territory=signal.territory, declared=True)
    draft.update(customer=signal.customer)
    _merge(draft)


def _merge(draft: DecisionBuilder) -> None:
    """Once the history may be used, what the anonymous shopper heard counts for the known one."""
    if draft.profile:
        draft.contact = merge_histories(draft.contact, draft.session.contact)


def _logged_out(draft: DecisionBuilder, signal: signals.CustomerLoggedOut) -> None:
    _forget_customer(draft)
    draft.update(shopper=signal.shopper)


def _forget_customer(draft: DecisionBuilder) -> None:
    for offer in tuple(draft.standing.values()):
        if offer.customer is not None and offer.advertised:
            draft.withdraw(offer, Reason.IDENTITY_UNVERIFIED)
    draft.update(customer=None, declared=False)


def _browsed(draft: DecisionBuilder, signal: signals.Signal) -> None:
    draft.session = fold_browsing(draft.session, signal, draft.now)


def _consented(draft: DecisionBuilder, signal: signals.ConsentChanged) -> None:
    draft.update(consent=signal.consent, gpc=signal.gpc)
    _merge(draft)


def _seen(draft: DecisionBuilder, signal: signals.OfferSeen) -> None:
    offer = draft.standing.get(signal.offer)
    if offer and offer.state is OfferState.PUSHED:
        _show(draft, offer)


def _show(draft: DecisionBuilder, offer: Offer) -> Offer:
    draft.update_contacts(lambda contact: contact.with_shown(offer.id))
    return draft.transition(offer, "show") if offer.state is OfferState.PUSHED else offer


def _dismissed(draft: DecisionBuilder, signal: signals.OfferDismissed) -> None:
    offer = draft.standing.get(signal.offer)
    if offer is None or not offer.advertised:
        return
    rest = draft.context.rulebook.policy.rest
    offer = _show(draft, offer)
    contact = draft.contact.with_cooldown("rule", offer.rule, draft.now + rest.dismissed_rule)
    draft.contact = contact.with_cooldown(
        "product", offer.product, draft.now + rest.dismissed_product
    )
    moved = draft.transition(offer, "decline")
    draft.withdraw_from_tabs(moved)


def _accepted(draft: DecisionBuilder, signal: signals.OfferAccepted) -> None:
    offer = draft.standing.get(signal.offer)
    if offer is None:
        known = signal.offer in draft.session.ended
        draft.effects.append(RefuseAcceptance(signal.offer, "ended" if known else "not_yours"))
    elif offer.state is OfferState.ACCEPTED:
        draft.effects.append(ConfirmAcceptance(offer))
    elif signal.qty is not None and not 1 <= signal.qty <= offer.max_qty:
        draft.effects.append(RefuseAcceptance(offer.id, "quantity"))
    elif (
        not draft.context.commits_suspended
    ):  # else it stays as it is, and the shopper may ask again
        _promise(draft, offer, signal.qty or offer.max_qty)


def _promise(draft: DecisionBuilder, offer: Offer, qty: int) -> None:
    hold = offer.hold // offer.max_qty * qty
    until = draft.now + draft.context.rulebook.policy.accept_hold
    draft.reduce_hold(offer, hold)
    offer = _show(draft, offer)
    moved = draft.transition(offer, "accept", qty=qty, hold=hold, accept_until=until)
    draft.effects.append(ConfirmAcceptance(moved))


def _nothing(draft: DecisionBuilder, signal: signals.Signal) -> None:
    """Time and facts change no session; what follows from them is decided."""


def _bought(draft: DecisionBuilder, signal: signals.OrderReported) -> None:
    others = (one for one in draft.session.bought if one.order != signal.order)
    bought = (
        *others,
        *(BoughtProduct(product, signal.at, signal.order) for product in signal.products),
    )
    draft.update(bought=bought[-REMEMBERED_ITEMS:])


def _redeemed(draft: DecisionBuilder, signal: signals.OfferRedeemed) -> None:
    """The ledger has recorded it already; the session lets go of the offer."""
    offer = signal.offer
    draft.standing.pop(offer.id, None)
    ended = (*draft.session.ended, offer.id)[-REMEMBERED_ENDS:]
    draft.update(seq=max(draft.session.seq, offer.seq), ended=ended)
    if offer.remedy and offer.state is OfferState.REDEEMED:
        draft.contact = draft.contact.with_cooldown("remedy", offer.remedy, NEVER)


def _rolled_back(draft: DecisionBuilder, signal: signals.RedemptionRolledBack) -> None:
    """The ledger has given the right back; the session holds it again."""
    offer = signal.offer
    draft.standing[offer.id] = offer
    draft.update(seq=max(draft.session.seq, offer.seq))
    if offer.remedy:
        draft.contact = draft.contact.without_cooldown("remedy", offer.remedy)


def _revoked(draft: DecisionBuilder, signal: signals.OfferRevoked) -> None:
    offer = draft.standing.get(signal.offer)
    if offer:
        until = draft.now + draft.context.rulebook.policy.rest.withdrawn_product
        draft.contact = draft.contact.with_cooldown("product", offer.product, until)
        draft.transition(offer, "withdraw", signal.reason)
        draft.withdraw_from_tabs(draft.changed_offers[offer.id])


_FOLDS: Final[dict[type[Any], Callable[[DecisionBuilder, Any], None]]] = {
    signals.ConnectionOpened: _arrived,
    signals.ConnectionClosed: _left,
    signals.CustomerIdentified: _identified,
    signals.CustomerLoggedOut: _logged_out,
    signals.PageViewed: _browsed,
    signals.ItemViewed: _browsed,
    signals.CartChanged: _browsed,
    signals.ActivityReported: _browsed,
    signals.ConsentChanged: _consented,
    signals.OfferSeen: _seen,
    signals.OfferDismissed: _dismissed,
    signals.OfferAccepted: _accepted,
    signals.TimerFired: _nothing,
    signals.FactsChanged: _nothing,
    signals.OrderReported: _bought,
    signals.OfferRedeemed: _redeemed,
    signals.RedemptionRolledBack: _rolled_back,
    signals.OfferRevoked: _revoked,
}
