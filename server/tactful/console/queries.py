"""Queries of the console: feeds, budgets, rules, customers and decisions for its pages."""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from tactful.core.customer.profile import Profile
from tactful.core.customer.taints import Taint
from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.fact_types import Case, Remedy, ReportedFact, ms
from tactful.core.facts.shopper_contacts import SUBJECT as CONTACT
from tactful.core.facts.shopper_contacts import contact_hash, contact_key_digest, email_form
from tactful.core.offers.budget import COUNT
from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.core.pricing.quote import price_basis
from tactful.core.redemption.redemption_rows import BudgetRow
from tactful.core.session.session import Session
from tactful.core.values.phone_numbers import e164
from tactful.rulebook.authoring.rule_break_even import (
    ItemBreakEven,
    break_even_of,
    describe_break_evens,
    describe_typical,
)
from tactful.runtime.alerts.kinds import KINDS
from tactful.runtime.ports.alert_store import AlertState
from tactful.runtime.ports.ledger_rows import AuditRow
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import internal_id
from tactful.runtime.turn_log.log_encoding import decode_session

MAX_DECISIONS: Final = 50
"""Offers that one page shows."""
_STEPS_OF_AN_OFFER: Final = 4
"""Steps that an offer has at most until it is redeemed; more only if an order gives it back."""


class AlertView(Struct, frozen=True):
    """Something that needs a person."""

    id: str
    kind: str
    subject: str
    meaning: str
    remedy: str
    evidence: dict[str, str | int]
    """What was measured."""
    raised_at: int
    """Milliseconds since the Unix epoch, UTC."""
    state: AlertState
    owner: str | None
    acknowledged_by: str | None
    snoozed_until: int | None
    """Milliseconds since the Unix epoch, UTC; `None` if the alert is not snoozed now."""


class FeedState(Struct, frozen=True):
    """The age of a feed."""

    name: str
    age: int | None
    """Milliseconds since its last fact or heartbeat; `None` if there was none."""
    limit: int | None
    """Milliseconds of `age` above which the feed is stale; `None` if the feed is not watched."""

    @property
    def stale(self) -> bool:
        """Whether the feed is stale, so that offers are withheld."""
        return self.limit is not None and (self.age is None or self.age > self.limit)


class BudgetView(Struct, frozen=True):
    """One balance of a campaign, in minor units, or as a number of offers."""

    campaign: str
    period: str
    currency: str | None
    """`None` if the balance is a number of offers."""
    limit: int | None
    """`None` if the balance has no limit."""
    reserved: int
    settled: int


class OfferHistory(Struct, frozen=True):
    """An offer, and its latest steps, the oldest first."""

    offer: Offer
    steps: tuple[OfferStep, ...]


class TaintView(Struct, frozen=True):
    """A taint with its scope: `variant`, `product`, `brand` or `the whole shop`, and which one."""

    scope: str
    key: str
    taint: Taint


class CustomerView(Struct, frozen=True, kw_only=True):
    """What is known about a customer, or about a session without a customer."""

    customer: str | None
    session: Session | None
    """The session, or the customer's latest one."""
    connected: bool
    """Whether the session has a connection now."""
    profile: Profile | None
    offers: tuple[Offer, ...]
    taints: tuple[TaintView, ...]
    remedies: tuple[ReportedFact[Remedy], ...]

    @property
    def name(self) -> str | None:
        """The customer's name, as the shop reports it."""
        about = self.profile.history.about if self.profile else None
        return about.fact.name if about else None

    @property
    def orders(self) -> tuple[str, ...]:
        """Ids of the customer's orders, the latest first."""
        kept = self.profile.history.orders if self.profile else ()
        latest = sorted(kept, key=lambda one: -ms(one.fact.placed_at))
        return tuple(one.fact.order for one in latest)

    @property
    def cases(self) -> tuple[str, ...]:
        """Ids of the customer's cases."""
        kept = self.profile.history.cases if self.profile else ()
        return tuple(one.fact.case for one in kept)

    @property
    def case_facts(self) -> tuple[Case, ...]:
        """The customer's cases, the latest first."""
        kept = self.profile.history.cases if self.profile else ()
        return tuple(sorted((one.fact for one in kept), key=lambda one: -ms(one.opened_at)))


async def alerts(shop: Shop) -> list[AlertView]:
    """Return what needs a person, the most urgent first."""
    await shop.alerts.check()
    now = shop.clock.now()
    shown = []
    for one in shop.alerts.unresolved():
        kind = KINDS.get(one.kind)  # None: a newer version raised it
        shown.append(
            AlertView(
                id=one.id,
                kind=one.kind,
                subject=one.subject,
                meaning=kind.meaning if kind else "",
                remedy=kind.remedy if kind else "",
                evidence=one.evidence,
                raised_at=one.raised_at,
                state=one.state(now),
                owner=one.owner,
                acknowledged_by=one.acknowledged.by if one.acknowledged else None,
                snoozed_until=one.snoozed.until
                if one.snoozed and one.snoozed.until > now
                else None,
            )
        )
    return shown


def feeds(shop: Shop) -> list[FeedState]:
    """Return the age of every feed."""
    ages = shop.state.feeds.ages(shop.clock.now())
    return [FeedState(name, age, limit) for name, (age, limit) in ages.items()]


def budgets(shop: Shop) -> list[BudgetView]:
    """Return the balances of all campaigns: amounts, and numbers of offers that have a limit."""
    shop.state.balances.view(shop.clock.now())
    rows = shop.state.balances.rows()
    return [_budget(row) for row in rows if row.currency != COUNT or row.limit is not None]


def _budget(row: BudgetRow) -> BudgetView:
    currency = None if row.currency == COUNT else row.currency
    return BudgetView(row.campaign, row.period, currency, row.limit, row.reserved, row.settled)


def connected_sessions(shop: Shop) -> int:
    """Return how many sessions have a page that is connected."""
    return sum(bool(one.connections) for one in shop.state.registry)


async def ending_offers(shop: Shop, sku: str) -> tuple[int, int]:
    """Return how many offers a recall of an item would end: those shown, and those accepted."""
    await shop.ledger.flush()
    # What an order holds stays held: the checkout learns of a recall from its next redemption.
    found = await shop.ledger.standing_offers_of([sku])
    standing = [one for one in found if one.standing]
    accepted = sum(one.state is OfferState.ACCEPTED for one in standing)
    return len(standing) - accepted, accepted


async def break_evens(shop: Shop) -> dict[str, list[str]]:
    """Return rule → how many more buyers it needs, at the items that it was last offered on.

    For a rule without a recent offer on an item with a cost, the answer is for typical margins.
    """
    latest = {
        (row.offer.rule, row.offer.sku, row.offer.territory): row.offer
        for row in reversed(await decisions(shop))
        if row.offer.level == "item" and not row.offer.remedy
    }
    found: dict[str, list[ItemBreakEven]] = {}
    now = shop.clock.now()
    for (rule, sku, territory), offer in latest.items():
        item = await shop.state.fact_cache.read_item(sku)
        price, cost = item.price_at(territory, now), item.cost(territory, offer.currency)
        basis = price_basis(price.fact, cost.fact) if price and cost else None
        if basis:
            found.setdefault(rule, []).append(break_even_of(sku, territory, basis, offer.unit))
    return {
        id_: describe_break_evens(found.get(id_, ())) or [describe_typical(rule.price)]
        for id_, rule in shop.state.active_rulebook.current.rules.items()
    }


async def decisions(
    shop: Shop,
    *,
    session: str | None = None,
    customer: str | None = None,
    offer: str | None = None,
    limit: int = MAX_DECISIONS,
) -> Sequence[AuditRow]:
    """Return the latest steps of offers, newest first, of one session, customer or offer, or of all."""
    return await shop.ledger.offer_steps(
        session=session, customer=customer, offer=offer, limit=limit
    )


async def latest_offers(
    shop: Shop,
    *,
    session: str | None = None,
    customer: str | None = None,
    limit: int = MAX_DECISIONS,
) -> list[OfferHistory]:
    """Return the offers with the latest steps, newest first, of one session or customer, or of all."""
    steps = await decisions(
        shop, session=session, customer=customer, limit=limit * _STEPS_OF_AN_OFFER
    )
    by_offer: dict[str, list[AuditRow]] = {}
    for row in steps:
        by_offer.setdefault(row.offer.id, []).append(row)
    return [
        OfferHistory(rows[0].offer, tuple(one.step for one in reversed(rows)))
        for rows in list(by_offer.values())[:limit]
    ]


async def offers_of(shop: Shop, found: "CustomerView") -> list[OfferHistory]:
    """Return the latest offers of a customer, or of the session if it has no customer."""
    if found.customer:
        return await latest_offers(shop, customer=found.customer)
    return await latest_offers(shop, session=found.session.id if found.session else "")


async def customers_with_contact(shop: Shop, text: str) -> list[str]:
    """Return the customers whose facts name an e-mail address or international number, sorted."""
    form = email_form(text) or e164(text, None)
    if form is None:
        return []
    digest = contact_key_digest(shop.state.keys.contact_key, contact_hash(form))
    found = await shop.ledger.facts_about([(CONTACT, digest)])
    facts = (decode_stored(one.body) for one in found)
    named = (getattr(fact, "customer", None) for fact in facts)
    return sorted({customer for customer in named if customer})


async def customer_view(
    shop: Shop, *, customer: str | None = None, session: str | None = None
) -> CustomerView | None:
    """Return what is known about a customer or a session; `None` if nothing is."""
    state, present = await _session(shop, customer, session)
    if state is not None and customer is None:
        customer = state.customer
    profile = await _profile(shop, customer) if customer else None
    if state is None and not _has_records(profile):
        return None
    return CustomerView(
        customer=customer,
        session=state,
        connected=present,
        profile=profile,
        offers=tuple(one for one in state.offers if one.standing) if state else (),
        taints=tuple(taint_views(profile)) if profile else (),
        remedies=profile.history.remedies if profile else (),
    )


async def _session(
    shop: Shop, customer: str | None, session: str | None
) -> tuple[Session | None, bool]:
    """Return the state of a session, or of a customer's latest one, and whether it is connected."""
    if session is None and customer is not None:
        here = shop.state.registry.session_of(customer)
        if here:
            return here.state, bool(here.connections)
        session = await shop.ledger.latest_session_of(customer)
    if session is None:
        return None, False
    live = shop.state.registry.by_id.get(internal_id(session))
    if live is not None:
        return live.state, bool(live.connections)
    saved = await shop.ledger.session(internal_id(session))
    return (decode_session(saved.state), False) if saved else (None, False)


async def _profile(shop: Shop, customer: str) -> Profile | None:
    if shop.state.fact_cache.customer(customer) is None:
        await shop.state.fact_cache.load([], [customer])
    return shop.state.fact_cache.customer(customer)


def _has_records(profile: Profile | None) -> bool:
    """Return whether there is any fact or any contact of the customer."""
    if profile is None:
        return False
    history = profile.history
    return not history.is_empty or bool(profile.contact.approaches)


def taint_views(profile: Profile) -> Iterable[TaintView]:
    """Yield a customer's taints with their scopes."""
    found = profile.taints
    for scope, by_key in (
        ("variant", found.skus),
        ("product", found.products),
        ("brand", found.brands),
    ):
        for key, taints in by_key.items():
            yield from (TaintView(scope, key, one) for one in taints)
    yield from (TaintView("the whole shop", "", one) for one in found.shop)
