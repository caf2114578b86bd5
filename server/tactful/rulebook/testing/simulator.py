"""Simulates one session against a rulebook in memory, with the decision of the server.

The simulator keeps what the runtime and the ledger keep for a session: facts, contact histories,
reserved budgets. Time moves only when it is advanced, and nothing is stored. It decides with
`core.decide`, so a scenario test cannot pass on a rule that the server would treat differently.
"""

from collections.abc import Iterator
from typing import Any, Final

from msgspec import structs

from tactful.core.context import Context
from tactful.core.customer.profile import Profile, profile
from tactful.core.decide import build_scene, decide
from tactful.core.decision import Decision, PushOffer
from tactful.core.decision_builder import DecisionBuilder
from tactful.core.explain import explain
from tactful.core.facts.fact_types import AnyFact, FeedName
from tactful.core.facts.item import Item
from tactful.core.offers.budget import COUNT, Balance
from tactful.core.offers.discount_codes import FreeCode
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
"""The feeds whose age a policy may limit."""
_SHOPPER: Final = "somebody"
AFTER_LOGOUT: Final = "somebody-else"
"""The ids of the anonymous shopper before and after a logout."""
_SEEDS_TRIED: Final = 10_000


class Simulator:
    """One session of one shopper.

    Usage: add the facts that exist at the start (`add_facts`), send a `ConnectionOpened` signal,
    then alternate `send`, `report_facts` and `advance`. Read `advertised`, `withdrawn` and
    `explain` in between.
    """

    def __init__(self, rulebook: Rulebook, now: int, customers: tuple[str, ...] = ()) -> None:
        self.rulebook = rulebook
        self.now = now
        self.facts = FactSet()
        self.session = Session(id="test", shopper=_SHOPPER, created_at=now)
        self.seed = _seed_without_holdout(rulebook, (_SHOPPER, AFTER_LOGOUT, *customers))
        self.contacts: dict[str, ContactHistory] = {}
        self.spent: dict[tuple[str, str], int] = {}
        self.free_codes: dict[str, int] = {}
        """Pool → its free discount codes; a pool that is not listed has enough."""
        self.silent: dict[FeedName, int] = {}
        self.rates = NO_CONVERSION_RATES
        self.withdrawn: str | None = None
        """The reason of the last withdrawal; None: no offer was withdrawn."""
        self.pushed: set[str] = set()
        """The ids of the rules that pushed an offer."""
        self._reserved: dict[tuple[str, str, str], int] = {}
        self._coded: dict[str, bool] = {}
        """Offer → whether it has a discount code."""
        self._items: dict[str, Item] | None = None

    def report_facts(self, *facts: AnyFact) -> None:
        """Add facts at the current instant, and decide again because of them."""
        self.add_facts(*facts)
        self.send(signals.FactsChanged())

    def add_facts(self, *facts: AnyFact, at: int | None = None) -> None:
        """Add facts without a decision.

        Args:
            facts: the facts.
            at: when they were reported, in milliseconds since the Unix epoch; None: now.
        """
        for fact in facts:
            self.facts.add(fact, self.now if at is None else at)
        self._items = None

    def send(self, signal: signals.Signal) -> Decision:
        """Decide on one signal and return the decision.

        An offer that it pushes is reported as seen in a turn of its own.
        """
        decision = decide(self.context_for(signal))
        self._apply(decision)
        for effect in decision.effects:
            if isinstance(effect, PushOffer):
                self.pushed.add(effect.offer.rule)
                self._apply(decide(self.context_for(signals.OfferSeen(effect.offer.id))))
        return decision

    def advance(self, duration: int) -> Iterator[int]:
        """Move the clock forward and fire the timers on the way.

        Args:
            duration: milliseconds.

        Yields:
            Each instant at which a timer fired. The clock stops there until the next value is
            asked for.
        """
        until = self.now + duration
        while (wake := self.session.wake_at) is not None and self.now < wake <= until:
            self.now = wake
            self.send(signals.TimerFired())
            yield self.now
        self.now = until

    def context_for(self, signal: signals.Signal) -> Context:
        """Return everything that a decision on a signal may read."""
        return Context(
            now=self.now,
            session=self.session,
            signal=signal,
            rulebook=self.rulebook,
            items=self.items,
            profile=self._profile(signal),
            balances=self._balances(),
            codes=self._codes(),
            committed=self._committed(),
            feed_heartbeats={feed: self.silent.get(feed, self.now) for feed in FEEDS},
            rates=self.rates,
            seed=self.seed,
        )

    @property
    def items(self) -> dict[str, Item]:
        """SKU → item, from the facts so far."""
        if self._items is None:
            self._items = self.facts.items()
        return self._items

    @property
    def advertised(self) -> tuple[Offer, ...]:
        """The offers that the shopper is shown."""
        return tuple(offer for offer in self.session.offers if offer.advertised)

    def explain(self, sku: str) -> tuple[Verdict, ...]:
        """Return the verdict of every rule on one item, now."""
        return explain(self.context_for(signals.TimerFired()), sku)

    def scene_of(self, sku: str) -> Any:
        """Return one item as conditions read it, now."""
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
        for offer in decision.offers:
            if offer.pool in self.free_codes:
                # An offer that ends before it was accepted has given its code back.
                taken = self._coded.pop(offer.id, False)
                has_code = offer.code is not None
                self.free_codes[offer.pool] += taken - has_code
                self._coded[offer.id] = has_code
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

    def _codes(self) -> dict[str, FreeCode]:
        pools = {rule.codes for rule in self.rulebook.rules.values() if rule.codes}
        left = {pool: self.free_codes.get(pool, 1) for pool in pools}
        return {pool: FreeCode(f"{pool}-{free}") for pool, free in left.items() if free > 0}

    def _committed(self) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for offer in self.session.offers:
            key = (offer.sku, offer.territory)
            found[key] = found.get(key, 0) + offer.max_qty
        return found


def restrict(rulebook: Rulebook, rules: tuple[str, ...]) -> Rulebook:
    """Return a rulebook with only the rules of these ids."""
    kept = {id_: rule for id_, rule in rulebook.rules.items() if id_ in rules}
    return structs.replace(rulebook, rules=kept, index=_FilteredIndex(rulebook, frozenset(kept)))


class _FilteredIndex:
    """An index that returns only some rules of another one."""

    def __init__(self, rulebook: Rulebook, kept: frozenset[str]) -> None:
        self._index = rulebook.index
        self._kept = kept

    def for_item(self, scene: Any) -> Iterator[Any]:
        """Return the rules that could apply in a scene."""
        return (rule for rule in self._index.for_item(scene) if rule.id in self._kept)


def _seed_without_holdout(rulebook: Rulebook, shoppers: tuple[str, ...]) -> str:
    """Return a seed with which none of the shoppers is held out.

    Of an experiment they get the first rule, in order of the ids. To test another one, a scenario file
    names it alone under `rules`.

    A scenario tests the conditions of rules. Without this, its result would depend on a hash.
    """
    rules = [rule for rule in rulebook.rules.values() if rule.share_bp < 10_000]
    # A shopper is for one rule of an experiment only.
    rules += {
        rule.experiment.id: rule
        for _, rule in sorted(rulebook.rules.items(), reverse=True)
        if rule.experiment is not None
    }.values()
    rules = rules or list(rulebook.rules.values())[:1]
    for number in range(_SEEDS_TRIED):
        seed = f"test-{number}"
        if not any(
            holdout_reason(seed, shopper, rule, rulebook.policy)
            for shopper in shoppers
            for rule in rules
        ):
            return seed
    return "test-0"


def _customer_after(session: Session, signal: signals.Signal) -> str | None:
    """Return the customer whose history a turn may read, as of this signal.

    None without a verified customer, without consent, or with Global Privacy Control.
    """
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
