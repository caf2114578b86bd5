"""Break-even of rules: how many more buyers a discount needs at its items' margins."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from tactful.core.context import Scene
from tactful.core.facts.item import Item
from tactful.core.pricing.break_even import TENTH, buyers_needed, margin_of
from tactful.core.pricing.quote import PriceBasis, Quote, price_basis, quote
from tactful.core.rules.condition_evaluation import clauses, holds_from
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import All, PriceTerms, Rule
from tactful.core.session.session import Session
from tactful.core.values.counts import counted
from tactful.core.values.territories import overlap
from tactful.rulebook.language.units import format_percent

TYPICAL_MARGINS: Final = (3000, 5000)
"""Margins in basis points for which the break-even is shown where no item is known."""


class ItemBreakEven(Struct, frozen=True):
    """The break-even of one offer on one item."""

    sku: str
    territory: str
    margin_bp: int
    """The margin of the public price, as a share of the net price, in basis points."""
    buyers: int | None
    """Buyers at the offer's price that earn as much as ten at the public price; None: no number does."""


def break_evens(
    rule: Rule, policy: Policy, catalogue: Mapping[str, Item], now: int
) -> tuple[list[ItemBreakEven], int]:
    """Return the break-even of a rule for each item that it is for, and the items without a cost.

    An item counts where the rule's conditions on `item.*` alone hold. Offers on the order or its
    shipping have no break-even of an item.

    Args:
        rule: The rule.
        policy: The active policy.
        catalogue: SKU → item.
        now: Milliseconds since the Unix epoch, UTC.
    """
    found: list[ItemBreakEven] = []
    without_cost = 0
    if rule.price.level != "item" or rule.price.mode in {"remedy", "gift"}:
        return found, without_cost
    for scene, price in _items_of(rule, catalogue, now):
        if price.cost is None:
            without_cost += 1
            continue
        made = quote(
            rule.price,
            price,
            min_margin_bp=policy.min_margin_bp,
            max_total_discount_bp=policy.max_total_discount_bp,
            endings=policy.endings,
            rounding=policy.rounding,
        )
        if isinstance(made, Quote):
            territory = scene.territory or ""
            found.append(break_even_of(scene.item.sku, territory, price, made.unit))
    return found, without_cost


def break_even_of(sku: str, territory: str, price: PriceBasis, unit: int) -> ItemBreakEven:
    """Return the break-even of an offer; the cost of `price` is known.

    Args:
        sku: The item.
        territory: Where it is offered.
        price: Its public price.
        unit: The price of the offer, in minor units.
    """
    return ItemBreakEven(sku, territory, margin_of(price), buyers_needed(price, unit))


def _items_of(
    rule: Rule, catalogue: Mapping[str, Item], now: int
) -> Iterator[tuple[Scene, PriceBasis]]:
    parts = rule.condition.parts if isinstance(rule.condition, All) else (rule.condition,)
    about_items = [
        part for part in parts if all(c.field.startswith("item.") for c in clauses(part))
    ]
    session = Session(id="", shopper="", created_at=now)
    for item in catalogue.values():
        for territory in item.prices:
            if rule.territories and not any(overlap(territory, one) for one in rule.territories):
                continue
            scene = Scene(now=now, session=session, item=item, territory=territory)
            if scene.price is None or any(holds_from(part, scene) > now for part in about_items):
                continue
            cost = item.cost(territory, scene.price.fact.price.currency)
            basis = price_basis(scene.price.fact, cost.fact if cost else None)
            if basis:
                yield scene, basis


def describe_break_evens(found: Iterable[ItemBreakEven], without_cost: int = 0) -> list[str]:
    """Return the break-even of a rule in sentences; none where no item is known.

    Args:
        found: The break-even of each item.
        without_cost: The number of items for which it is not known.
    """
    ordered = sorted(found, key=lambda one: (one.buyers or 0, -one.margin_bp, one.sku))
    reached = [one for one in ordered if one.buyers is not None]
    lines = []
    if reached:
        low, high = reached[0], reached[-1]
        text = f"to earn as much as without the offer, it needs {_needed(low)}"
        lines.append(text if low.buyers == high.buyers else f"{text} up to {_needed(high)}")
    lost = [one for one in ordered if one.buyers is None]
    if lost:
        example = f"{lost[0].sku} in {lost[0].territory}"
        lines.append(
            f"no number of buyers makes up for it at {counted(len(lost), 'item')}, such as {example}"
        )
    if without_cost:
        what = counted(without_cost, "item")
        lines.append(f"how many buyers it needs is not known for {what} without a cost")
    return lines


def describe_typical(terms: PriceTerms) -> str:
    """Return the break-even of a percentage at typical margins, in a sentence; "" for other prices."""
    if terms.mode != "percent" or terms.level != "item":
        return ""
    needed = ", ".join(
        _typical(terms.percent_bp, margin)
        for margin in TYPICAL_MARGINS
        if terms.percent_bp < margin
    )
    off = f"{format_percent(terms.percent_bp)} off"
    if not needed:
        return f"{off} is more than most margins: no number of buyers makes up for it"
    return f"to earn as much as without it, {off} needs {needed}"


def _typical(percent_bp: int, margin_bp: int) -> str:
    price = PriceBasis(1_000_000, "", cost=100 * (10_000 - margin_bp))
    buyers = buyers_needed(price, 1_000_000 - 100 * percent_bp) or 0
    return f"{_times(buyers)} at a margin of {format_percent(margin_bp)}"


def _needed(one: ItemBreakEven) -> str:
    margin = format_percent(one.margin_bp // 100 * 100)
    return f"{_times(one.buyers or 0)} ({one.sku} in {one.territory}, margin {margin})"


def _times(buyers: int) -> str:
    return f"{buyers // TENTH}.{buyers % TENTH} times the buyers"
