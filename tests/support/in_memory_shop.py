"""A shop in memory, without sockets, disks or threads: every turn is a call of `decide`.

It does what the runtime does around the core, in the plainest form: facts start turns of all sessions, timers fire
in order, and balances and commitments are added up.
"""

from collections.abc import Iterable
from typing import Any

from support.builders import T0, but, rulebook
from support.naive_assembly import NaiveShop
from tactful.core.context import Context
from tactful.core.customer.profile import profile
from tactful.core.decide import decide
from tactful.core.decision import (
    ConfirmAcceptance,
    Decision,
    ExtendOffer,
    PushOffer,
    RefuseRequest,
    WithdrawOffer,
)
from tactful.core.explain import explain
from tactful.core.facts.fact_types import FEEDS, AnyFact, Feed, Remedy
from tactful.core.facts.purchases import NO_PURCHASES
from tactful.core.offers.budget import COUNT, Balance
from tactful.core.offers.discount_codes import FreeCode
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


class InMemoryShop:
    """The shop, its clock and its sessions."""

    def __init__(
        self,
        *rules: Rule,
        told: Iterable[AnyFact] = (),
        policy: Policy | None = None,
        campaigns: Iterable[Campaign] = (),
        seed: str = "seed",
    ) -> None:
        self.now = T0
        self.seed = seed
        self.shop = NaiveShop((fact, T0 - 200 * 86_400 * SECOND) for fact in told)
        self.policy = policy or Policy()
        self.campaigns = tuple(campaigns)
        self.shoppers: list[Shopper] = []
        self.contacts: dict[str, ContactHistory] = {}
        self.heartbeats: dict[Any, int] = {}
        self.codes: dict[str, FreeCode] = {}
        """Pool → the discount code that the next offer takes."""
        self.balances = {
            (one.id, key): Balance(limit)
            for one in self.campaigns
            for key, limit in [*one.money.items(), *([(COUNT, one.count)] if one.count else [])]
        }
        self.use_rules(*rules)

    def use_rules(self, *rules: Rule, version: str = "v1") -> None:
        """Activate another rulebook; every session is decided again."""
        self.rulebook = rulebook(
            *rules, policy=self.policy, campaigns=self.campaigns, version=version
        )
        self._changed()

    def report(self, *told: AnyFact) -> None:
        """Report facts; every session is decided again."""
        for fact in told:
            feed = fact.feed if isinstance(fact, Feed) else FEEDS.get(type(fact))
            if feed:
                self.heartbeats[feed] = self.now
            if not isinstance(fact, Feed):
                self.shop.report(fact, self.now)
        self._changed()
        for fact in told:
            if isinstance(fact, Remedy):
                for visitor in self.shoppers:
                    if visitor.session.customer == fact.customer is not None:
                        visitor.send(signals.VoucherIssued(fact.remedy))

    def _changed(self) -> None:
        for visitor in self.shoppers:
            visitor.send(signals.FactsChanged())

    def advance(self, seconds: float) -> None:
        """Let time pass; every timer on the way fires, in order."""
        end = self.now + round(seconds * SECOND)
        while True:
            due = [v for v in self.shoppers if v.wakes_at is not None and v.wakes_at <= end]
            if not due:
                break
            visitor = min(due, key=lambda one: one.wakes_at or 0)
            self.now = max(self.now, visitor.wakes_at or 0)
            visitor.send(signals.TimerFired())
        self.now = end

    def open_session(self, name: str = "s1", **hello: Any) -> "Shopper":
        """Open a session in DE with anonymous consent, unless stated otherwise."""
        visitor = Shopper(self, name)
        self.shoppers.append(visitor)
        hello.setdefault("territory", "DE")
        hello.setdefault("consent", "anonymous")
        visitor.send(signals.ConnectionOpened(tab=1, **hello))
        return visitor

    def standing_offers(self) -> list[Offer]:
        return [offer for visitor in self.shoppers for offer in visitor.session.offers]

    def apply(self, decision: Decision) -> None:
        for move in decision.moves:
            balance = self.balances.get((move.campaign, move.currency), Balance(None))
            changed = but(balance, reserved=balance.reserved + move.reserve)
            assert changed.reserved >= 0
            assert changed.limit is None or changed.reserved + changed.settled <= changed.limit
            self.balances[move.campaign, move.currency] = changed

    def budget(self, currency: str = "EUR", campaign: str = "C") -> tuple[int, int]:
        """Return what is reserved and what is settled."""
        balance = self.balances[campaign, currency]
        return balance.reserved, balance.settled


class Shopper:
    """One session, and every effect of its turns."""

    def __init__(self, play: InMemoryShop, name: str) -> None:
        self.shop = play
        self.session = Session(id=name, shopper=f"anon-{name}", created_at=play.now)
        self.pushed: list[Offer] = []
        self.withdrawn: list[tuple[str, str | None]] = []
        """(offer, audited reason code)."""
        self.confirmed: list[Offer] = []
        self.extended: list[Offer] = []
        self.refused: list[str] = []
        self.last: Decision

    @property
    def wakes_at(self) -> int | None:
        return self.session.wake_at

    @property
    def offers(self) -> list[Offer]:
        """The offers that are, or may be, on the screen."""
        return [offer for offer in self.session.offers if offer.advertised]

    def context(self, signal: signals.Signal) -> Context:
        play, session = self.shop, self.session
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
        offers = play.standing_offers()
        return Context(
            now=play.now,
            session=session,
            signal=signal,
            rulebook=play.rulebook,
            items={
                sku: play.shop.item(sku)
                for sku in attention.required_skus(
                    session, signal, known.purchases if known else NO_PURCHASES
                )
            },
            profile=known,
            balances=play.balances,
            codes=play.codes,
            committed=_committed(offers),
            ahead={offer.id: _ahead(offers, offer) for offer in session.offers},
            feed_heartbeats=play.heartbeats,
            seed=play.seed,
        )

    def send(self, signal: signals.Signal) -> Decision:
        """Run one turn."""
        decision = decide(self.context(signal))
        self.last = decision
        self.shop.apply(decision)
        self.session = decision.session
        if decision.contact is not None and self.session.customer:
            self.shop.contacts[self.session.customer] = decision.contact
        reasons = {step.offer: step.reason for step in decision.steps}
        for effect in decision.effects:
            match effect:
                case PushOffer():
                    self.pushed.append(effect.offer)
                case WithdrawOffer():
                    self.withdrawn.append((effect.offer, reasons[effect.offer]))
                case ConfirmAcceptance():
                    self.confirmed.append(effect.offer)
                case ExtendOffer():
                    self.extended.append(effect.offer)
                case RefuseRequest():
                    self.refused.append(effect.code)
        return decision

    def view(self, sku: str, seconds: float = 0) -> "Shopper":
        """Open an item's page and stay on it."""
        self.send(signals.PageViewed("product"))
        self.send(signals.ItemViewed(sku))
        self.shop.advance(seconds)
        return self

    def see(self) -> Offer:
        """Report the one offer on the screen as seen."""
        (offer,) = self.offers
        self.send(signals.OfferSeen(offer.id))
        return offer

    def accept(self, qty: int | None = None) -> Offer:
        (offer,) = self.offers
        self.send(signals.OfferAccepted(offer.id, qty))
        return self.confirmed[-1]

    def redeem(self, offer: Offer) -> None:
        """Redeem an offer as the ledger does, and notify the session."""
        key = (offer.campaign or "", offer.currency)
        if key in self.shop.balances:
            balance = self.shop.balances[key]
            self.shop.balances[key] = but(
                balance,
                reserved=balance.reserved - offer.hold,
                settled=balance.settled + offer.hold,
            )
        used = but(offer, state=next_state(OfferState.ACCEPTED, "redeem"), seq=offer.seq + 1)
        self.send(signals.OfferRedeemed(used))

    def log_in(self, customer: str) -> "Shopper":
        self.send(signals.ConsentChanged("personal"))
        self.send(signals.CustomerIdentified(customer))
        return self

    def why(self, sku: str, rule: str = "R1") -> Verdict:
        """Return the verdict on a rule for an item now."""
        context = self.context(signals.FactsChanged())
        items = {**context.items, sku: self.shop.shop.item(sku)}
        verdicts = explain(but(context, items=items), sku)
        return next(verdict for verdict in verdicts if verdict.rule == rule)

    def reasons(self, sku: str, rule: str = "R1") -> list[str]:
        """Return every reason code that withholds a rule now."""
        return [finding.reason.value for finding in self.why(sku, rule).findings]

    def last_reason(self, sku: str, rule: str = "R1") -> str | None:
        """Return the primary reason of the last turn; `timing.wait` where that turn did not evaluate the rule."""
        for verdict in self.last.trace.verdicts:
            if (verdict.rule, verdict.sku) == (rule, sku):
                return verdict.reason.value if verdict.reason else None
        early = self.why(sku, rule).reason
        assert early == Reason.TIMING_WAIT, f"the last turn said nothing about {rule} for {sku}"
        return early.value


def _committed(offers: Iterable[Offer]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for offer in offers:
        key = (offer.sku, offer.territory)
        found[key] = found.get(key, 0) + offer.max_qty
    return found


def _ahead(offers: Iterable[Offer], mine: Offer) -> int:
    """Return how many units other offers have before this one: accepted first, then older ones."""

    def place(offer: Offer) -> tuple[bool, int, str]:
        return (offer.state is not OfferState.ACCEPTED, offer.issued_at, offer.id)

    same = [o for o in offers if (o.sku, o.territory) == (mine.sku, mine.territory)]
    return sum(offer.max_qty for offer in same if place(offer) < place(mine))
