"""Gate 9: the shopper must not be approached too often, and a dismissal must be respected.

It enforces server/SEMANTICS.md, section 6, rules 7 and 8. A push reserves its approach, so the caps
count offers that were pushed and not yet seen.
"""

from collections.abc import Collection, Iterator

from tactful.core.context import Scene
from tactful.core.offers.offer import Offer, not_held_out
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Rule
from tactful.core.session.contact_history import cap_frees_at
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding


def check_contact_policy(
    scene: Scene, rule: Rule, policy: Policy, standing: Collection[Offer]
) -> Iterator[Finding]:
    """Yield why the shopper is not approached now.

    Args:
        scene: The item in front of the shopper; its contact history is read.
        rule: The rule that would push an offer.
        policy: The shop's caps.
        standing: The session's standing offers, and those held out for as long as they would stand.

    Yields:
        `contact.session_cap`, `contact.shopper_cap`, `contact.dismissed` and `contact.active`.
    """
    contact, now = scene.contact, scene.now
    # A voucher is owed to the customer, however often they were approached.
    if not rule.remedy:
        yield from _cap_findings(scene, policy)
    # Cooldowns are kept by product, because a shoe dismissed in one size is not wanted in another.
    for scope, key in (("rule", rule.id), ("product", scene.item.product_id)):
        until = contact.cooldown_until(scope, key)
        if now < until:
            yield Finding(Reason.CONTACT_DISMISSED, actual={scope: key}, until=until)
    if rule.remedy:
        standing = not_held_out(standing)
    yield from _active_findings(scene, rule, policy, standing)


def _cap_findings(scene: Scene, policy: Policy) -> Iterator[Finding]:
    """Yield `contact.session_cap` and `contact.shopper_cap`."""
    contact, caps, now = scene.contact, policy.caps, scene.now
    # Most shoppers were never approached.
    if not contact.approaches and caps.per_session > 0 and caps.per_shopper.count > 0:
        return
    # A session may last longer than the window of the shopper's cap, so both are counted.
    here = [one for one in contact.approaches if one.session == scene.session.id]
    if len(here) >= caps.per_session:
        yield Finding(Reason.CONTACT_SESSION_CAP, actual=len(here), needed=caps.per_session - 1)
    recent = sorted(m.at for m in contact.approaches if m.at > now - caps.per_shopper.per)
    if len(recent) >= caps.per_shopper.count:
        yield Finding(
            Reason.CONTACT_SHOPPER_CAP,
            actual=len(recent),
            needed=caps.per_shopper.count - 1,
            until=cap_frees_at(recent, caps.per_shopper.count, caps.per_shopper.per),
        )


def _active_findings(
    scene: Scene, rule: Rule, policy: Policy, standing: Collection[Offer]
) -> Iterator[Finding]:
    """Yield `contact.active` for an accepted offer on this item, or for a full screen.

    A visible offer on this item does not count, because arbitration may replace it with a better
    one. If an offer on this item is accepted, only a rule that stacks with it may be offered.
    """
    sku, visible = scene.item.sku, 0
    for offer in standing:
        if offer.takes_screen and offer.sku != sku:
            visible += 1
        elif offer.sku == sku and not offer.takes_screen and not _stacks(rule, offer):
            yield Finding(Reason.CONTACT_ACTIVE, actual=offer.id, until=offer.accept_until)
    # At least one of these offers must end before there is room, so `until` is the earliest end.
    if visible >= policy.caps.visible:
        ends = min((o.ends_at for o in standing if o.takes_screen and o.sku != sku), default=None)
        yield Finding(
            Reason.CONTACT_ACTIVE, actual=visible, needed=policy.caps.visible - 1, until=ends
        )


def _stacks(rule: Rule, accepted: Offer) -> bool:
    """Return whether a rule may be offered beside an accepted offer on the same item.

    Two discounts on the item itself never stack, even if their rules name each other: the second
    would change the price that the shopper has accepted.
    """
    other_level = rule.level != accepted.level or rule.level != "item"
    return other_level and accepted.may_stand_beside(rule.id, rule.level, rule.stacks_with)
