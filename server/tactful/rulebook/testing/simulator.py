"""What happens to one shopper when signals and facts arrive in order? The real decision, in memory."""

from collections.abc import Iterator
from typing import Any, Final

from msgspec import structs

from tactful.core.context import Context
from tactful.core.customer.profile import Profile, profile
from tactful.core.decide import build_scene, decide
from tactful.core.decision import Decision, DecisionBuilder, PushOffer
from tactful.core.explain import explain
from tactful.core.facts.fact_types import AnyFact, FeedName
from tactful.core.facts.item import Item
from tactful.core.offers.budget import COUNT, Balance
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.pricing.conversion_rates import NO_CONVERSION_RATES
from tactful.core.rules.rule import Rulebook
from tactful.core.session import signals
from tactful.core.session.contact_history import NO_CONTACT, ContactHistory
from tactful.core.session.session import Session
from tactful.core.stages.holdout import holdout_reason
from tactful.core.values.calendar import period_key
from tactful.core.verdicts.verdict import Verdict
from tactful.rulebook.testing.fact_set import FactSet

FEEDS: Final[tuple[FeedName, ...]] = ("stock", "prices", "orders", "cases")
_SHOPPER: Final = "somebody"
AFTER_LOGOUT: Final = "somebody-else"
"""The anonymous shopper, before and after a logout."""
_DRAWS: Final = 10_000


class Simulator:
    """One session before a rulebook, with a clock that goes when it is told to."""

    def __init__(self, rulebook: Rulebook, now: int, customers: tuple[str, ...] = ()) -> None:
        self.rulebook = rulebook
        self.now = now
        self.facts = FactSet()
        self.session = Session(id="test", shopper=_SHOPPER, created_at=now)
        self.seed = _fair_seed(rulebook, (_SHOPPER, AFTER_LOGOUT, *customers))
        self.contacts: dict[str, ContactHistory] = {}
        self.spent: dict[tuple[str, str], int] = {}
        self.silent: dict[FeedName, int] = {}
        self.rates = NO_CONVERSION_RATES
        self.withdrawn: str | None = None
        """Why the last offer was taken back."""
        self.pushed: set[str] = set()
        """The rules that pushed an offer."""
        self._reserved: dict[tuple[str, str, str], int] = {}
        self._items: dict[str, Item] | None = None

    def report_facts(self, *facts: AnyFact) -> None:
        """Facts arrive, and the session hears of them."""
        self.add_facts(*facts)
        self.send(signals.FactsChanged())

    def add_facts(self, *facts: AnyFact, at: int | None = None) -> None:
        """Facts that were there before."""
        for fact in facts:
            self.facts.add(fact, self.now if at is None else at)
        self._items = None

    def send(self, signal: signals.Signal) -> Decision:
        """One turn; what it pushes is seen at once."""
        decision = decide(self.context_for(signal))
        self._apply(decision)
        for effect in decision.effects:
            if isinstance(effect, PushOffer):
                self.pushed.add(effect.offer.rule)
                self._apply(decide(self.context_for(signals.OfferSeen(effect.offer.id))))
        return decision

    def advance(self, duration: int) -> Iterator[int]:
        """Time passes; every timer fires on its way. Yields each instant at which one did."""
        until = self.now + duration
        while (wake := self.session.wake_at) is not None and self.now < wake <= until:
            self.now = wake
            self.send(signals.TimerFired())
            yield self.now
        self.now = until

    def context_for(self, signal: signals.Signal) -> Context:
        """Everything that a decision on this signal may read."""
        return Context(
            now=self.now,
            session=self.session,
            signal=signal,
            rulebook=self.rulebook,
            items=self.items,
            profile=self._profile(signal),
            balances=self._balances(),
            committed=self._committed(),
            feed_heartbeats={feed: self.silent.get(feed, self.now) for feed in FEEDS},
            rates=self.rates,
            seed=self.seed,
        )

    @property
    def items(self) -> dict[str, Item]:
        """The catalogue as it is."""
        if self._items is None:
            self._items = self.facts.items()
        return self._items

    @property
    def advertised(self) -> tuple[Offer, ...]:
        """What is on the screen."""
        return tuple(offer for offer in self.session.offers if offer.advertised)

    def explain(self, sku: str) -> tuple[Verdict, ...]:
        """Every rule on one item, now."""
        return explain(self.context_for(signals.TimerFired()), sku)

    def scene_of(self, sku: str) -> Any:
        """One item as conditions see it, now."""
        return build_scene(DecisionBuilder(self.context_for(signals.TimerFired())), sku)

    def _profile(self, signal: signals.Signal) -> Profile | None:
        customer = _customer_after(self.session, signal)
        if customer is None:
            return None
        contact = self.contacts.get(customer, NO_CONTACT)
        return profile(self.facts.history(customer), self.rulebook.policy, contact)

    def _apply(self, decision: Decision) -> None:
        self.session = decision.session
        if decision.contact is not None and self.session.customer:
            self.contacts[self.session.customer] = decision.contact
        for move in decision.moves:
            key = (move.campaign, move.period, move.currency)
            self._reserved[key] = self._reserved.get(key, 0) + move.reserve
        for step in decision.steps:
            if step.to is OfferState.WITHDRAWN:
                self.withdrawn = step.reason

    def _balances(self) -> dict[tuple[str, str], Balance]:
        found: dict[tuple[str, str], Balance] = {}
        for campaign in self.rulebook.campaigns.values():
            period = period_key(campaign.per, self.now, campaign.timezone)
            limits = {**campaign.money, **({COUNT: campaign.count} if campaign.count else {})}
            for currency, limit in limits.items():
                reserved = self._reserved.get((campaign.id, period, currency), 0)
                settled = self.spent.get((campaign.id, currency), 0)
                found[campaign.id, currency] = Balance(limit, reserved, settled)
        return found

    def _committed(self) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for offer in self.session.offers:
            key = (offer.sku, offer.territory)
            found[key] = found.get(key, 0) + offer.max_qty
        return found


def restrict(rulebook: Rulebook, rules: tuple[str, ...]) -> Rulebook:
    """The same rulebook with only some of its rules."""
    kept = {id_: rule for id_, rule in rulebook.rules.items() if id_ in rules}
    return structs.replace(rulebook, rules=kept, index=_FilteredIndex(rulebook, frozenset(kept)))


class _FilteredIndex:
    """An index that leaves rules out."""

    def __init__(self, rulebook: Rulebook, kept: frozenset[str]) -> None:
        self._index = rulebook.index
        self._kept = kept

    def for_item(self, scene: Any) -> Iterator[Any]:
        """The rules that could apply and are kept."""
        return (rule for rule in self._index.for_item(scene) if rule.id in self._kept)


def _fair_seed(rulebook: Rulebook, people: tuple[str, ...]) -> str:
    """Dice by which nobody here is held out: a test is about the rules, not about luck."""
    rules = [rule for rule in rulebook.rules.values() if rule.share_bp < 10_000]
    rules = rules or list(rulebook.rules.values())[:1]
    for number in range(_DRAWS):
        seed = f"test-{number}"
        if not any(
            holdout_reason(seed, who, rule, rulebook.policy) for who in people for rule in rules
        ):
            return seed
    return "test-0"


def _customer_after(session: Session, signal: signals.Signal) -> str | None:
    """Whose history a turn may read: the verified customer's, with consent, as of this signal."""
    customer, consent, gpc = session.customer, session.consent, session.gpc
    match signal:
        case signals.CustomerIdentified():
            customer = signal.customer
        case signals.CustomerLoggedOut():
            customer = None
        case signals.ConnectionOpened() | signals.ConsentChanged():
            consent, gpc = signal.consent, signal.gpc
        case _:
            pass
    return customer if consent == "personal" and not gpc else None
