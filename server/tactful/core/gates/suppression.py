"""Must this item not be shown to this shopper now, whatever it is worth? Gate 5."""

from collections.abc import Iterable, Iterator
from typing import Final

from tactful.core.context import Scene
from tactful.core.customer.taints import Taint, Taints
from tactful.core.facts.item import Item
from tactful.core.facts.purchases import Purchase
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NOW, Rule, SuppressRule
from tactful.core.values.calendar import DAY
from tactful.core.verdicts.reasons import REASON_ORDER, Reason
from tactful.core.verdicts.verdict import Finding

REMEDY_EXEMPT: Final = frozenset({Reason.SERVICE_OPEN, Reason.SERVICE_COOLDOWN})
"""What a remedy may be promoted in spite of."""


def check_suppression(
    scene: Scene, rule: Rule, policy: Policy, tightenings: Iterable[SuppressRule] = ()
) -> Iterator[Finding]:
    """Every taint on the item, in the order of the reasons."""
    found = [*_recall(scene.item)]
    if scene.profile:
        after = _longest(scene, tightenings)
        found += _taint_findings(scene, rule, after)
        found += _components(scene, after)
        found += _cause(scene, rule)
        found += _owned(scene, policy)
    elif scene.session.bought:
        found += _bought(scene, policy)
    if len(found) > 1:
        found.sort(key=lambda finding: REASON_ORDER[finding.reason])
    yield from found


def _recall(item: Item) -> Iterator[Finding]:
    for one in (item, *item.components):
        for recall in one.recalls:
            yield Finding(Reason.RECALL, actual=recall, needed="lifted")


def _longest(scene: Scene, tightenings: Iterable[SuppressRule]) -> int:
    """The longest cooldown that the rule files ask for in this scene (ms)."""
    return max((one.after for one in tightenings if one.holds_from(scene) == NOW), default=0)


def _taint_findings(scene: Scene, rule: Rule, after: int) -> Iterator[Finding]:
    for letdown in dict.fromkeys((*_reaching(scene.taints, scene.item), *scene.taints.shop)):
        if not (rule.remedy and letdown.reason in REMEDY_EXEMPT):
            yield from _finding(letdown, scene.now, after)


def _reaching(letdowns: Taints, item: Item) -> Iterator[Taint]:
    yield from letdowns.skus.get(item.sku, ())
    yield from letdowns.products.get(item.product_id, ())
    if item.brand:
        yield from letdowns.brands.get(item.brand, ())


def _components(scene: Scene, after: int) -> Iterator[Finding]:
    """A bundle is as tainted as what is in it."""
    for part in scene.item.components:
        for letdown in dict.fromkeys(_reaching(scene.taints, part)):
            for one in _finding(letdown, scene.now, after):
                actual = {part.sku: one.reason.value}
                yield Finding(Reason.COMPLAINT_COMPONENT, actual, at=one.at, until=one.until)


def _finding(letdown: Taint, now: int, after: int) -> Iterator[Finding]:
    until = letdown.until
    if until is not None and letdown.open_until is not None:
        until = max(until, letdown.open_until + after)
    if letdown.since <= now and (until is None or now < until):
        yield Finding(letdown.code(now), actual=letdown.cause, at=letdown.at, until=until)


def _cause(scene: Scene, rule: Rule) -> Iterator[Finding]:
    """A remedy is never promoted on what it makes up for."""
    promoted = scene.remedy if rule.remedy else None
    if promoted:
        causes = scene.taints.causes.get(promoted.fact.remedy, ())
        if scene.item.product_id in causes:
            yield Finding(Reason.COMPLAINT_CAUSE, actual=promoted.fact.remedy, at=promoted.at)


def _owned(scene: Scene, policy: Policy) -> Iterator[Finding]:
    """The same product in any variant; a consumable is due before it is used up."""
    for purchase in _purchases(scene):
        until = purchase.placed_at + _cooldown_findings(purchase.consumable_days, policy)
        if scene.now < until and not purchase.gift:
            yield Finding(
                Reason.OWNED_ALREADY, actual=purchase.placed_at, at=purchase.at, until=until
            )


def _bought(scene: Scene, policy: Policy) -> Iterator[Finding]:
    """What a guest bought in this session."""
    days = scene.product.consumable_days if scene.product else None
    for owned in scene.session.bought:
        until = owned.at + _cooldown_findings(days, policy)
        if owned.product == scene.item.product_id and scene.now < until:
            yield Finding(Reason.OWNED_ALREADY, actual=owned.at, until=until)


def _cooldown_findings(consumable_days: int | None, policy: Policy) -> int:
    """How long what was bought is not offered again (ms)."""
    if consumable_days is None:
        return policy.owned.durable
    return consumable_days * DAY * policy.owned.consumable_bp // 10_000


def _purchases(scene: Scene) -> tuple[Purchase, ...]:
    return scene.profile.purchases.get(scene.item.product_id, ()) if scene.profile else ()


def check_price_regret(scene: Scene, unit: int, currency: str, policy: Policy) -> Iterator[Finding]:
    """Was the product bought dearer so lately that this price would be regretted?"""
    for purchase in _purchases(scene):
        until = purchase.placed_at + policy.owned.price_regret
        if purchase.currency == currency and scene.now < until and unit < purchase.unit:
            yield Finding(
                Reason.OWNED_PRICE_REGRET,
                actual=unit,
                needed=purchase.unit,
                at=purchase.at,
                until=until,
            )
