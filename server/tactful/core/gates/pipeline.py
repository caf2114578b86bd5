"""The order of the gates: one for rules that would push and for offers that stand.

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
decision takes the first finding, an explanation takes all. A new gate adds one `yield from` here,
which serves pushes, standing offers, explanations, tests of rules and backtests alike.
"""

from collections.abc import Iterator

from tactful.core.context import Scene
from tactful.core.facts.fact_types import ms
from tactful.core.gates.availability import check_availability
from tactful.core.gates.budget_limit import check_budget, check_codes, check_rule_limits
from tactful.core.gates.eligibility import (
    check_conditions,
    check_rule_state,
    check_stop,
    needs_customer,
)
from tactful.core.gates.evaluation import Evaluation, PricedRule
from tactful.core.gates.page_price import check_page_price
from tactful.core.gates.prohibition import check_input_bans
from tactful.core.gates.suppression import check_price_regret, concerns_order
from tactful.core.offers.offer import Offer
from tactful.core.pricing import quote as pricing
from tactful.core.pricing.quote import PriceBasis, PriceRefusal
from tactful.core.rules.rule import NOW, All, PriceTerms, Rule, Rulebook
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding


def failed_gates(
    evaluation: Evaluation, rule: Rule, holds_at: int = NOW, standing: Offer | None = None
) -> Iterator[Finding]:
    """Yield the findings of gates 1 to 10 in gate order, for a rule or for its standing offer.

    A standing offer passed its conditions, timing, contact policy and budget when it was pushed.
    These are not checked again: the shopper's behaviour is no reason to withdraw it. The facts, the
    identity, the consent and the territory must still allow it (server/SEMANTICS.md, section 10).

    Args:
        evaluation: The item in front of the shopper, with the results that rules share.
        rule: The rule that matches the item; for a standing offer, what `rule_of` returns.
        holds_at: What `rule.holds_from` returns for the scene: `NOW`, `NEVER` or an instant in
            milliseconds since the Unix epoch, UTC. It does not concern a standing offer.
        standing: The visible offer that passes the gates again; None: the rule would push one.

    Yields:
        One finding per failed check; the first is the primary reason.
    """
    context, scene = evaluation.context, evaluation.scene
    if standing is None:
        yield from check_rule_state(rule, scene.now, context.rulebook.paused)
        if context.rulebook.exclusions:
            yield from evaluation.exclusion_findings(with_cart=rule.level == "order")
        yield from evaluation.shopper_findings(personal=needs_customer(rule, holds_at))
    else:
        yield from _changed_rule(context.rulebook, scene.now, rule, standing)
        if context.rulebook.exclusions:
            # The cart is the shopper's behaviour, which is no reason to withdraw.
            yield from evaluation.exclusion_findings(with_cart=False)
        # The offer records whether it is personal: its condition may hold for other reasons now.
        yield from evaluation.shopper_findings(personal=standing.personal or rule.remedy)
    if context.rulebook.input_bans:
        yield from check_input_bans(scene, rule, context.rulebook.input_bans)
    yield from evaluation.age_findings
    yield from evaluation.feed_findings
    if standing is None:
        yield from check_conditions(scene, rule, holds_at)
    else:
        yield from _changed_target(scene, standing)
    about_order = concerns_order(scene, rule)
    yield from evaluation.suppression_findings(rule, about_order=about_order)
    # This check belongs to gate 5, but it needs the price. Only a customer has purchases.
    if scene.profile and not about_order:
        yield from _regret_findings(evaluation, rule, standing)
    yield from evaluation.availability_findings(rule.max_qty, standing)
    if standing is not None:
        yield from _still_a_price(evaluation, rule, standing)
        return
    priced = evaluation.price_of(rule)
    yield from _price_findings(evaluation, rule, priced)
    yield from evaluation.timing_findings(rule, holds_at)
    yield from evaluation.contact_findings(rule)
    if rule.has_limits:
        yield from check_rule_limits(scene, rule)
    # Without a price there is no amount to compare with the budget; gate 7 has a finding for that.
    if rule.campaign is not None and priced.price_basis:
        yield from check_budget(context, rule, priced.hold, priced.price_basis.currency)
    yield from check_codes(context, rule)


def failed_by_everyone(
    scene: Scene, rulebook: Rulebook, rule: Rule, standing: Offer
) -> Iterator[Finding]:
    """Yield the findings that `failed_gates` has for a standing offer of every shopper.

    They depend on the item, the territory and the rule, but on nothing of the session, so one
    evaluation says for thousands of shoppers that their offers must go. Without a finding, each
    shopper's gates have to be asked.

    Args:
        scene: The item in the territory of the shoppers; its session is not read.
        rulebook: The active rules and policy.
        rule: What `rule_of` returns for the offer.
        standing: A visible offer of any of the shoppers.

    Yields:
        Findings of gates 1 and 6. A shopper's primary reason may be another one.
    """
    yield from _changed_rule(rulebook, scene.now, rule, standing)
    # Promises to others only make it worse.
    yield from check_availability(scene, rulebook.policy, 0, standing.max_qty)


def rule_of(offer: Offer, rule: Rule | None) -> Rule:
    """Return the rule of a standing offer, or a substitute if the rulebook no longer contains it.

    The price terms of the substitute add no price floor, and its digest differs from that of every
    offer. The offer's own `on_change` decides whether the offer is kept.
    """
    return rule or Rule(
        id=offer.rule,
        price=PriceTerms("fixed", amounts={offer.currency: offer.unit}),
        holds_from=lambda _: NOW,
        condition=All(()),
        digest="gone",
        remedy=offer.remedy is not None,
        on_change=offer.on_change,
    )


def _changed_rule(rulebook: Rulebook, now: int, rule: Rule, standing: Offer) -> Iterator[Finding]:
    """Gate 1 again: `keep` and `drain` leave a standing offer alone when its rule changes.

    A stop of all offers leaves none.
    """
    if rule.on_change != "withdraw":
        yield from check_stop(rulebook.paused)
    else:
        yield from check_rule_state(rule, now, rulebook.paused)
        if rule.digest != standing.rule_digest:
            yield Finding(Reason.RULE_ENDED, actual=standing.rulebook, needed=rulebook.version)


def _changed_target(scene: Scene, standing: Offer) -> Iterator[Finding]:
    """Gate 4 again: yield whether the shopper is in another territory, or another shopper."""
    if scene.territory != standing.territory:
        yield Finding(Reason.TARGET_TERRITORY, actual=scene.territory, needed=standing.territory)
    if standing.customer is not None and standing.customer != scene.session.customer:
        yield Finding(Reason.IDENTITY_UNVERIFIED, actual=None, needed="the same shopper")
    elif standing.remedy is not None and not _still_a_voucher(scene, standing):
        yield Finding(Reason.TARGET_CONDITIONS, actual={"remedy": None}, needed="a remedy")


def _still_a_voucher(scene: Scene, standing: Offer) -> bool:
    """Return whether the voucher of an offer can be used as long and for as much as the offer says.

    It cannot if it has ended, or if another session of the customer has accepted or used it.
    """
    usable = scene.remedies(standing.id)
    voucher = next((one for one in usable if one.fact.remedy == standing.remedy), None)
    if voucher is None or ms(voucher.fact.expires_at) < standing.ends_at:
        return False
    value, off = voucher.fact.value.amount, standing.order_deduction
    return value is None or off is None or value >= off.at_most


def _regret_findings(
    evaluation: Evaluation, rule: Rule, standing: Offer | None
) -> Iterator[Finding]:
    """Gate 5: yield why the customer would regret an earlier purchase."""
    scene, policy = evaluation.scene, evaluation.policy
    # A standing offer keeps the price at which it was pushed.
    if standing is not None:
        yield from check_price_regret(scene, standing.unit, standing.currency, policy)
        return
    unit, basis = evaluation.price_of(rule).unit, evaluation.price_basis
    if unit is not None and basis is not None:
        yield from check_price_regret(scene, unit, basis.currency, policy)


def _price_findings(evaluation: Evaluation, rule: Rule, priced: PricedRule) -> Iterator[Finding]:
    """Gate 7: yield why there is no price to offer."""
    scene, quote, basis = evaluation.scene, priced.quote, priced.price_basis
    if isinstance(quote, PriceRefusal):
        at = scene.price.at if scene.price else None
        needed: int | str | None = quote.needed
        if quote.reason == "price.missing" and basis and not rule.remedy:
            needed = pricing.missing_input(rule.price, basis)
        yield Finding(Reason(quote.reason), actual=quote.actual, needed=needed, at=at)
    elif evaluation.shown_price is not None:
        yield from check_page_price(scene, evaluation.shown_price, quote.unit)


def _still_a_price(evaluation: Evaluation, rule: Rule, standing: Offer) -> Iterator[Finding]:
    """Gate 7 again: yield why the offer's price may not be offered any more.

    It must be below the public price and at or above the price floor, both as of now.
    """
    reported, price_basis, policy = (
        evaluation.scene.price,
        evaluation.price_basis,
        evaluation.policy,
    )
    if reported is None or price_basis is None or price_basis.currency != standing.currency:
        yield Finding(Reason.PRICE_MISSING)
        return
    if evaluation.shown_price is not None:
        yield from check_page_price(evaluation.scene, evaluation.shown_price, standing.unit)
    if standing.level == "shipping":
        yield from _same_item_price(standing, price_basis, reported.at)
        return
    floor = pricing.floor_of(
        rule.price, price_basis, policy.min_margin_bp, policy.max_total_discount_bp
    )
    unit, at = standing.unit, reported.at
    # A remedy is owed, whatever it costs, and a gift is free by its rule.
    if unit < floor.amount and not (standing.remedy or rule.price.mode == "gift"):
        yield Finding(Reason.PRICE_FLOOR, actual=unit, needed=floor.amount, at=at)
    if unit >= price_basis.amount:
        below = price_basis.amount - 1
        yield Finding(Reason.PRICE_NO_IMPROVEMENT, actual=unit, needed=below, at=at)


def _same_item_price(offer: Offer, price_basis: PriceBasis, at: int) -> Iterator[Finding]:
    """Yield a finding if an offer on the shipping shows an outdated price of the item.

    Such an offer repeats the item's public price beside the saving; it does not promise it.
    """
    if offer.unit != price_basis.amount:
        reason = Reason.PRICE_NO_IMPROVEMENT
        yield Finding(reason, actual=offer.unit, needed=price_basis.amount, at=at)
