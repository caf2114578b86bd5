"""Facts that a redemption reads, and what memory and sessions learn of it afterwards."""

from collections.abc import Collection, Coroutine
from typing import Any, Final

import structlog

from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.fact_types import Order
from tactful.core.facts.item import Item
from tactful.core.facts.read_subjects import item_subjects
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.pricing import quote as pricing
from tactful.core.redemption.order_totals import SkuNow
from tactful.core.redemption.redemption_rows import RedemptionOutcome
from tactful.core.redemption.voucher_use import contact_after_use
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import PriceTerms
from tactful.core.session.signals import FactsChanged, OfferRedeemed, RedemptionRolledBack
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Change, Subject
from tactful.runtime.services.hold_timer import HoldTimer
from tactful.runtime.services.promise_timers import PromiseTimers
from tactful.runtime.services.reported_orders import SHIPPED
from tactful.runtime.sessions.turn_runner import TurnRunner
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.shop_state import ShopState

log = structlog.get_logger("tactful.redemption")

NO_TERMS: Final = PriceTerms("amount", may_undercut_target=True)
"""The terms of no rule. The floor of a line is then what holds for every rule."""


class RedemptionEffects:
    """The `ShopFacts` of one shop, and the handler of redemptions in the change log.

    A redemption of this process hands over its outcome, so that nothing is read again. One of another
    process is read from the ledger.
    """

    def __init__(
        self, state: ShopState, turns: TurnRunner, holds: HoldTimer, promises: PromiseTimers
    ) -> None:
        """Keep memory in line with redemptions.

        Args:
            state: The memory of the shop.
            turns: Tells the sessions whose offers are used or come back.
            holds: Learns when held redemptions lapse.
            promises: Expires the offers that come back after their session has ended.
        """
        self._clock = state.clock
        self._rules = state.active_rulebook
        self._ledger = state.ledger
        self._facts = state.fact_cache
        self._changes = state.changes
        self._registry = state.registry
        self._erased = state.erased_customers
        self._turns = turns
        self._holds = holds
        self._promise_timers = promises
        self._balances = state.balances
        self._commitments = state.stock_commitments
        self._codes = state.codes
        self._promises = state.promises
        self._conversions = state.conversions
        self._outcomes: dict[str, dict[object, RedemptionOutcome]] = {}
        """Order → call → the outcome that the ledger is about to report."""
        self._foreign: dict[int, list[Offer]] = {}
        """Position of a change → the offers that another process has redeemed or rolled back."""
        self._recount = False
        """Whether balances may have been moved by another process."""

    async def catch_up(self) -> None:
        """Apply everything that is durable now, after a redemption was refused as stale.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        await self._changes.catch_up()

    @property
    def position(self) -> int:
        """The position in the change log as of which memory answers."""
        return self._changes.applied

    async def skus_now(
        self, skus: Collection[str], territory: str
    ) -> tuple[dict[str, SkuNow], set[Subject]]:
        """Return price, stock and recall of each SKU, and the subjects on which they rest.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        await self._facts.load([sku for sku in skus if self._facts.item(sku) is None], [])
        found: dict[str, SkuNow] = {}
        subjects: set[Subject] = set()
        for sku in skus:
            item = self._facts.item(sku) or await self._facts.read_item(sku)
            subjects.update(item_subjects(item))
            found[sku] = sku_now(item, territory, self._clock.now(), self._rules.current.policy)
        return found, subjects

    async def is_shipped(self, orders: Collection[str]) -> bool:
        """Return whether the shop reported an order, under one of its ids, as shipped or delivered.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        stored = await self._ledger.facts_about([("order", one) for one in orders], ("order",))
        facts = [decode_stored(one.body) for one in stored]
        return any(isinstance(fact, Order) and fact.status in SHIPPED for fact in facts)

    async def customer_of(self, session: str) -> str | None:
        """Return the verified customer of a session now; None: an anonymous or unknown session.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        live = self._registry.by_id.get(session)
        if live is not None:
            return live.customer
        saved = await self._ledger.session(session)
        return saved.customer if saved else None

    # the change log

    def expect(self, call: object, order: str, outcome: RedemptionOutcome) -> None:
        """Keep the outcome of a call until its change is received; runs on the ledger's thread.

        Args:
            call: Identifies the call; a ledger may run the logic of one call twice.
            order: The shop's id of the order.
            outcome: The outcome of the last run.
        """
        self._outcomes.setdefault(order, {})[call] = outcome

    def finish(self, call: object, order: str) -> None:
        """Drop what `expect` kept, because the call has ended."""
        calls = self._outcomes.get(order, {})
        calls.pop(call, None)
        if not calls:
            self._outcomes.pop(order, None)

    @property
    def keeps_remainders(self) -> bool:
        """Whether the rest of a voucher that is worth more than its order stays a voucher."""
        return self._rules.current.policy.remedies.remainder == "keep"

    async def settle(self) -> None:
        """Return when everything received so far has reached memory and the sessions concerned.

        Raises:
            LedgerError: The ledger cannot be read; the redemption is durable nevertheless.
        """
        await self._changes.settle()

    def needs_preparation(self, change: Change) -> bool:
        """Return whether another process has written the redemption."""
        return self._call_of(change) is None

    async def prepare(self, change: Change) -> None:
        """Read the offers of a redemption that another process has written.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        found = [await self._ledger.offer(key) for kind, key in change.subjects if kind == "offer"]
        self._foreign[change.position] = [offer for offer in found if offer is not None]

    def apply(self, change: Change) -> None:
        """Bring memory and the live sessions in line with a redemption that is durable."""
        call = self._call_of(change)
        if call is None:
            self._recount = True
            foreign = self._foreign.pop(change.position, [])
            if any(offer.state is OfferState.HELD for offer in foreign):
                self._holds.look()
            self._apply_offers(foreign, is_foreign=True)
            return
        outcome = self._outcomes[call[0]].pop(call[1])
        self._balances.apply_written(outcome.moves)
        self._conversions.record_redemption(outcome)
        for row in outcome.redemptions:
            if row.status == "held" and row.until is not None:
                self._holds.expect(row.until)
        self._apply_offers(outcome.offers)

    def _apply_offers(self, offers: Collection[Offer], *, is_foreign: bool = False) -> None:
        for used in offers:
            # The ledger may have read it just before its customer was erased.
            offer = self._erased.offer_without_erased(used)
            live = self._registry.by_id.get(offer.session)
            if is_foreign and live is None:
                # Another process owns its session, and knows what becomes of it.
                self._commitments.drop(offer)
                self._codes.drop(offer)
                self._promises.drop(offer)
                continue
            self._commitments.update(offer)
            self._codes.update(offer)
            self._promises.update(offer)
            self._mark_voucher(offer, live)
            if live is not None:
                self._turns.submit(live, _signal(offer))
            else:
                self._promise_timers.watch(offer)

    def _mark_voucher(self, offer: Offer, own: LiveSession | None) -> None:
        """Note in memory that a voucher was used, as the ledger has, and notify the other sessions.

        A customer who is not in memory is read from the ledger, with the mark.
        """
        if offer.remedy is None or offer.customer is None:
            return
        profile = self._facts.customer(offer.customer)
        if profile is not None:
            marked = contact_after_use(profile.contact, offer)
            if marked is not profile.contact:
                self._facts.set_contact(offer.customer, marked)
        for live in self._registry.concerned([("customer", offer.customer)]):
            if live is not own:
                self._turns.submit(live, FactsChanged())

    def _call_of(self, change: Change) -> tuple[str, object] | None:
        """Return the order and the call of this process whose outcome a change reports."""
        order = next((key for kind, key in change.subjects if kind == "order"), "")
        for call, outcome in self._outcomes.get(order, {}).items():
            if all(("offer", offer.id) in change.subjects for offer in outcome.offers):
                return order, call
        return None

    def propagate(self) -> Coroutine[Any, Any, None] | None:
        """Return the work that reads the balances again after another process moved them."""
        recount, self._recount = self._recount, False
        return self._read_balances() if recount else None

    async def start_over(self) -> None:
        """Read the balances again, because redemptions were missed.

        A session that still shows an offer which has ended learns of it at its next commit.
        """
        self._recount = True

    async def _read_balances(self) -> None:
        reading, rows = self._balances.begin_reading(), None
        try:
            rows = await self._ledger.balances()
        except LedgerError as error:
            log.error("balance.unread", error=str(error))  # noqa: TRY400
        finally:
            self._balances.finish_reading(reading, rows)


def _signal(offer: Offer) -> OfferRedeemed | RedemptionRolledBack:
    # A rollback leaves the offer accepted, or expired where its hold has ended.
    return (
        RedemptionRolledBack(offer) if offer.state is OfferState.ACCEPTED else OfferRedeemed(offer)
    )


def sku_now(item: Item, territory: str, now: int, policy: Policy) -> SkuNow:
    """Return price, floor, stock and recall of one item in a territory; unknown values are `None`.

    Args:
        item: The item.
        territory: ISO 3166-1 or 3166-2 code.
        now: Milliseconds since the Unix epoch, UTC; an announced price is not charged before.
        policy: The shop's policy, whose least margin is part of the floor.
    """
    reported = item.price_at(territory, now)
    if reported is None:
        return SkuNow(available=item.available(territory), recalled=bool(item.recalls))
    price = reported.fact.price
    cost = item.cost(territory, price.currency)
    basis = pricing.price_basis(reported.fact, cost.fact if cost else None)
    limits = policy.min_margin_bp, policy.max_total_discount_bp
    return SkuNow(
        price=price.amount,
        currency=price.currency,
        available=item.available(territory),
        recalled=bool(item.recalls),
        floor=pricing.floor_of(NO_TERMS, basis, *limits).amount if basis else None,
    )
