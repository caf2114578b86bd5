"""The decision while it is being written: the one place that moves offers and keeps the accounts."""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct, structs

from tactful.core.context import Context
from tactful.core.customer.profile import Profile
from tactful.core.offers.budget import COUNT, BudgetMove
from tactful.core.offers.offer import Offer, OfferEvent, OfferState, OfferStep, next_state
from tactful.core.session.contact_history import Approach, ContactHistory
from tactful.core.session.session import REMEMBERED_ENDS, Session
from tactful.core.verdicts.reasons import TAINT_REASONS, TRANSIENT_REASONS, Reason
from tactful.core.verdicts.verdict import DecisionTrace

RefusalCode = Literal["ended", "not_yours", "quantity"]


class PushOffer(Struct, frozen=True, gc=False):
    """Show an offer; `replaces` is the id of one that it takes the place of."""

    offer: Offer
    replaces: str | None = None


class WithdrawOffer(Struct, frozen=True, gc=False):
    """Take an offer off the screen. The reason stays in the audit."""

    offer: str
    seq: int


class ConfirmAcceptance(Struct, frozen=True, gc=False):
    """Tell the shopper that an accepted offer is theirs; `offer` is sealed into a token."""

    offer: Offer


class RefuseAcceptance(Struct, frozen=True, gc=False):
    """Tell the shopper that an offer cannot be accepted."""

    offer: str
    code: RefusalCode


Effect = PushOffer | WithdrawOffer | ConfirmAcceptance | RefuseAcceptance


class Decision(Struct, frozen=True, gc=False, kw_only=True):
    """What one turn comes to. `contact` is the known customer's, where it changed."""

    session: Session
    contact: ContactHistory | None = None
    offers: tuple[Offer, ...] = ()
    """Offers as they now are, each that moved."""
    steps: tuple[OfferStep, ...] = ()
    moves: tuple[BudgetMove, ...] = ()
    effects: tuple[Effect, ...] = ()
    trace: DecisionTrace = DecisionTrace()
    evaluated: bool = False
    """Whether rules or standing offers were looked at, or the signal was only taken in."""


class DecisionBuilder:
    """Mutable while one call of `decide` runs, and never seen outside it."""

    __slots__ = (
        "_contact",
        "changed_offers",
        "context",
        "effects",
        "moves",
        "now",
        "profile",
        "session",
        "standing",
        "steps",
    )

    def __init__(self, context: Context) -> None:
        self.context = context
        self.now = context.now
        self.session = context.session
        self.profile: Profile | None = context.profile
        self.standing: dict[str, Offer] = {offer.id: offer for offer in context.session.offers}
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
        if contact is self.contact:
            return
        if self.profile:
            self._contact = contact
        else:
            self.session = structs.replace(self.session, contact=contact)

    def update_contacts(self, change: Callable[[ContactHistory], ContactHistory]) -> None:
        """Change what is remembered of an approach, wherever a login left a copy of it."""
        self.contact = change(self.contact)
        own = change(self.session.contact)
        if own is not self.session.contact:
            self.update(contact=own)

    def _counts(self, mark: Approach) -> bool:
        """Whether a cap of the policy or of its rule still counts an approach."""
        book = self.context.rulebook
        rule = book.rules.get(mark.rule)
        own = rule.per_shopper.per if rule and rule.per_shopper else 0
        lasts = max(own, book.policy.caps.per_shopper.per)
        return mark.session == self.session.id or mark.at > self.now - lasts

    def update(self, **changes: object) -> None:
        """Change fields of the session."""
        self.session = structs.replace(self.session, **changes)

    def next_seq(self) -> int:
        """The next number of the session's one sequence."""
        self.session = structs.replace(self.session, seq=self.session.seq + 1)
        return self.session.seq

    def push(self, offer: Offer, replaces: str | None = None) -> None:
        """Push a new offer: reserve its budget and its contact, and show it."""
        offer = structs.replace(offer, seq=self.next_seq())
        self._keep(offer, None)
        self._account(offer, reserve=offer.hold, count=1)
        contact = self.contact.pruned(self.now, self._counts)
        self.contact = contact.with_approach(offer.id, offer.rule, offer.session, self.now)
        self.effects.append(PushOffer(offer, replaces))

    def record_held_out(self, offer: Offer, reason: Reason) -> None:
        """Record an offer that is deliberately not shown."""
        offer = structs.replace(offer, seq=self.next_seq())
        self.changed_offers[offer.id] = offer
        self.steps.append(OfferStep(offer.id, self.now, offer.seq, offer.state, reason))

    def transition(
        self, offer: Offer, event: OfferEvent, reason: Reason | str | None = None, **changes: object
    ) -> Offer:
        """Take an offer to its next state, with whatever that frees."""
        state = next_state(offer.state, event)
        offer = structs.replace(offer, state=state, seq=self.next_seq(), **changes)
        if event == "withdraw":
            offer = structs.replace(offer, withdrawn=str(reason))
        self._keep(offer, reason)
        if not offer.standing and state is not OfferState.REDEEMED:
            self._account(offer, reserve=-offer.hold, count=-1)
            self.update_contacts(lambda contact: contact.without_reservation(offer.id))
        return offer

    def withdraw(self, offer: Offer, reason: Reason) -> None:
        """End a standing offer; after a let-down the shopper is left in peace, else the product rests."""
        moved = self.transition(offer, "withdraw", reason)
        self.effects.append(WithdrawOffer(offer.id, moved.seq))
        rest = self.context.rulebook.policy.rest
        if reason in TAINT_REASONS:
            self.contact = self.contact.with_quiet_until(self.now + rest.quiet)
        elif reason in TRANSIENT_REASONS:
            until = self.now + rest.withdrawn_product
            self.contact = self.contact.with_cooldown("product", offer.product, until)

    def withdraw_from_tabs(self, offer: Offer) -> None:
        """Take an offer that ended in one tab off the screens of the others."""
        self.effects.append(WithdrawOffer(offer.id, offer.seq))

    def reduce_hold(self, offer: Offer, hold: int) -> None:
        """Give back a part of what is reserved."""
        if hold != offer.hold:
            self._account(offer, reserve=hold - offer.hold, count=0)

    def _keep(self, offer: Offer, reason: Reason | str | None) -> None:
        self.changed_offers[offer.id] = offer
        if offer.standing:
            self.standing[offer.id] = offer
        else:
            self.standing.pop(offer.id, None)
            self.update(ended=(*self.session.ended, offer.id)[-REMEMBERED_ENDS:])
        self.steps.append(
            OfferStep(offer.id, self.now, offer.seq, offer.state, str(reason) if reason else None)
        )

    def _account(self, offer: Offer, *, reserve: int, count: int) -> None:
        """Every campaign's offers are summed, limited or not: a limit may come or go while they stand."""
        if offer.campaign is None:
            return
        for currency, amount in ((offer.currency, reserve), (COUNT, count)):
            balance = self.context.balances.get((offer.campaign, currency))
            limit = balance.limit if balance else None
            if amount:
                self.moves.append(
                    BudgetMove(
                        offer.campaign,
                        offer.period,
                        currency,
                        limit,
                        reserve=amount,
                        offer=offer.id,
                    )
                )

    def build(
        self, trace: DecisionTrace, wake_at: int | None, *, evaluated: bool = False
    ) -> Decision:
        """What it came to."""
        offers = tuple(self.standing.values())
        session = self.session
        if offers != session.offers or wake_at != session.wake_at:
            session = structs.replace(session, offers=offers, wake_at=wake_at)
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
