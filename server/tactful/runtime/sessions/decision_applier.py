"""Applies a decision to memory, and rolls it back when it cannot be recorded."""

from typing import Final

import structlog
from msgspec import structs

from tactful.core.context import Context
from tactful.core.decision import Decision
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.session.session import Session
from tactful.core.session.signals import ItemViewed
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal, ContactWrite
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.turn_log.log_encoding import encode

log = structlog.get_logger("tactful.turn")

BALANCE_READS: Final = 3
"""The most reads of the balances after one refusal."""


class DecisionApplier:
    """Keeps sessions and their index, contact histories, balances and stock commitments up to date."""

    def __init__(self, state: ShopState) -> None:
        self._state = state

    def apply(self, live: LiveSession, decision: Decision) -> None:
        """Update memory with a decision."""
        before = live.state
        live.state = decision.session
        if decision.contact is not None and decision.session.customer:
            self._state.fact_cache.set_contact(decision.session.customer, decision.contact)
        if decision.moves:
            self._state.balances.apply(decision.moves)
        for offer in decision.offers:
            self._state.stock_commitments.update(offer)
            self._state.codes.update(offer)
            self._state.promises.update(offer)
        self._state.reductions.count_decided(decision.offers)
        self._index(live, before)

    def contact_writes(self, context: Context, decision: Decision) -> dict[str, ContactWrite]:
        """Return customer → the contact history that a decision writes.

        A customer whom the session no longer belongs to is among them, and up to date in memory on
        return.
        """
        cache, session = self._state.fact_cache, decision.session
        writes = cache.detach_customer(context.session, session)
        if decision.contact is not None and session.customer is not None:
            revision = cache.contact_revision(session.customer)
            writes[session.customer] = ContactWrite(revision, encode(decision.contact))
        return writes

    def rollback(
        self, live: LiveSession, context: Context, decision: Decision, commit: Commit
    ) -> None:
        """Restore what was before a decision that could not be recorded.

        Other sessions may have changed the customer's contact history meanwhile, so only the
        reservations of this decision are removed from it.
        """
        decided = live.state
        live.state = context.session
        self._state.balances.reverse(decision.moves)
        self._reverse_counts(context, decision)
        kept = (*context.session.offers, *context.session.parked)
        before = {offer.id: offer for offer in kept}
        for offer in decision.offers:
            known = before.get(offer.id) or _as_withdrawn(offer)
            self._state.stock_commitments.update(known)
            self._state.codes.update(known)
            self._state.promises.update(known)
        customer = decision.session.customer
        if customer and decision.contact is not None and context.profile:
            profile = self._state.fact_cache.customer(customer)
            if profile is not None:
                contact = profile.contact
                for offer in decision.offers:
                    contact = contact.without_reservation(offer.id)
                self._state.fact_cache.replace_contact(customer, contact)
        for customer in commit.contacts:
            self._state.fact_cache.uncount_contact_write(customer)
        self._index(live, decided)

    def _reverse_counts(self, context: Context, decision: Decision) -> None:
        """Reverse what the turn counted, because it is decided again, or failed."""
        reductions, signal = self._state.reductions, context.signal
        reductions.count_decided(decision.offers, times=-1)
        if isinstance(signal, ItemViewed) and signal.sku in context.items:
            item = context.items[signal.sku]
            reductions.record_view(context.session, item, context.now, times=-1)

    def _index(self, live: LiveSession, before: Session) -> None:
        """Index a session under its offers, shown or held out, and its customer, where these changed."""
        state = live.state
        changed = (
            state.offers is not before.offers
            or state.parked is not before.parked
            or state.unseen is not before.unseen
        )
        if changed or state.customer != before.customer:
            self._state.registry.index_interests(live, before)

    async def correct_balances(self, refusal: CommitRefusal) -> None:
        """Replace the balances by the ledger's, which refused a commit that memory allowed.

        Reservations of other sessions whose commits are under way are kept. A read that a redemption
        disturbs is repeated; if all are disturbed, the turn that is decided anew begins the next.

        Raises:
            LedgerError: The balances cannot be read.
        """
        log.warning("balance.corrected", campaign=refusal.campaign, currency=refusal.currency)
        balances = self._state.balances
        for _ in range(BALANCE_READS):
            reading, rows = balances.begin_reading(), None
            try:
                rows = await self._state.ledger.balances()
            finally:
                corrected = balances.finish_reading(reading, rows)
            if corrected:
                return


def _as_withdrawn(offer: Offer) -> Offer:
    return structs.replace(offer, state=OfferState.WITHDRAWN, code=None)
