"""What exactly is offered: the words, the claims and the times of a winning candidate."""

from hashlib import blake2b
from typing import Final

from tactful.core.compliance.disclosure import disclosure
from tactful.core.compliance.prior_price import PriorPrice, claim, prior_price
from tactful.core.context import Context, Scene
from tactful.core.facts.fact_types import ms
from tactful.core.offers.message import (
    fill_placeholders,
    localized_amount,
    localized_duration,
    message_for,
)
from tactful.core.offers.offer import Offer
from tactful.core.pricing.quote import deduction
from tactful.core.rules.rule import Provenance, Rule
from tactful.core.stages.arbitration import Candidate
from tactful.core.values import ids
from tactful.core.values.calendar import period_key
from tactful.core.values.money import Money
from tactful.core.verdicts.verdict import CLAMPED

GENERAL: Final = "price.general"
"""It reached so many viewers of the product that it is an offer to everybody."""
SHORT_HISTORY: Final = "price.short_history"
"""Less than the whole window of public prices is on record."""


def build_offer(context: Context, candidate: Candidate, seq: int) -> Offer:
    """The offer, as it is pushed; the same inputs give the same one, down to its id.

    `seq` is the number that it will have in the session.
    """
    rulebook, rule, scene, quote = (
        context.rulebook,
        candidate.rule,
        candidate.scene,
        candidate.quote,
    )
    shelf = candidate.priced.shelf
    session, item, territory = scene.session, scene.item, scene.territory
    if shelf is None or territory is None:
        raise LookupError("a candidate has a price and a territory")
    remedy = scene.remedy if rule.remedy else None
    ends_at = min(scene.now + rule.expires, rule.ends)
    if remedy:
        ends_at = min(ends_at, ms(remedy.fact.expires_at))
    since = context.reductions.first_applied_at(rule.id, item.sku, territory, scene.now)
    prior = prior_price_of(scene, since, shelf.currency)
    said = claim(prior, quote.unit) if quote.unit < shelf.amount else None
    product = scene.product
    campaign = rulebook.campaigns.get(rule.campaign) if rule.campaign else None
    return Offer(
        id=_id(session.id, seq, context.seed),
        session=session.id,
        customer=session.customer if scene.profile else None,
        rule=rule.id,
        rule_digest=rule.digest,
        campaign=rule.campaign,
        period=period_key(campaign.per, scene.now, campaign.timezone) if campaign else "",
        rulebook=rulebook.version,
        sku=item.sku,
        product=item.product_id,
        territory=territory,
        currency=shelf.currency,
        unit=quote.unit,
        public=shelf.amount,
        deduction=deduction(rule.price, shelf.currency),
        since=since,
        was=said.was if said else None,
        percent=said.percent if said else None,
        cost=shelf.cost,
        max_qty=rule.max_qty,
        hold=candidate.priced.hold,
        issued_at=scene.now,
        ends_at=ends_at,
        title=product.title if product else item.sku,
        message=_message(candidate, ends_at, rulebook.policy.language),
        placement=rule.placement,
        disclosure=disclosure(territory, session.locale, scene.now, provenance_of(rule)),
        image=product.image if product else None,
        url=product.url if product else None,
        personal="personal" in provenance_of(rule),
        on_change=rule.on_change,
        remedy=remedy.fact.remedy if remedy else None,
        stacks_with=tuple(sorted(rule.stacks_with)),
        notes=_notes(context, candidate, prior),
    )


def prior_price_of(scene: Scene, since: int, currency: str) -> PriorPrice | None:
    """The prior price of when the reduction first applied; lower, if the public price was so since."""
    ledger = scene.item.history.get(scene.territory or "", ())
    then = prior_price(ledger, since, currency)
    public = [entry for entry in ledger if not entry.offered]
    today = prior_price(public, scene.now, currency)
    return today if then and today and today.amount < then.amount else then


def _notes(context: Context, candidate: Candidate, prior: PriorPrice | None) -> tuple[str, ...]:
    rule, scene = candidate.rule, candidate.scene
    product, territory = scene.item.product_id, scene.territory or ""
    priced = not rule.remedy and rule.level != "shipping"
    general = priced and context.reductions.makes_general(rule.id, product, territory)
    short = prior is not None and not prior.complete
    marks = {CLAMPED: candidate.quote.clamped, GENERAL: general, SHORT_HISTORY: short}
    return tuple(mark for mark, holds in marks.items() if holds)


def provenance_of(rule: Rule) -> frozenset[Provenance]:
    """What targeting and price read: a voucher is the customer's own, a ladder counts the session's steps."""
    if rule.remedy:
        return rule.provenance | {"personal"}
    return rule.provenance | {"pseudonymous"} if rule.price.mode == "ladder" else rule.provenance


def _id(session: str, seq: int, seed: str) -> str:
    """Unguessable without the shop's seed, and the same whenever the decision is repeated."""
    text = f"{session}\0{seq}".encode()
    return ids.offer_id(blake2b(text, key=seed.encode()[:64], digest_size=16).digest())


def _message(candidate: Candidate, ends_at: int, language: str) -> str:
    rule, scene, shelf = candidate.rule, candidate.scene, candidate.priced.shelf
    product = scene.product
    if not rule.messages or shelf is None:
        return ""
    text, language = message_for(rule.messages, scene.session.locale, language)
    price = Money(candidate.quote.unit, shelf.currency)
    saved = Money(candidate.quote.saved, shelf.currency)
    values = {
        "item.title": product.title if product else scene.item.sku,
        "item.brand": scene.item.brand or "",
        "item.price": localized_amount(Money(shelf.amount, shelf.currency), language),
        "offer.price": localized_amount(price, language),
        "offer.saved": localized_amount(saved, language),
        "offer.expires": localized_duration(ends_at - scene.now, language),
    }
    return fill_placeholders(text, values)
