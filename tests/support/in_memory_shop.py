"""A shop at work without sockets, disks or threads: every decision is a call of `decide`.

What the runtime does around the core, in its plainest form: facts wake the sessions, timers fire in
order, balances and promises are added up.
"""

from collections.abc import Iterable
from typing import Any

from support.builders import T0, but, rulebook
from support.naive_assembly import Shop
from tactful.core.context import Context
from tactful.core.customer.profile import profile
from tactful.core.decide import decide
from tactful.core.decision import (
    ConfirmAcceptance,
    Decision,
    PushOffer,
    RefuseAcceptance,
    WithdrawOffer,
)
from tactful.core.explain import explain
from tactful.core.facts.fact_types import FEEDS, AnyFact, Feed
from tactful.core.offers.budget import COUNT, Balance
from tactful.core.offers.offer import Offer, OfferState, next_state
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Campaign, Rule
from tactful.core.session import items_in_play as attention
from tactful.core.session import signals
from tactful.core.session.contact_history import NO_CONTACT, ContactHistory
from tactful.core.session.session import Session
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Verdict

SECOND = 1000


class Play:
    """The shop, its clock and everybody in it."""

    def __init__(
        self,
        *rules: Rule,
        told: Iterable[AnyFact] = (),
        policy: Policy | None = None,
        campaigns: Iterable[Campaign] = (),
        seed: str = "dice",
    ) -> None:
        self.now = T0
        self.seed = seed
        self.shop = Shop((fact, T0 - 200 * 86_400 * SECOND) for fact in told)
        self.policy = policy or Policy()
        self.campaigns = tuple(campaigns)
        self.visitors: list[Visitor] = []
        self.contacts: dict[str, ContactHistory] = {}
        self.heard: dict[Any, int] = {}
        self.balances = {
            (one.id, key): Balance(limit)
            for one in self.campaigns
            for key, limit in [*one.money.items(), *([(COUNT, one.count)] if one.count else [])]
        }
        self.use(*rules)

    # the shop's side

    def use(self, *rules: Rule, version: str = "v1") -> None:
        """Another rulebook; everybody is looked at again."""
        self.book = rulebook(*rules, policy=self.policy, campaigns=self.campaigns, version=version)
        self._changed()

    def report(self, *told: AnyFact) -> None:
        """Facts come in; everybody is looked at again."""
        for fact in told:
            feed = fact.feed if isinstance(fact, Feed) else FEEDS.get(type(fact))
            if feed:
                self.heard[feed] = self.now
            if not isinstance(fact, Feed):
                self.shop.report(fact, self.now)
        self._changed()

    def _changed(self) -> None:
        for visitor in self.visitors:
            visitor.do(signals.FactsChanged())

    def advance(self, seconds: float) -> None:
        """Time passes; whatever was to be looked at on the way is, in its order."""
        end = self.now + round(seconds * SECOND)
        while True:
            due = [v for v in self.visitors if v.wakes_at is not None and v.wakes_at <= end]
            if not due:
                break
            visitor = min(due, key=lambda one: one.wakes_at or 0)
            self.now = max(self.now, visitor.wakes_at or 0)
            visitor.do(signals.TimerFired())
        self.now = end

    def visit(self, name: str = "s1", **hello: Any) -> "Visitor":
        """Somebody comes in."""
        visitor = Visitor(self, name)
        self.visitors.append(visitor)
        hello.setdefault("territory", "DE")
        hello.setdefault("consent", "anonymous")
        visitor.do(signals.ConnectionOpened(tab=1, **hello))
        return visitor

    def promised(self) -> list[Offer]:
        return [offer for visitor in self.visitors for offer in visitor.session.offers]

    def apply(self, decision: Decision) -> None:
        for move in decision.moves:
            balance = self.balances.get((move.campaign, move.currency), Balance(None))
            changed = but(balance, reserved=balance.reserved + move.reserve)
            assert changed.reserved >= 0
            assert changed.limit is None or changed.reserved + changed.settled <= changed.limit
            self.balances[move.campaign, move.currency] = changed

    def budget(self, currency: str = "EUR", campaign: str = "C") -> tuple[int, int]:
        """What is reserved and what is settled."""
        balance = self.balances[campaign, currency]
        return balance.reserved, balance.settled


class Visitor:
    """One shopper's session, and everything that was sent to them."""

    def __init__(self, play: Play, name: str) -> None:
        self.play = play
        self.session = Session(id=name, shopper=f"anon-{name}", created_at=play.now)
        self.pushed: list[Offer] = []
        self.withdrawn: list[tuple[str, str | None]] = []
        """(offer, audited reason)."""
        self.confirmed: list[Offer] = []
        self.refused: list[str] = []
        self.last: Decision

    @property
    def wakes_at(self) -> int | None:
        return self.session.wake_at

    @property
    def offers(self) -> list[Offer]:
        """What is on the screen."""
        return [offer for offer in self.session.offers if offer.advertised]

    def context(self, signal: signals.Signal) -> Context:
        play, session = self.play, self.session
        customer = session.customer
        if isinstance(signal, signals.CustomerIdentified):
            customer = signal.customer
        elif isinstance(signal, signals.CustomerLoggedOut):
            customer = None
        allowed = session.personal
        if isinstance(signal, signals.ConsentChanged | signals.ConnectionOpened):
            allowed = signal.consent == "personal" and not signal.gpc
        known = None
        if customer and allowed:
            contact = play.contacts.get(customer, NO_CONTACT)
            known = profile(play.shop.history(customer), play.policy, contact)
        promised = play.promised()
        return Context(
            now=play.now,
            session=session,
            signal=signal,
            rulebook=play.book,
            items={sku: play.shop.item(sku) for sku in attention.required_skus(session, signal)},
            profile=known,
            balances=play.balances,
            committed=_committed(promised),
            ahead={offer.id: _ahead(promised, offer) for offer in session.offers},
            feed_heartbeats=play.heard,
            seed=play.seed,
        )

    def do(self, signal: signals.Signal) -> Decision:
        """One turn."""
        decision = decide(self.context(signal))
        self.last = decision
        self.play.apply(decision)
        self.session = decision.session
        if decision.contact is not None and self.session.customer:
            self.play.contacts[self.session.customer] = decision.contact
        reasons = {step.offer: step.reason for step in decision.steps}
        for effect in decision.effects:
            match effect:
                case PushOffer():
                    self.pushed.append(effect.offer)
                case WithdrawOffer():
                    self.withdrawn.append((effect.offer, reasons[effect.offer]))
                case ConfirmAcceptance():
                    self.confirmed.append(effect.offer)
                case RefuseAcceptance():
                    self.refused.append(effect.code)
        return decision

    # what shoppers do

    def view(self, sku: str, seconds: float = 0) -> "Visitor":
        """Open an item's page, and stay on it."""
        self.do(signals.PageViewed("product"))
        self.do(signals.ItemViewed(sku))
        self.play.advance(seconds)
        return self

    def see(self) -> Offer:
        """The offer on the screen is seen."""
        (offer,) = self.offers
        self.do(signals.OfferSeen(offer.id))
        return offer

    def accept(self, qty: int | None = None) -> Offer:
        (offer,) = self.offers
        self.do(signals.OfferAccepted(offer.id, qty))
        return self.confirmed[-1]

    def redeem(self, offer: Offer) -> None:
        """What the ledger does at the checkout, told to the session."""
        key = (offer.campaign or "", offer.currency)
        if key in self.play.balances:
            balance = self.play.balances[key]
            self.play.balances[key] = but(
                balance,
                reserved=balance.reserved - offer.hold,
                settled=balance.settled + offer.hold,
            )
        used = but(offer, state=next_state(OfferState.ACCEPTED, "redeem"), seq=offer.seq + 1)
        self.do(signals.OfferRedeemed(used))

    def log_in(self, customer: str) -> "Visitor":
        self.do(signals.ConsentChanged("personal"))
        self.do(signals.CustomerIdentified(customer))
        return self

    def why(self, sku: str, rule: str = "R1") -> Verdict:
        """The verdict on a rule for an item as things are."""
        context = self.context(signals.FactsChanged())
        items = {**context.items, sku: self.play.shop.item(sku)}
        verdicts = explain(but(context, items=items), sku)
        return next(verdict for verdict in verdicts if verdict.rule == rule)

    def reasons(self, sku: str, rule: str = "R1") -> list[str]:
        """Every reason that stands in the way."""
        return [finding.reason.value for finding in self.why(sku, rule).findings]

    def said(self, sku: str, rule: str = "R1") -> str | None:
        """The primary reason that the last turn gave; where it was too early to look, that of a look."""
        for verdict in self.last.trace.verdicts:
            if (verdict.rule, verdict.sku) == (rule, sku):
                return verdict.reason.value if verdict.reason else None
        early = self.why(sku, rule).reason
        assert early == Reason.TIMING_WAIT, f"the last turn said nothing about {rule} for {sku}"
        return early.value


def _committed(promised: Iterable[Offer]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for offer in promised:
        key = (offer.sku, offer.territory)
        found[key] = found.get(key, 0) + offer.max_qty
    return found


def _ahead(promised: Iterable[Offer], mine: Offer) -> int:
    """Accepted ones first, then the older ones."""

    def place(offer: Offer) -> tuple[bool, int, str]:
        return (offer.state is not OfferState.ACCEPTED, offer.issued_at, offer.id)

    same = [o for o in promised if (o.sku, o.territory) == (mine.sku, mine.territory)]
    return sum(offer.max_qty for offer in same if place(offer) < place(mine))
