"""What would another rulebook have done with the sessions that were recorded?"""

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
"""SKU, price, currency, and what comes off the order or its shipping."""
CANNOT_KNOW: Final = (
    (
        "Shoppers would have behaved differently: their clicks are those that followed what they were"
        " really shown. What they did with an offer counts only where the other rulebook makes the same"
        " one, at the same price; nobody can say how they would have answered another."
    ),
    (
        "Only what was kept is replayed: the whole sessions of shoppers who consented to that. Those who"
        " did not leave nothing behind."
    ),
    (
        "Budgets begin the window whole, and a pause by hand is not repeated: both rulebooks are compared"
        " on the same terms, not with the books of then."
    ),
    (
        "The discount promised is what the offers pushed would cost if every one of them were redeemed;"
        " the margin is what would then be left."
    ),
)
"""What to keep in mind when reading the figures."""


class RulebookResult(Struct, frozen=True, kw_only=True):
    """What one rulebook did. Money: currency → minor units."""

    version: str
    pushes: int
    withdrawn: int
    accepted: int
    redeemed: int
    promised: Mapping[str, int]
    """The discount of all offers pushed, at their largest quantity."""
    margin: Mapping[str, int]
    """What is left of their net prices after cost, where the cost is known."""
    without_cost: int
    """Offers pushed of which the cost is not known."""
    rules: Mapping[str, int]
    """Rule → pushes."""
    items: Mapping[str, int]
    """SKU → pushes."""
    shoppers: int
    """How many were shown an offer."""
    withheld: Mapping[str, int]
    """Primary reason → how many times a rule fell silent for it: once per session, rule and item."""
    days: Mapping[int, int]
    """Day (ms at its start, UTC) → pushes."""


class BacktestResult(Struct, frozen=True, kw_only=True):
    """Two rulebooks on the same recorded sessions. Instants in ms."""

    since: int
    until: int
    sessions: int
    turns: int
    unknown: int
    """Turns of sessions whose beginning is not in the window."""
    old: RulebookResult
    new: RulebookResult
    shoppers_affected: int
    """Who was shown something else under one rulebook than under the other."""
    items_affected: int
    """Of how many items the offers differ."""
    cannot_know: tuple[str, ...] = CANNOT_KNOW


class RulebookCounter:
    """Counts what one rulebook does, turn by turn."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._steps: Counter[OfferState] = Counter()
        self._promised: Counter[str] = Counter()
        self._margin: Counter[str] = Counter()
        self._without_cost = 0
        self._rules: Counter[str] = Counter()
        self._items: Counter[str] = Counter()
        self._days: Counter[int] = Counter()
        self._silent: set[tuple[str, str, str, str]] = set()
        self.redeemed = 0
        """Offers that the shopper really bought at that price."""
        self.shown: dict[str, set[Shown]] = {}
        """Shopper → what they were shown."""

    def count_turn(self, context: Context, decision: Decision) -> None:
        """A turn was decided."""
        for step in decision.steps:
            self._steps[step.to] += 1
        for effect in decision.effects:
            if isinstance(effect, PushOffer):
                self._push(context, effect.offer)
        for verdict in decision.trace.verdicts:
            if verdict.outcome not in {"pushed", "standing"} and verdict.reason:
                key = context.session.id, verdict.rule, verdict.sku, str(verdict.reason)
                self._silent.add(key)

    def _push(self, context: Context, offer: Offer) -> None:
        self._rules[offer.rule] += 1
        self._items[offer.sku] += 1
        self._days[offer.issued_at // DAY * DAY] += 1
        self._promised[offer.currency] += offer.saved * offer.max_qty
        if offer.cost is None:
            self._without_cost += 1
        else:
            left = net_of_tax(context, offer) - offer.cost
            self._margin[offer.currency] += left * offer.max_qty
        who = offer.customer or context.session.id
        self.shown.setdefault(who, set()).add((offer.sku, offer.unit, offer.currency, offer.off))

    def result(self) -> RulebookResult:
        """What it came to."""
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
            withheld=_sorted(Counter(reason for *_, reason in self._silent)),
            days=_sorted(self._days),
        )


def net_of_tax(context: Context, offer: Offer) -> int:
    """What the shop keeps of an offer's price after tax, rounded down."""
    item = context.items.get(offer.sku)
    price = item.prices.get(offer.territory) if item else None
    if price is None or not price.fact.tax_included:
        return offer.kept
    return offer.kept * 10_000 // (10_000 + price.fact.tax_rate_bp)


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
    """Both counts side by side."""
    everybody = old.shown.keys() | new.shown.keys()
    affected = [who for who in everybody if old.shown.get(who) != new.shown.get(who)]
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
    return {(shown, who) for who, all_ in count.shown.items() for shown in all_}


def _sorted(counts: Mapping[K, int]) -> dict[K, int]:
    return dict(sorted(counts.items()))
