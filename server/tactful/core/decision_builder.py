"""The builder of a decision, which keeps offers, budget and contacts consistent.

Every change of an offer goes through `DecisionBuilder`: it takes the next sequence number, writes
the audit step, moves the budget and updates the contact history. No other code does any of these.
"""

from collections.abc import Callable, Iterable

from msgspec import structs

from tactful.core.context import Context
from tactful.core.customer.profile import Profile
from tactful.core.decision import (
    Decision,
    Effect,
    ExtendOffer,
    PushOffer,
    RefusalCode,
    RefuseRequest,
    WithdrawOffer,
)
from tactful.core.offers.budget import COUNT, BudgetMove
from tactful.core.offers.offer import Offer, OfferEvent, OfferState, OfferStep, next_state
from tactful.core.session.contact_history import Approach, ContactHistory
from tactful.core.session.session import REMEMBERED_ENDS
from tactful.core.verdicts.reasons import TAINT_REASONS, TRANSIENT_REASONS, Reason
from tactful.core.verdicts.verdict import DecisionTrace


class DecisionBuilder:
    """The mutable decision of one call of `decide`.

    Attributes:
        context: The inputs.
        now: The instant of the signal, milliseconds since the Unix epoch, UTC.
        session: The session so far.
        profile: The verified customer, if history may be used.
        standing: Offer id → standing offer of the present shopper, in order of issue.
        parked: Offer id → accepted offer of a customer who left the session.
        unseen: Offer id → held-out offer that would be on the screen, in order of issue.
        changed_offers: Offer id → offer as it is now, for each offer that changed.
        steps: The audit rows so far.
        moves: The budget moves so far.
        effects: The effects so far.
    """

    __slots__ = (
        "_contact",
        "changed_offers",
        "context",
        "effects",
        "moves",
        "now",
        "parked",
        "profile",
        "session",
        "standing",
        "steps",
        "unseen",
    )

    def __init__(self, context: Context) -> None:
        self.context = context
        self.now = context.now
        self.session = context.session
        self.profile: Profile | None = context.profile
        session = context.session
        # Nearly every session has none of one kind or another, and a comprehension costs 0.1 µs.
        self.standing: dict[str, Offer] = _by_id(session.offers) if session.offers else {}
        self.parked: dict[str, Offer] = _by_id(session.parked) if session.parked else {}
        self.unseen: dict[str, Offer] = _by_id(session.unseen) if session.unseen else {}
        self._contact: ContactHistory | None = None
        self.changed_offers: dict[str, Offer] = {}
        self.steps: list[OfferStep] = []
        self.moves: list[BudgetMove] = []
        self.effects: list[Effect] = []

    @property
    def contact(self) -> ContactHistory:
        """The contact history that counts: the known customer's, else the session's own."""
        if self._contact is not None:
            return self._contact
        return self.profile.contact if self.profile else self.session.contact

    @contact.setter
    def contact(self, contact: ContactHistory) -> None:
        # An unchanged history is the same object. It is not written, and needs no comparison.
        if contact is self.contact:
            return
        if self.profile:
            self._contact = contact
        else:
            self.session = structs.replace(self.session, contact=contact)

    @property
    def on_screen(self) -> tuple[Offer, ...]:
        """The standing offers, with the held-out ones that would be on the screen beside them."""
        return (*self.standing.values(), *self.unseen.values())

    def update_contacts(self, change: Callable[[ContactHistory], ContactHistory]) -> None:
        """Apply a change to both contact histories, the one that counts and the session's own.

        A login copies the session's history into the customer's. Without the second update an
        approach that was released for the customer would still be reserved after the logout.

        Args:
            change: Old history → new history; it returns the same object where nothing changes.
        """
        self.contact = change(self.contact)
        own = change(self.session.contact)
        if own is not self.session.contact:
            self.update(contact=own)

    def _counts(self, approach: Approach) -> bool:
        """Return whether a cap of the policy or of the approach's rule still counts an approach."""
        rulebook = self.context.rulebook
        rule = rulebook.rules.get(approach.rule)
        own = rule.per_shopper.per if rule and rule.per_shopper else 0
        window = max(own, rulebook.policy.caps.per_shopper.per)
        return approach.session == self.session.id or approach.at > self.now - window

    def update(self, **changes: object) -> None:
        """Change fields of the session."""
        self.session = structs.replace(self.session, **changes)

    def next_seq(self) -> int:
        """Take the next number of the session's sequence."""
        self.session = structs.replace(self.session, seq=self.session.seq + 1)
        return self.session.seq

    def push(self, offer: Offer, replaces: str | None = None) -> None:
        """Push a new offer: reserve its budget and its contact, and show it.

        Args:
            offer: The offer as `build_offer` made it.
            replaces: The id of the offer that was superseded for it.
        """
        # `build_offer` was given this number, because no other step came in between.
        seq = self.next_seq()
        if offer.seq != seq:
            offer = structs.replace(offer, seq=seq)
        self._record(offer, None)
        self._move_budget(offer, reserve=offer.hold, count=1)
        self._approach(offer)
        self.effects.append(PushOffer(offer, replaces))

    def _approach(self, offer: Offer, *, shown: bool = False) -> None:
        # The history is pruned only here, because only an approach makes it longer.
        contact = self.contact.pruned(self.now, self._counts)
        contact = contact.with_approach(offer.id, offer.rule, offer.session, self.now)
        self.contact = contact.with_shown(offer.id) if shown else contact

    def hold_out(self, offer: Offer, reason: Reason) -> None:
        """Record a held-out offer, and approach the shopper as if the offer had been shown.

        Otherwise held-out shoppers would be due more offers than the others, and the arms of an
        experiment would not be alike.

        Args:
            offer: The offer that would have been pushed, in the state `held_out`.
            reason: `holdout.global` or `holdout.rule`.
        """
        self.end_superseded(offer.sku)
        offer = self.record_unshown(offer, reason)
        self.unseen[offer.id] = offer
        self._approach(offer, shown=True)

    def end_superseded(self, sku: str) -> None:
        """End the held-out offers on an item, because another offer takes their place."""
        for one in tuple(self.unseen.values()):
            if one.sku == sku:
                del self.unseen[one.id]

    def end_held_out(self, offer: Offer, reason: Reason) -> None:
        """End a held-out offer where a shown one would be withdrawn, with the same consequences.

        Args:
            offer: The held-out offer.
            reason: The reason for the withdrawal.
        """
        del self.unseen[offer.id]
        self._rest_after_withdrawal(offer, reason)

    def record_unshown(self, offer: Offer, reason: Reason) -> Offer:
        """Record an offer that is deliberately not shown; it reserves nothing.

        Args:
            offer: The offer that would have been shown, in the state `held_out` or `shadow`.
            reason: `holdout.global`, `holdout.rule` or `shadow`.

        Returns:
            The offer with its number.
        """
        offer = structs.replace(offer, seq=self.next_seq())
        self.changed_offers[offer.id] = offer
        self.steps.append(OfferStep(offer.id, self.now, offer.seq, offer.state, reason))
        return offer

    def transition(
        self, offer: Offer, event: OfferEvent, reason: Reason | str | None = None, **changes: object
    ) -> Offer:
        """Move an offer to its next state and release what that frees.

        Args:
            offer: The offer as it is now.
            event: What happens to it; `TRANSITIONS` gives the next state.
            reason: Why, for the audit; a withdrawal keeps it in the offer as well.
            **changes: Further fields of the offer that change with it.

        Returns:
            The offer after the transition.

        Raises:
            LookupError: For a transition that the lifecycle does not have.
        """
        # This check comes first, because an event that the lifecycle does not have must change
        # nothing.
        state = next_state(offer.state, event)
        offer = structs.replace(offer, state=state, seq=self.next_seq(), **changes)
        if event == "withdraw":
            offer = structs.replace(offer, withdrawn=str(reason))
        if offer.code and not (offer.standing or offer.was_accepted):
            offer = structs.replace(offer, code=None)  # no shopper has seen it
        self._record(offer, reason)
        # A redemption settles its hold in the ledger, in the transaction that redeems it.
        if not offer.standing and state is not OfferState.REDEEMED:
            self._move_budget(offer, reserve=-offer.hold, count=-1)
            self.update_contacts(lambda contact: contact.without_reservation(offer.id))
        return offer

    def withdraw(self, offer: Offer, reason: Reason) -> None:
        """Withdraw a standing offer because a gate fails.

        After a taint the quiet period starts, so that the server does not answer a complaint with
        another offer. If the shop may undo the reason a moment later, the product gets a cooldown,
        so that its offer does not flicker.

        Args:
            offer: The standing offer.
            reason: The primary reason.
        """
        ended = self.transition(offer, "withdraw", reason)
        self.effects.append(WithdrawOffer(offer.id, ended.seq))
        self._rest_after_withdrawal(offer, reason)

    def _rest_after_withdrawal(self, offer: Offer, reason: Reason) -> None:
        cooldowns = self.context.rulebook.policy.rest
        if reason in TAINT_REASONS:
            self.contact = self.contact.with_quiet_until(self.now + cooldowns.quiet)
        elif reason in TRANSIENT_REASONS:
            until = self.now + cooldowns.withdrawn_product
            self.contact = self.contact.with_cooldown("product", offer.product, until)

    def show(self, offer: Offer) -> Offer:
        """Count the approach for good and return the offer as shown.

        An answer to an offer can arrive without `OfferSeen`: the shopper saw the offer all the same, so
        its approach must count.
        """
        self.update_contacts(lambda contact: contact.with_shown(offer.id))
        return self.transition(offer, "show") if offer.state is OfferState.PUSHED else offer

    def refuse_unknown(self, offer: str) -> None:
        """Refuse a request about an offer that does not stand.

        Args:
            offer: The id that the shopper's client sent.
        """
        code: RefusalCode = "ended" if offer in self.session.ended else "not_yours"
        self.effects.append(RefuseRequest(offer, code))

    def extend(self, offer: Offer) -> None:
        """Let an offer end later. That is no transition, so it has no audit step.

        Args:
            offer: The offer with its new end.
        """
        self.standing[offer.id] = self.changed_offers[offer.id] = offer
        self.effects.append(ExtendOffer(offer))

    def park(self, offer: Offer) -> None:
        """Keep an accepted offer for its customer, who is not the present shopper.

        The promise and its hold stay as they are. The offer is not shown, and counts in no gate,
        until the customer returns.
        """
        self.standing.pop(offer.id, None)
        parked = offer if offer.parked else structs.replace(offer, parked=True)
        self.parked[offer.id] = self.changed_offers[offer.id] = parked

    def restore(self, offer: Offer) -> None:
        """Let an accepted offer stand again whose redemption was rolled back.

        Args:
            offer: The offer, accepted by the present shopper.
        """
        back = structs.replace(offer, parked=False) if offer.parked else offer
        self.standing[offer.id] = back
        if back is not offer:
            self.changed_offers[offer.id] = back
        if self.session.customer:
            self.return_promises(self.session.customer)

    def return_promises(self, customer: str) -> None:
        """Give a customer who logs in the accepted offers of this session that are theirs.

        These are the offers parked for the customer, and those that were accepted before the login.
        """
        for offer in tuple(self.standing.values()):
            if offer.customer is None and not offer.advertised:
                owned = structs.replace(offer, customer=customer, session_bound=True)
                self.standing[offer.id] = self.changed_offers[offer.id] = owned
        for offer in tuple(self.parked.values()):
            if offer.customer == customer:
                del self.parked[offer.id]
                back = structs.replace(offer, parked=False)
                self.standing[offer.id] = self.changed_offers[offer.id] = back

    def withdraw_from_tabs(self, offer: Offer) -> None:
        """Remove an offer that has ended from the screens of all tabs."""
        self.effects.append(WithdrawOffer(offer.id, offer.seq))

    def reduce_hold(self, offer: Offer, hold: int) -> None:
        """Release the part of an offer's reservation that is not needed any more.

        Args:
            offer: The offer as it is now.
            hold: What stays reserved, in minor units of the offer's currency.
        """
        if hold != offer.hold:
            self._move_budget(offer, reserve=hold - offer.hold, count=0)

    def _record(self, offer: Offer, reason: Reason | str | None) -> None:
        """Store the current offer as standing or ended, and add its audit step."""
        self.changed_offers[offer.id] = offer
        if offer.standing:
            self.standing[offer.id] = offer
        else:
            self.standing.pop(offer.id, None)
            self.parked.pop(offer.id, None)
            self.update(ended=(*self.session.ended, offer.id)[-REMEMBERED_ENDS:])
        self.steps.append(
            OfferStep(offer.id, self.now, offer.seq, offer.state, str(reason) if reason else None)
        )

    def _move_budget(self, offer: Offer, *, reserve: int, count: int) -> None:
        """Add the budget moves of an offer: `reserve` in minor units, `count` in offers.

        Offers are summed even for a campaign without a limit, because a limit may be added or
        removed while they stand.
        """
        if offer.campaign is None:
            return
        for currency, amount in ((offer.currency, reserve), (COUNT, count)):
            # The move contains the limit, because the ledger checks it in the commit and knows no
            # rules.
            balance = self.context.balances.get((offer.campaign, currency))
            limit = balance.limit if balance else None
            if amount:
                key = offer.campaign, offer.period, currency
                self.moves.append(BudgetMove(*key, limit, reserve=amount, offer=offer.id))

    def build(
        self, trace: DecisionTrace, wake_at: int | None, *, evaluated: bool = False
    ) -> Decision:
        """Return the finished decision.

        Args:
            trace: The verdicts of the turn.
            wake_at: When the session needs a turn by itself, milliseconds since the Unix epoch,
                UTC; None: never.
            evaluated: Whether rules or standing offers were evaluated.

        Returns:
            The decision. Its session is the context's object where nothing changed, so that the
            ledger need not write it.
        """
        offers, parked = tuple(self.standing.values()), tuple(self.parked.values())
        session, unseen = self.session, tuple(self.unseen.values())
        # The session is copied once, at the end: a copy for each transition would cost more.
        if (wake_at, offers, parked, unseen) != (
            session.wake_at, session.offers, session.parked, session.unseen
        ):  # fmt: skip
            session = structs.replace(
                session, offers=offers, parked=parked, unseen=unseen, wake_at=wake_at
            )
        return Decision(
            session=session,
            contact=self._contact,
            offers=tuple(self.changed_offers.values()),
            steps=tuple(self.steps),
            moves=tuple(self.moves),
            effects=tuple(self.effects),
            trace=trace,
            evaluated=evaluated,
        )


def _by_id(offers: Iterable[Offer]) -> dict[str, Offer]:
    return {offer.id: offer for offer in offers}
