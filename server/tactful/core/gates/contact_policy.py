"""Has this shopper been approached often enough, or asked us to stop? Gate 9."""

from collections.abc import Collection, Iterator

from tactful.core.context import Scene
from tactful.core.offers.offer import Offer
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Rule
from tactful.core.session.contact_history import cap_frees_at
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding


def check_contact_policy(
    scene: Scene, rule: Rule, policy: Policy, standing: Collection[Offer]
) -> Iterator[Finding]:
    """Caps, dismissals and what is on the screen already."""
    contact, caps, now = scene.contact, policy.caps, scene.now
    here = [mark for mark in contact.approaches if mark.session == scene.session.id]
    if len(here) >= caps.per_session:
        yield Finding(Reason.CONTACT_SESSION_CAP, actual=len(here), needed=caps.per_session - 1)
    lately = sorted(m.at for m in contact.approaches if m.at > now - caps.per_shopper.per)
    if len(lately) >= caps.per_shopper.count:
        yield Finding(
            Reason.CONTACT_SHOPPER_CAP,
            actual=len(lately),
            needed=caps.per_shopper.count - 1,
            until=cap_frees_at(lately, caps.per_shopper.count, caps.per_shopper.per),
        )
    for scope, key in (("rule", rule.id), ("product", scene.item.product_id)):
        until = contact.cooldown_until(scope, key)
        if now < until:
            yield Finding(Reason.CONTACT_DISMISSED, actual={scope: key}, until=until)
    yield from _active(scene, rule, policy, standing)


def _active(
    scene: Scene, rule: Rule, policy: Policy, standing: Collection[Offer]
) -> Iterator[Finding]:
    """One offer an item, and so many on the screen; one for this item may be replaced.

    Beside a promise on the item only what comes off something else too, where both say so.
    """
    sku, shown = scene.item.sku, 0
    for offer in standing:
        if offer.advertised and offer.sku != sku:
            shown += 1
        elif offer.sku == sku and not offer.advertised and not _apart(rule, offer):
            yield Finding(Reason.CONTACT_ACTIVE, actual=offer.id, until=offer.accept_until)
    if shown >= policy.caps.visible:
        ends = min((o.ends_at for o in standing if o.advertised and o.sku != sku), default=None)
        yield Finding(
            Reason.CONTACT_ACTIVE, actual=shown, needed=policy.caps.visible - 1, until=ends
        )


def _apart(rule: Rule, promised: Offer) -> bool:
    other = rule.level != promised.level or rule.level != "item"
    return other and promised.may_stand_beside(rule.id, rule.level, rule.stacks_with)
