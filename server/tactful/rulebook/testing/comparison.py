"""Comparison of two rulebooks over recorded sessions (backtest): counters and their result."""

from collections import Counter
from collections.abc import Mapping
from typing import Final, TypeVar

from msgspec import Struct

from tactful.core.context import Context
from tactful.core.decision import Decision, PushOffer
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.values.allocation import Deduction
from tactful.core.values.calendar import DAY

K = TypeVar("K", str, int)

Shown = tuple[str, int, str, Deduction | None]
"""(SKU, price in minor units, currency, what comes off the order or its shipping)."""
CANNOT_KNOW: Final = (
    (
        "Shoppers would have behaved differently: their recorded clicks followed the offers that they"
        " really saw. Their response counts only where the other rulebook makes the same offer at the"
        " same price. Their response to another offer is unknown."
    ),
    (
        "Only recorded sessions are replayed: those of shoppers who consented to be remembered. Of"
        " other shoppers nothing is recorded."
    ),
    (
        "Both rulebooks are compared on the same terms: budgets are full at the start of the window,"
        " and a pause by an operator is not repeated."
    ),
    (
        "The promised discount is the cost of all pushed offers if every one of them were redeemed."
        " The margin is what would then be left."
    ),
)
"""What the figures do not show; printed with every backtest."""


class RulebookResult(Struct, frozen=True, kw_only=True):
    """What one rulebook did. Amounts are in minor units, per currency."""

    version: str
    """The version of the rulebook."""
    pushes: int
    withdrawn: int
    accepted: int
    redeemed: int
    promised: Mapping[str, int]
    """Currency → the discount of all pushed offers, at their largest quantity."""
    margin: Mapping[str, int]
    """Currency → net prices less costs of the pushed offers whose cost is known."""
    without_cost: int
    """The number of pushed offers whose cost is not known."""
    rules: Mapping[str, int]
    """Rule → pushes."""
    items: Mapping[str, int]
    """SKU → pushes."""
    shoppers: int
    """The number of shoppers who were shown an offer."""
    withheld: Mapping[str, int]
    """Primary reason → how often a rule was withheld for it, once per session, rule and item."""
    days: Mapping[int, int]
    """Start of the day (milliseconds since the Unix epoch, UTC) → pushes."""


class BacktestResult(Struct, frozen=True, kw_only=True):
    """Two rulebooks over the same recorded sessions."""

    since: int
    """Start of the window, in milliseconds since the Unix epoch, UTC."""
    until: int
    """End of the window, exclusive, in milliseconds since the Unix epoch, UTC."""
    sessions: int
    turns: int
    unknown: int
    """The number of turns that were left out, as their sessions began before the window."""
    old: RulebookResult
    new: RulebookResult
    shoppers_affected: int
    """The number of shoppers to whom the two rulebooks show different offers."""
    items_affected: int
    """The number of items for which the two rulebooks make different offers."""
    cannot_know: tuple[str, ...] = CANNOT_KNOW


class RulebookCounter:
    """Counts what one rulebook does, turn by turn; `result` has the counts so far."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._steps: Counter[OfferState] = Counter()
        self._promised: Counter[str] = Counter()
        self._margin: Counter[str] = Counter()
        self._without_cost = 0
        self._rules: Counter[str] = Counter()
        self._items: Counter[str] = Counter()
        self._days: Counter[int] = Counter()
        self._withheld: set[tuple[str, str, str, str]] = set()
        self.redeemed = 0
        """The number of offers of the rulebook that the shopper really redeemed at that price."""
        self.shown: dict[str, set[Shown]] = {}
        """Customer id, or session id for an anonymous shopper → what was shown."""

    def count_turn(self, context: Context, decision: Decision) -> None:
        """Count one decided turn; `context` is what the decision read."""
        for step in decision.steps:
            self._steps[step.to] += 1
        for effect in decision.effects:
            if isinstance(effect, PushOffer):
                self._push(context, effect.offer)
        for verdict in decision.trace.verdicts:
            if verdict.outcome not in {"pushed", "standing"} and verdict.reason:
                key = context.session.id, verdict.rule, verdict.sku, str(verdict.reason)
                self._withheld.add(key)

    def _push(self, context: Context, offer: Offer) -> None:
        """Count one pushed offer."""
        self._rules[offer.rule] += 1
        self._items[offer.sku] += 1
        self._days[offer.issued_at // DAY * DAY] += 1
        self._promised[offer.currency] += offer.saved * offer.max_qty
        if offer.cost is None:
            self._without_cost += 1
        else:
            left = net_of_tax(context, offer) - offer.cost
            self._margin[offer.currency] += left * offer.max_qty
        shopper = offer.customer or context.session.id
        self.shown.setdefault(shopper, set()).add(
            (offer.sku, offer.unit, offer.currency, offer.order_deduction)
        )

    def result(self) -> RulebookResult:
        """Return the counts so far."""
        return RulebookResult(
            version=self._version,
            pushes=self._rules.total(),
            withdrawn=self._steps[OfferState.WITHDRAWN],
            accepted=self._steps[OfferState.ACCEPTED],
            redeemed=self.redeemed,
            promised=_sorted(self._promised),
            margin=_sorted(self._margin),
            without_cost=self._without_cost,
            rules=_sorted(self._rules),
            items=_sorted(self._items),
            shoppers=len(self.shown),
            withheld=_sorted(Counter(reason for *_, reason in self._withheld)),
            days=_sorted(self._days),
        )


def net_of_tax(context: Context, offer: Offer) -> int:
    """Return the price of an offer without tax, in minor units, rounded down."""
    item = context.items.get(offer.sku)
    price = item.price_at(offer.territory, context.now) if item else None
    if price is None or not price.fact.tax_included:
        return offer.price_after_discount
    return offer.price_after_discount * 10_000 // (10_000 + price.fact.tax_rate_bp)


def compare(
    old: RulebookCounter,
    new: RulebookCounter,
    *,
    since: int,
    until: int,
    sessions: int,
    turns: int,
    unknown: int,
) -> BacktestResult:
    """Return the counts of two rulebooks side by side, with the differences between them.

    Args:
        old: the counts of the first rulebook.
        new: the counts of the second rulebook.
        since: start of the window, in milliseconds since the Unix epoch, UTC.
        until: end of the window, exclusive.
        sessions: the number of replayed sessions.
        turns: the number of replayed turns.
        unknown: the number of turns that were left out.
    """
    shoppers = old.shown.keys() | new.shown.keys()
    affected = [one for one in shoppers if old.shown.get(one) != new.shown.get(one)]
    before, after = old.result(), new.result()
    by_item = _by_item(old), _by_item(new)
    return BacktestResult(
        since=since,
        until=until,
        sessions=sessions,
        turns=turns,
        unknown=unknown,
        old=before,
        new=after,
        shoppers_affected=len(affected),
        items_affected=len({shown[0] for shown, _ in by_item[0] ^ by_item[1]}),
    )


def _by_item(count: RulebookCounter) -> set[tuple[Shown, str]]:
    """Return the pairs of (what was shown, shopper)."""
    return {(each, shopper) for shopper, shown in count.shown.items() for each in shown}


def _sorted(counts: Mapping[K, int]) -> dict[K, int]:
    return dict(sorted(counts.items()))
