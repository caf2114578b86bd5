"""The order of the gates, for a candidate and for a standing offer.

The order is that of server/SEMANTICS.md, section 7, and of `Reason`: the first finding is the
primary reason. It runs from prohibitions to preferences, and from cheap checks to expensive ones:

1. rule state and exclusions of the shop: a paused rule costs nothing further.
2. shopper and bans of inputs: without consent nothing about the shopper is read.
3. feeds: the later gates may rely on the facts.
4. targeting: most rules fail here.
5. suppression: before any price is computed, since no price makes up for a complaint.
6. availability: nothing is promised that cannot be delivered.
7. price: the gates before it need no price; those after it have an offer to check.
8. timing: waiting is enough to pass it, so it follows the gates where waiting does not help.
9. contact policy: waiting is enough here too, for hours or days.
10. budget: only reads; the ledger reserves when the turn is committed.

Gates 11 and 12 compare candidates and are in `stages/arbitration.py`. All functions are lazy: a
decision takes the first finding, an explanation takes all. A new gate adds one `yield from` here.
"""

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
from tactful.core.gates.evaluation import Evaluation, PricedRule, price_basis_of
from tactful.core.gates.prohibition import check_exclusions, check_input_bans
from tactful.core.gates.suppression import check_price_regret, check_suppression
from tactful.core.offers.offer import Offer
from tactful.core.pricing import quote as pricing
from tactful.core.pricing.quote import PriceBasis, PriceRefusal, Quote
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NOW, All, PriceTerms, Rule
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding


def failed_gates(evaluation: Evaluation, rule: Rule, holds_at: int) -> Iterator[Finding]:
    """Yield the findings of gates 1 to 10 for a rule, in gate order.

    Args:
        evaluation: The item in front of the shopper, with the results that rules share.
        rule: The rule that matches the item.
        holds_at: What `rule.holds_from` returns for the scene: `NOW`, `NEVER` or an instant in
            milliseconds since the Unix epoch, UTC.

    Yields:
        One finding per failed check; the first is the primary reason.
    """
    context, scene, policy = evaluation.context, evaluation.scene, evaluation.policy
    yield from check_rule_state(rule, scene.now, context.rulebook.paused)
    yield from evaluation.exclusion_findings(rule)
    yield from evaluation.shopper_findings(personal=needs_customer(rule, holds_at))
    yield from check_input_bans(scene, rule, context.rulebook.input_bans)
    yield from evaluation.feed_findings
    yield from check_conditions(scene, rule, holds_at)
    yield from evaluation.suppression_findings(rule)
    priced = evaluation.price_of(rule)
    # This check belongs to gate 5, but it needs the price, so it comes after the pricing.
    if isinstance(priced.quote, Quote) and priced.price_basis:
        yield from check_price_regret(scene, priced.quote.unit, priced.price_basis.currency, policy)
    yield from evaluation.availability_findings(rule.max_qty)
    yield from _price_findings(scene, rule, priced)
    yield from evaluation.timing_findings(rule, holds_at)
    yield from evaluation.contact_findings(rule)
    yield from check_rule_limits(scene, rule)
    # Without a price there is no amount to compare with the budget; gate 7 has a finding for that.
    if priced.price_basis:
        yield from check_budget(context, rule, priced.hold, priced.price_basis.currency)


def _price_findings(scene: Scene, rule: Rule, priced: PricedRule) -> Iterator[Finding]:
    """Gate 7: yield why there is no price to offer."""
    quote, basis = priced.quote, priced.price_basis
    if isinstance(quote, PriceRefusal):
        at = scene.price.at if scene.price else None
        needed: int | str | None = quote.needed
        if quote.reason == "price.missing" and basis and not rule.remedy:
            needed = pricing.missing_input(rule.price, basis)
        yield Finding(Reason(quote.reason), actual=quote.actual, needed=needed, at=at)


def failed_gates_of_standing(
    context: Context, scene: Scene, offer: Offer, rule: Rule | None
) -> Iterator[Finding]:
    """Yield the findings of the gates that a visible offer passes again after a change.

    Conditions, timing, contact policy and budget passed when the offer was pushed, and are not
    checked again: the shopper's behaviour is no reason to withdraw it. The facts, the identity, the
    consent and the territory must still allow it (server/SEMANTICS.md, section 10).

    Args:
        context: The inputs of the turn.
        scene: The offer's item in front of the shopper, as of now.
        offer: The standing offer.
        rule: Its rule; None if the rulebook no longer contains it. Then the offer's own `on_change`
            decides whether the offer is kept, and the shop's policy decides the rest.

    Yields:
        One finding per failed check, in gate order.
    """
    policy = context.rulebook.policy
    checked_rule = rule or _stand_in(offer)
    # `keep` and `drain` leave a standing offer alone when its rule changes.
    if (rule or offer).on_change == "withdraw":
        yield from check_rule_state(checked_rule, scene.now, context.rulebook.paused)
        if checked_rule.digest != offer.rule_digest:
            yield Finding(Reason.RULE_ENDED, actual=offer.rulebook, needed=context.rulebook.version)
    # The offer itself records whether it is personal: its condition may hold for other reasons now.
    # The cart is the shopper's behaviour, which is no reason to withdraw.
    yield from check_exclusions(scene, context.rulebook.exclusions, with_cart=False)
    yield from check_shopper(scene, personal=offer.personal or checked_rule.remedy)
    yield from check_input_bans(scene, checked_rule, context.rulebook.input_bans)
    yield from check_feeds(scene, policy, context.feed_heartbeats)
    if scene.territory != offer.territory:
        yield Finding(Reason.TARGET_TERRITORY, actual=scene.territory, needed=offer.territory)
    if offer.customer is not None and offer.customer != scene.session.customer:
        yield Finding(Reason.IDENTITY_UNVERIFIED, actual=None, needed="the same shopper")
    yield from check_suppression(scene, checked_rule, policy, context.rulebook.suppress)
    yield from check_price_regret(scene, offer.unit, offer.currency, policy)
    # Earlier promises have the first claim on the stock, so the newest offers are withdrawn first.
    yield from check_availability(scene, policy, context.ahead.get(offer.id, 0), offer.max_qty)
    yield from _still_a_price(scene, offer, checked_rule, policy)


def _stand_in(offer: Offer) -> Rule:
    """Return a substitute for the rule of an offer, if the rulebook no longer contains that rule.

    Its price terms add no price floor, and its digest differs from that of every offer.
    """
    return Rule(
        id=offer.rule,
        price=PriceTerms("fixed", amounts={offer.currency: offer.unit}),
        holds_from=lambda _: NOW,
        condition=All(()),
        digest="gone",
        remedy=offer.remedy is not None,
    )


def _still_a_price(scene: Scene, offer: Offer, rule: Rule, policy: Policy) -> Iterator[Finding]:
    """Gate 7 again: yield why the offer's price may not be offered any more.

    It must be below the public price and at or above the price floor, both as of now.
    """
    reported, price_basis = scene.price, price_basis_of(scene)
    if reported is None or price_basis is None or price_basis.currency != offer.currency:
        yield Finding(Reason.PRICE_MISSING)
        return
    if offer.level == "shipping":
        yield from _same_item_price(offer, price_basis, reported.at)
        return
    floor = pricing.floor_of(
        rule.price, price_basis, policy.min_margin_bp, policy.max_total_discount_bp
    )
    # A remedy is owed, whatever it costs, and a gift is free by its rule.
    if offer.unit < floor.amount and not (offer.remedy or rule.price.mode == "gift"):
        yield Finding(Reason.PRICE_FLOOR, actual=offer.unit, needed=floor.amount, at=reported.at)
    if offer.unit >= price_basis.amount:
        yield Finding(
            Reason.PRICE_NO_IMPROVEMENT,
            actual=offer.unit,
            needed=price_basis.amount - 1,
            at=reported.at,
        )


def _same_item_price(offer: Offer, price_basis: PriceBasis, at: int) -> Iterator[Finding]:
    """Yield a finding if an offer on the shipping shows an outdated price of the item.

    Such an offer repeats the item's public price beside the saving; it does not promise it.
    """
    if offer.unit != price_basis.amount:
        reason = Reason.PRICE_NO_IMPROVEMENT
        yield Finding(reason, actual=offer.unit, needed=price_basis.amount, at=at)
