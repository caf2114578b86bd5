"""Which gates fail for one rule, one item and one shopper? All of them, in their order, lazily."""

from collections.abc import Iterator

from tactful.core.context import Context, Scene
from tactful.core.gates.availability import check_availability
from tactful.core.gates.budget_limit import check_budget, check_rule_limits
from tactful.core.gates.eligibility import (
    check_conditions,
    check_feeds,
    check_rule_state,
    check_shopper,
    needs_customer,
)
from tactful.core.gates.evaluation import Evaluation, shelf_price_of
from tactful.core.gates.suppression import check_price_regret, check_suppression
from tactful.core.offers.offer import Offer
from tactful.core.pricing import quote as pricing
from tactful.core.pricing.quote import PriceBasis, PriceRefusal, Quote
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NOW, All, PriceTerms, Rule
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding


def failed_gates(ground: Evaluation, rule: Rule, ripe: int) -> Iterator[Finding]:
    """Gates 1 to 10 for a candidate; the first finding is the primary reason.

    `ripe`: what `rule.holds_from` says of the scene.
    """
    context, scene, policy = ground.context, ground.scene, ground.policy
    yield from check_rule_state(rule, scene.now, context.rulebook.paused)
    yield from ground.shopper_findings(personal=needs_customer(rule, ripe))
    yield from ground.feed_findings
    yield from check_conditions(scene, rule, ripe)
    yield from ground.suppression_findings(rule)
    priced = ground.price_of(rule)  # suppress before price: cheap and absolute first
    if isinstance(priced.quote, Quote) and priced.shelf:
        yield from check_price_regret(scene, priced.quote.unit, priced.shelf.currency, policy)
    yield from ground.availability_findings(rule.max_qty)
    yield from _price(scene, priced.quote)
    yield from ground.timing_findings(rule, ripe)
    yield from ground.contact_findings(rule)
    yield from check_rule_limits(scene, rule)
    if priced.shelf:
        yield from check_budget(context, rule, priced.hold, priced.shelf.currency)


def _price(scene: Scene, quote: Quote | PriceRefusal) -> Iterator[Finding]:
    """Gate 7: is there a price, and is it one to offer?"""
    if isinstance(quote, PriceRefusal):
        at = scene.price.at if scene.price else None
        yield Finding(Reason(quote.reason), actual=quote.actual, needed=quote.needed, at=at)


def failed_gates_of_standing(
    context: Context, scene: Scene, offer: Offer, rule: Rule | None
) -> Iterator[Finding]:
    """The gates that an offer on the screen passes again whenever something changes.

    What the shopper does with the offer is no reason to take it back: conditions, timing, contact
    and budget are judged once. A rule that is gone is judged by `on_change`, the rest by the policy.
    """
    policy = context.rulebook.policy
    judged = rule or _gone(offer)
    if (rule or offer).on_change == "withdraw":
        yield from check_rule_state(judged, scene.now, context.rulebook.paused)
        if judged.digest != offer.rule_digest:
            yield Finding(Reason.RULE_ENDED, actual=offer.rulebook, needed=context.rulebook.version)
    yield from _still_allowed(scene, offer, judged)
    yield from check_feeds(scene, policy, context.feed_heartbeats)
    if scene.territory != offer.territory:
        yield Finding(Reason.TARGET_TERRITORY, actual=scene.territory, needed=offer.territory)
    if offer.customer is not None and offer.customer != scene.session.customer:
        yield Finding(Reason.IDENTITY_UNVERIFIED, actual=None, needed="the same shopper")
    yield from check_suppression(scene, judged, policy, context.rulebook.suppress)
    yield from check_price_regret(scene, offer.unit, offer.currency, policy)
    yield from check_availability(scene, policy, context.ahead.get(offer.id, 0), offer.max_qty)
    yield from _still_a_price(scene, offer, judged, policy)


def _still_allowed(scene: Scene, offer: Offer, rule: Rule) -> Iterator[Finding]:
    """Gate 2 again: a personal offer ends with the consent that it rests on."""
    if offer.personal and not scene.session.personal:
        gpc = scene.session.gpc and scene.session.consent == "personal"
        reason = Reason.CONSENT_GPC if gpc else Reason.CONSENT_MISSING
        yield Finding(reason, actual=scene.session.consent, needed="personal")
    yield from check_shopper(scene, personal=needs_customer(rule, rule.holds_from(scene)))


def _gone(offer: Offer) -> Rule:
    """What stands in for a rule that the rulebook has no more."""
    return Rule(
        id=offer.rule,
        price=PriceTerms("fixed", amounts={offer.currency: offer.unit}),
        holds_from=lambda _: NOW,
        condition=All(()),
        digest="gone",
        remedy=offer.remedy is not None,
    )


def _still_a_price(scene: Scene, offer: Offer, rule: Rule, policy: Policy) -> Iterator[Finding]:
    """Gate 7 again: the offer must still be below the public price and at or above the floor."""
    kept, shelf = scene.price, shelf_price_of(scene)
    if kept is None or shelf is None or shelf.currency != offer.currency:
        yield Finding(Reason.PRICE_MISSING)
        return
    if offer.level == "shipping":
        yield from _still_the_price(offer, shelf, kept.at)
        return
    floor = pricing.floor_of(rule.price, shelf, policy.min_margin_bp, policy.max_total_discount_bp)
    if offer.unit < floor.amount and not offer.remedy:
        yield Finding(Reason.PRICE_FLOOR, actual=offer.unit, needed=floor.amount, at=kept.at)
    if offer.unit >= shelf.amount:
        yield Finding(
            Reason.PRICE_NO_IMPROVEMENT, actual=offer.unit, needed=shelf.amount - 1, at=kept.at
        )


def _still_the_price(offer: Offer, shelf: PriceBasis, at: int) -> Iterator[Finding]:
    """An offer on the shipping shows the item's price as everybody pays it, and does not promise it."""
    if offer.unit != shelf.amount:
        reason = Reason.PRICE_NO_IMPROVEMENT
        yield Finding(reason, actual=offer.unit, needed=shelf.amount, at=at)
