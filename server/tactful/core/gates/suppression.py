"""Gate 5: items that must not be offered to this shopper, whatever the offer would earn.

It enforces the table and rules 1 to 5 of server/SEMANTICS.md, section 6: recalls for everybody;
taints, ownership and price regret for a verified customer; purchases of this session for a guest.
`customer/taint_derivation.py` derives the taints from the facts; this gate applies them to one item.
"""

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

SUPPRESS_NO_REMEDY: Final = frozenset(
    {Reason.SERVICE_OPEN, Reason.SERVICE_COOLDOWN, Reason.OBJECTION_SHOP}
)
"""Reasons of taints that do not suppress a remedy.

A case about the service, for example a late or lost parcel, suppresses the whole shop. The voucher
that makes up for the case is the one exception (server/SEMANTICS.md, section 6, rule 3). A late
parcel without a case (`delivery.late`) has no such exception. A customer who asked for no offers still
gets what support owes them.
"""


def check_suppression(
    scene: Scene, rule: Rule, policy: Policy, suppress_rules: Iterable[SuppressRule] = ()
) -> Iterator[Finding]:
    """Yield every reason to suppress the item, in the order of the reasons.

    Args:
        scene: The item in front of the shopper.
        rule: The rule; whether it gives a remedy, and whether its offer is one on the item.
        policy: The shop's policy.
        suppress_rules: The rulebook's `suppress` blocks; they can only lengthen a cooldown.

    Yields:
        Findings of gate 5 except `owned.price_regret`, which needs the offer's price.
    """
    item = scene.item
    found = [*_recall_findings(item)] if item.recalls or item.components else []
    if scene.profile:
        least_cooldown = _least_cooldown(scene, suppress_rules)
        found += _taint_findings(scene, rule, least_cooldown)
        found += _component_findings(scene, least_cooldown)
        found += _cause_findings(scene, rule)
        if not concerns_order(scene, rule):
            found += _owned_findings(scene, policy)
    # A guest has no history: only the orders that the shop reported for this session are known.
    elif scene.session.bought:
        found += _guest_purchase_findings(scene, policy)
    # Taints come from several facts in any order; the primary reason is the first of the enum.
    if len(found) > 1:
        found.sort(key=lambda finding: REASON_ORDER[finding.reason])
    yield from found


def concerns_order(scene: Scene, rule: Rule) -> bool:
    """Return whether an offer is about the order, so that owning its item is no reason against it.

    That is an offer on the order or its shipping on a rescue page without an item. It is made with an
    item that the customer bought, and not with one that they view or have in the cart.
    """
    if rule.moment != "rescue" or rule.level == "item":
        return False
    session = scene.session
    viewed = [one.sku for one in session.viewed_items]
    return scene.item.sku not in (session.focus, *viewed, *(line.sku for line in session.cart))


def _recall_findings(item: Item) -> Iterator[Finding]:
    """Yield `recall` for the item and for each component of a bundle."""
    # A recall concerns the item, so no identity is needed. A recalled component recalls the bundle.
    for one in (item, *item.components):
        for recall in one.recalls:
            yield Finding(Reason.RECALL, actual=recall, needed="lifted")


def _least_cooldown(scene: Scene, suppress_rules: Iterable[SuppressRule]) -> int:
    """Return the longest cooldown that the rule files ask for in this scene, in milliseconds."""
    return max((one.after for one in suppress_rules if one.holds_from(scene) == NOW), default=0)


def _taint_findings(scene: Scene, rule: Rule, least_cooldown: int) -> Iterator[Finding]:
    """Yield the active taints on the item's SKU, product and brand, and on the whole shop."""
    # A complaint about a bundle taints its SKUs and their products, so one taint can apply to an
    # item twice.
    for taint in dict.fromkeys((*_taints_on(scene.taints, scene.item), *scene.taints.shop)):
        if not (rule.remedy and taint.reason in SUPPRESS_NO_REMEDY):
            yield from _active_taint(taint, scene.now, least_cooldown)


def _taints_on(taints: Taints, item: Item) -> Iterator[Taint]:
    """Yield the taints on an item, without those on the whole shop."""
    yield from taints.skus.get(item.sku, ())
    yield from taints.products.get(item.product_id, ())
    if item.brand:
        yield from taints.brands.get(item.brand, ())


def _component_findings(scene: Scene, least_cooldown: int) -> Iterator[Finding]:
    """Yield `complaint.component`: a taint on a component suppresses the bundle."""
    for component in scene.item.components:
        for taint in dict.fromkeys(_taints_on(scene.taints, component)):
            for one in _active_taint(taint, scene.now, least_cooldown):
                actual = {component.sku: one.reason.value}
                yield Finding(Reason.COMPLAINT_COMPONENT, actual, at=one.at, until=one.until)


def _active_taint(taint: Taint, now: int, least_cooldown: int) -> Iterator[Finding]:
    """Yield a finding if a taint is active now, with its cooldown lengthened by the rule files."""
    until = taint.until
    # While the cause is open, there is no end that could be postponed.
    if until is not None and taint.open_until is not None:
        until = max(until, taint.open_until + least_cooldown)
    if taint.since <= now and (until is None or now < until):
        yield Finding(taint.code(now), actual=taint.cause, at=taint.at, until=until)


def _cause_findings(scene: Scene, rule: Rule) -> Iterator[Finding]:
    """Yield `complaint.cause`: a remedy is never promoted on what it makes up for.

    A discount on the item that failed does not make up for it. The voucher stays redeemable on it.
    """
    promoted = scene.remedy if rule.remedy else None
    if promoted:
        causes = scene.taints.causes.get(promoted.fact.remedy, ())
        if scene.item.product_id in causes:
            yield Finding(Reason.COMPLAINT_CAUSE, actual=promoted.fact.remedy, at=promoted.at)


def _owned_findings(scene: Scene, policy: Policy) -> Iterator[Finding]:
    """Yield `owned.already` for the product in any variant; a gift is not owned by its buyer."""
    # Ownership starts with the placing of the order: a parcel on its way is owned as well.
    for purchase in _purchases(scene):
        until = purchase.placed_at + _owned_for(purchase.consumable_days, policy)
        if scene.now < until and not purchase.gift:
            yield Finding(
                Reason.OWNED_ALREADY, actual=purchase.placed_at, at=purchase.at, until=until
            )


def _guest_purchase_findings(scene: Scene, policy: Policy) -> Iterator[Finding]:
    """Yield `owned.already` for what a shopper without an identity bought in this session."""
    days = scene.product.consumable_days if scene.product else None
    for bought in scene.session.bought:
        until = bought.at + _owned_for(days, policy)
        if bought.product == scene.item.product_id and scene.now < until:
            yield Finding(Reason.OWNED_ALREADY, actual=bought.at, until=until)


def _owned_for(consumable_days: int | None, policy: Policy) -> int:
    """Return how long a purchase keeps its product from being offered, in milliseconds.

    A consumable is due again before it is used up, by default after 0.8 of its interval.
    """
    if consumable_days is None:
        return policy.owned.durable
    return consumable_days * DAY * policy.owned.consumable_bp // 10_000


def _purchases(scene: Scene) -> tuple[Purchase, ...]:
    """Return the customer's purchases of the item's product."""
    return scene.profile.purchases.get(scene.item.product_id, ()) if scene.profile else ()


def check_price_regret(scene: Scene, unit: int, currency: str, policy: Policy) -> Iterator[Finding]:
    """Yield `owned.price_regret` where the customer recently paid more than the offer asks.

    Gifts count here: they were paid for (server/SEMANTICS.md, section 6, rule 5).

    Args:
        scene: The item in front of the shopper.
        unit: The offer's price of one unit, in minor units of `currency`.
        currency: ISO 4217 code; a purchase in another currency is not compared.
        policy: The shop's policy; `owned.price_regret` is the window in milliseconds.

    Yields:
        One finding per more expensive purchase within the window.
    """
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
