"""Reducer: how a signal changes the session, before anything is decided.

One function per signal, found in a table. A reducer may end or accept an offer, because that is
what the signal says; it never pushes one and never evaluates a rule.
"""

from collections.abc import Callable
from typing import Any, Final

from tactful.core.decision import ConfirmAcceptance, RefuseRequest
from tactful.core.decision_builder import DecisionBuilder
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.redemption.voucher_use import contact_after_use
from tactful.core.session import signals
from tactful.core.session.browsing import fold_browsing, tabs_except, with_engagement_timer
from tactful.core.session.contact_history import merge_histories
from tactful.core.session.session import REMEMBERED_ENDS, REMEMBERED_ITEMS, BoughtProduct, Tab
from tactful.core.verdicts.reasons import Reason


def apply_signal(builder: DecisionBuilder) -> None:
    """Apply the signal of the context to the session.

    Args:
        builder: The decision under construction.

    Raises:
        LookupError: For a transition that the offer lifecycle does not have.
    """
    signal = builder.context.signal
    _REDUCERS[type(signal)](builder, signal)


def expire_offers(builder: DecisionBuilder) -> None:
    """Expire the offers and the acceptances that have reached their end.

    The product gets a cooldown: an offer that expired is not made again at once. A voucher is owed, so
    it may be offered and accepted again until it is used or ends.
    """
    if not builder.standing and not builder.parked and not builder.unseen:
        return
    # A copy: every transition changes the mapping.
    if builder.parked:
        for parked in tuple(builder.parked.values()):
            # No cooldown: the shopper of the session is not the one who let the promise lapse.
            if (parked.accept_until or 0) <= builder.now:
                builder.transition(parked, "expire")
    for offer in tuple(builder.standing.values()):
        end = offer.lapses_at
        if end is None or end > builder.now:
            continue
        _rest_after_expiry(builder, offer, end)
        builder.transition(offer, "expire")
    if builder.unseen:
        for unseen in tuple(builder.unseen.values()):
            if unseen.ends_at <= builder.now:
                del builder.unseen[unseen.id]
                _rest_after_expiry(builder, unseen, unseen.ends_at)


def _rest_after_expiry(builder: DecisionBuilder, offer: Offer, end: int) -> None:
    if not offer.remedy:
        until = end + builder.context.rulebook.policy.rest.expired_product
        builder.contact = builder.contact.with_cooldown("product", offer.product, until)


def _open_connection(builder: DecisionBuilder, signal: signals.ConnectionOpened) -> None:
    session = builder.session
    changes: dict[str, Any] = {
        "tabs": (*tabs_except(session, signal.tab), Tab(signal.tab)),
        "consent": signal.consent,
        "gpc": signal.gpc,
        "last_input": builder.now,
    }
    # The shop's signed territory takes precedence over the one that a page declares.
    if signal.territory and not session.declared:
        changes["territory"] = signal.territory
    for field in ("locale", "currency", "channel"):
        if value := getattr(signal, field):
            changes[field] = value
    if signal.page:
        changes["page"] = signal.page
        changes["pages"] = session.pages + 1
    # The first landing page says where the visit came from; only a signed link may replace it.
    if signal.visit and (session.visit == signals.LandingVisit() or signal.visit.link):
        changes["visit"] = signal.visit
    builder.session = with_engagement_timer(session, builder.now, **changes)
    _merge_contacts(builder)


def _close_connection(builder: DecisionBuilder, signal: signals.ConnectionClosed) -> None:
    tabs = tabs_except(builder.session, signal.tab)
    builder.session = with_engagement_timer(builder.session, builder.now, tabs=tabs)


def _identify(builder: DecisionBuilder, signal: signals.CustomerIdentified) -> None:
    """Make the anonymous shopper the known customer. Two known customers never merge."""
    if builder.session.customer not in {None, signal.customer}:
        _forget_customer(builder)
    if signal.territory:
        builder.update(territory=signal.territory, declared=True)
    builder.update(customer=signal.customer, group=signal.group)
    builder.return_promises(signal.customer)
    _merge_contacts(builder)


def _merge_contacts(builder: DecisionBuilder) -> None:
    """Count the approaches of the anonymous shopper for the known customer as well.

    This happens only if the history may be used: without that consent nothing is written about a
    customer.
    """
    if builder.profile:
        builder.contact = merge_histories(builder.contact, builder.session.contact)


def _log_out(builder: DecisionBuilder, signal: signals.CustomerLoggedOut) -> None:
    _forget_customer(builder)
    builder.update(shopper=signal.shopper)


def _forget_customer(builder: DecisionBuilder) -> None:
    """Forget the identity: withdraw the visible offers that depended on it, park its promises.

    Purchases of the session are forgotten too. They are in the customer's history, and the next
    shopper of the browser does not own them.
    """
    for offer in tuple(builder.standing.values()):
        if offer.customer is not None and offer.advertised:
            builder.withdraw(offer, Reason.IDENTITY_UNVERIFIED)
        elif offer.customer is not None:
            builder.park(offer)
    for unseen in tuple(builder.unseen.values()):
        if unseen.customer is not None:
            builder.end_held_out(unseen, Reason.IDENTITY_UNVERIFIED)
    if builder.session.customer is not None:
        builder.update(customer=None, declared=False, bought=(), left_at=builder.now)


def _browse(builder: DecisionBuilder, signal: signals.Signal) -> None:
    builder.session = fold_browsing(builder.session, signal, builder.now)


def _change_consent(builder: DecisionBuilder, signal: signals.ConsentChanged) -> None:
    builder.update(consent=signal.consent, gpc=signal.gpc)
    _merge_contacts(builder)


def _see_offer(builder: DecisionBuilder, signal: signals.OfferSeen) -> None:
    offer = builder.standing.get(signal.offer)
    if offer and offer.state is OfferState.PUSHED:
        builder.show(offer)


def _dismiss_offer(builder: DecisionBuilder, signal: signals.OfferDismissed) -> None:
    offer = builder.standing.get(signal.offer)
    if offer is None or not offer.advertised:
        return
    cooldowns = builder.context.rulebook.policy.rest
    offer = builder.show(offer)
    contact = builder.contact.with_cooldown(
        "rule", offer.rule, builder.now + cooldowns.dismissed_rule
    )
    builder.contact = contact.with_cooldown(
        "product", offer.product, builder.now + cooldowns.dismissed_product
    )
    ended = builder.transition(offer, "decline")
    builder.withdraw_from_tabs(ended)


def _accept_offer(builder: DecisionBuilder, signal: signals.OfferAccepted) -> None:
    offer = builder.standing.get(signal.offer) or _promise_elsewhere(builder, signal.offer)
    if offer is None:
        builder.refuse_unknown(signal.offer)
    elif offer.state is OfferState.ACCEPTED:
        # A client that lost the answer accepts again and gets the same answer.
        builder.effects.append(ConfirmAcceptance(offer))
    elif offer.remedy and (builder.contact.voucher_frees_at(offer.remedy, offer.id) > builder.now):
        # Another session of the customer has accepted or used the voucher.
        builder.withdraw(offer, Reason.TARGET_CONDITIONS)
        builder.effects.append(RefuseRequest(offer.id, "ended"))
    elif signal.qty is not None and not 1 <= signal.qty <= offer.max_qty:
        builder.effects.append(RefuseRequest(offer.id, "quantity"))
    elif builder.context.commits_suspended:
        # Nothing can be recorded, so nothing is promised. The offer stays as it is, and the shopper
        # may ask again.
        builder.effects.append(RefuseRequest(offer.id, "later"))
    else:
        _promise(builder, offer, signal.qty or offer.max_qty)


def _promise_elsewhere(builder: DecisionBuilder, offer: str) -> Offer | None:
    """Return an offer that the customer accepted in another session."""
    return next((one for one in builder.context.promises if one.id == offer), None)


def _promise(builder: DecisionBuilder, offer: Offer, qty: int) -> None:
    """Accept `qty` units of an offer, with a hold for these and no more.

    The promise belongs to the identity that accepts it: the verified customer, else the session.
    """
    hold = offer.hold // offer.max_qty * qty
    until = builder.now + builder.context.rulebook.policy.accept_hold
    if offer.code_ends_at is not None:
        until = min(until, offer.code_ends_at)
    builder.reduce_hold(offer, hold)
    offer = builder.show(offer)
    if offer.remedy:
        # No other session of the customer may accept the same voucher meanwhile.
        builder.contact = builder.contact.with_accepted_voucher(offer.remedy, offer.id, until)
    accepted = builder.transition(
        offer,
        "accept",
        qty=qty,
        hold=hold,
        accept_until=until,
        customer=builder.session.customer or offer.customer,
    )
    builder.effects.append(ConfirmAcceptance(accepted))


def _change_nothing(builder: DecisionBuilder, signal: signals.Signal) -> None:
    """Leave the session as it is: later stages decide what follows."""


def _record_order(builder: DecisionBuilder, signal: signals.OrderReported) -> None:
    """Remember what was bought; a later report of the same order replaces the earlier one."""
    # A cancelled order is reported again without products, and is then not owned any more.
    others = (one for one in builder.session.bought if one.order != signal.order)
    bought = (
        *others,
        *(BoughtProduct(product, signal.at, signal.order) for product in signal.products),
    )
    builder.update(bought=bought[-REMEMBERED_ITEMS:])


def _end_redeemed(builder: DecisionBuilder, signal: signals.OfferRedeemed) -> None:
    """Remove an offer that a checkout holds, used or ended; the ledger has recorded that already.

    No transition and no budget move: both were made in the redemption's own transaction.
    """
    offer = signal.offer
    builder.standing.pop(offer.id, None)
    builder.parked.pop(offer.id, None)
    ended = (*builder.session.ended, offer.id)[-REMEMBERED_ENDS:]
    builder.update(seq=max(builder.session.seq, offer.seq), ended=ended)
    _mark_voucher(builder, offer)


def _restore_redeemed(builder: DecisionBuilder, signal: signals.RedemptionRolledBack) -> None:
    """Restore an offer whose redemption was rolled back; the ledger has recorded that already."""
    offer = signal.offer
    builder.update(seq=max(builder.session.seq, offer.seq))
    # The shopper who accepted it may have left the session since.
    left = offer.customer is None and offer.issued_at <= builder.session.left_at
    if left or offer.customer not in {None, builder.session.customer}:
        builder.park(offer)
    else:
        builder.restore(offer)
    _mark_voucher(builder, offer)


def _mark_voucher(builder: DecisionBuilder, offer: Offer) -> None:
    """Note whether the present customer's voucher was used; the ledger has recorded that already.

    The customer of the offer may have left the session since. Their history is not that of the
    session, and only the ledger notes it.
    """
    if builder.session.customer == offer.customer:
        builder.contact = contact_after_use(builder.contact, offer)


def _revoke_offer(builder: DecisionBuilder, signal: signals.OfferRevoked) -> None:
    """End an offer, accepted or not, because an operator says so.

    The product gets a cooldown: the wrong price that was revoked must not be offered again within
    the minute by another rule.
    """
    parked = builder.parked.get(signal.offer)
    if parked:
        builder.transition(parked, "withdraw", signal.reason)
    offer = builder.standing.get(signal.offer)
    if offer:
        until = builder.now + builder.context.rulebook.policy.rest.withdrawn_product
        builder.contact = builder.contact.with_cooldown("product", offer.product, until)
        builder.transition(offer, "withdraw", signal.reason)
        builder.withdraw_from_tabs(builder.changed_offers[offer.id])


_REDUCERS: Final[dict[type[Any], Callable[[DecisionBuilder, Any], None]]] = {
    signals.ConnectionOpened: _open_connection,
    signals.ConnectionClosed: _close_connection,
    signals.CustomerIdentified: _identify,
    signals.CustomerLoggedOut: _log_out,
    signals.PageViewed: _browse,
    signals.ItemViewed: _browse,
    signals.CartChanged: _browse,
    signals.ActivityReported: _browse,
    signals.ConsentChanged: _change_consent,
    signals.OfferSeen: _see_offer,
    signals.OfferDismissed: _dismiss_offer,
    signals.OfferAccepted: _accept_offer,
    signals.MoreTimeRequested: _change_nothing,
    signals.VoucherIssued: _change_nothing,
    signals.TimerFired: _change_nothing,
    signals.FactsChanged: _change_nothing,
    signals.OrderReported: _record_order,
    signals.OfferRedeemed: _end_redeemed,
    signals.RedemptionRolledBack: _restore_redeemed,
    signals.OfferRevoked: _revoke_offer,
}
"""Signal type → its reducer. A test checks that every type of `Signal` has one."""
