"""Must this item not be shown to this shopper now, whatever it is worth? Gate 5."""

from collections.abc import Iterable, Iterator
from typing import Final

from tactful.core.context import Scene
from tactful.core.eligibility import remedies
from tactful.core.facts import Remedy
from tactful.core.items import Item
from tactful.core.letdowns import Letdown
from tactful.core.policy import DAY, Policy
from tactful.core.reasons import ORDER, Reason
from tactful.core.rules import NOW, Rule, Tightening
from tactful.core.trace import Finding

SHOP_WIDE: Final = frozenset({Reason.SERVICE_OPEN, Reason.SERVICE_COOLDOWN, Reason.DELIVERY_LATE})
"""What a remedy may be promoted in spite of."""


def suppress(
    scene: Scene, rule: Rule, policy: Policy, tightenings: Iterable[Tightening] = ()
) -> Iterator[Finding]:
    """Every taint on the item, in the order of the reasons."""
    found = [*_recall(scene.item)]
    if scene.profile:
        after = _longest(scene, tightenings)
        found += _letdowns(scene, rule, after)
        found += _components(scene, after)
        found += _cause(scene, rule)
        found += _owned(scene, policy)
    if len(found) > 1:
        found.sort(key=lambda finding: ORDER[finding.reason])
    yield from found


def _recall(item: Item) -> Iterator[Finding]:
    for recall in (*item.recalls, *(one for part in item.components for one in part.recalls)):
        yield Finding(Reason.RECALL, actual=recall, needed="lifted")


def _longest(scene: Scene, tightenings: Iterable[Tightening]) -> int:
    """The longest cooldown that the rule files ask for in this scene (ms)."""
    return max((one.after for one in tightenings if one.ripens(scene) <= NOW), default=0)


def _letdowns(scene: Scene, rule: Rule, after: int) -> Iterator[Finding]:
    letdowns, item = scene.letdowns, scene.item
    reached = (
        *letdowns.skus.get(item.sku, ()),
        *letdowns.products.get(item.product_id, ()),
        *(letdowns.brands.get(item.brand, ()) if item.brand else ()),
        *letdowns.shop,
    )
    for letdown in dict.fromkeys(reached):
        if rule.remedy and letdown.reason in SHOP_WIDE:
            continue
        yield from _finding(letdown, scene.now, after)


def _components(scene: Scene, after: int) -> Iterator[Finding]:
    for part in scene.item.components:
        reached = (
            *scene.letdowns.skus.get(part.sku, ()),
            *scene.letdowns.products.get(part.product_id, ()),
        )
        for letdown in dict.fromkeys(reached):
            for one in _finding(letdown, scene.now, after):
                yield Finding(
                    Reason.COMPLAINT_COMPONENT,
                    actual={part.sku: one.reason.value},
                    at=one.at,
                    until=one.until,
                )


def _finding(letdown: Letdown, now: int, after: int) -> Iterator[Finding]:
    until = letdown.until
    if until is not None and letdown.open_until is not None:
        until = max(until, letdown.open_until + after)
    if letdown.since <= now and (until is None or now < until):
        yield Finding(letdown.code(now), actual=letdown.cause, at=letdown.at, until=until)


def _cause(scene: Scene, rule: Rule) -> Iterator[Finding]:
    """A remedy is never promoted on what it makes up for."""
    if not rule.remedy or scene.history is None:
        return
    promoted = next(remedies(scene), None)
    for kept in scene.history.remedies:
        if kept.fact.remedy == promoted and scene.item.product_id in _causes(scene, kept.fact):
            yield Finding(Reason.COMPLAINT_CAUSE, actual=kept.fact.remedy, at=kept.at)


def _causes(scene: Scene, remedy: Remedy) -> set[str]:
    """The products of a remedy's cause."""
    history = scene.history
    if history is None:
        return set()
    skus = list(remedy.cause.skus)
    orders = {remedy.cause.order}
    for kept in history.cases:
        if kept.fact.case == remedy.cause.case:
            skus += kept.fact.skus
            orders.add(kept.fact.order)
    for kept_order in history.orders:
        if kept_order.fact.order in orders:
            skus += [line.sku for line in kept_order.fact.lines]
    products = history.products
    return {products[sku].product if sku in products else sku for sku in skus}


def _owned(scene: Scene, policy: Policy) -> Iterator[Finding]:
    profile, product = scene.profile, scene.product
    if profile is None:
        return
    for purchase in profile.purchases.get(scene.item.product_id, ()):
        rests = policy.owned.durable
        if product and product.consumable_days is not None:
            rests = product.consumable_days * DAY * policy.owned.consumable_bp // 10_000
        until = purchase.placed_at + rests
        if scene.now < until:
            yield Finding(
                Reason.OWNED_ALREADY, actual=purchase.placed_at, at=purchase.at, until=until
            )


def price_regret(scene: Scene, unit: int, currency: str, policy: Policy) -> Iterator[Finding]:
    """Was the product bought dearer so lately that this price would be regretted?"""
    if scene.profile is None:
        return
    for purchase in scene.profile.purchases.get(scene.item.product_id, ()):
        until = purchase.placed_at + policy.owned.price_regret
        if purchase.currency == currency and scene.now < until and unit < purchase.unit:
            yield Finding(
                Reason.OWNED_PRICE_REGRET,
                actual=unit,
                needed=purchase.unit,
                at=purchase.at,
                until=until,
            )
