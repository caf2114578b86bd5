"""Arbitration, gates 11 and 12: which candidate is pushed, and why the others are not.

The order of comparison is server/SEMANTICS.md, section 7: tier, expected value, the smaller
discount, rule id, SKU. Every comparison is total and exact, so that the same inputs give the same
winner whatever the order of the rule files.
"""

from collections.abc import Collection, Iterable, Iterator
from fractions import Fraction

from msgspec import Struct

from tactful.core.context import Context, Scene
from tactful.core.gates.evaluation import Evaluation, PricedRule
from tactful.core.offers.offer import Offer, OfferState, not_held_out
from tactful.core.pricing.expected_value import NOTHING, ExpectedValue, value_of
from tactful.core.pricing.quote import Quote
from tactful.core.rules.rule import Rule
from tactful.core.stages.holdout import holdout_reason, variant_of
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import BY_PRIOR, CLAMPED, Finding, Verdict, VerdictOutcome

Rank = tuple[int, Fraction | int, int, str, str]
"""(minus tier, minus expected value, saving in minor units, rule id, SKU); the smallest wins."""


class Candidate(Struct, frozen=True, gc=False):
    """A rule that passed gates 1 to 10 for an item."""

    rule: Rule
    scene: Scene
    priced: PricedRule
    quote: Quote
    """The price that the offer would have."""
    value: ExpectedValue | None = None
    """None: the policy does not arbitrate by value, or the cost is unknown."""


def rank_candidates(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the candidates, the winner first."""
    return sorted(candidates, key=rank_of_candidate)


def rank_of_candidate(candidate: Candidate) -> Rank:
    """Return a candidate's place in the order of arbitration."""
    rule, sku = candidate.rule, candidate.scene.item.sku
    value = _exact(candidate.value)
    return (-rule.priority, -value, candidate.quote.saved, rule.id, sku)


def rank_of_standing(offer: Offer, rule: Rule | None, value: ExpectedValue | None) -> Rank:
    """Return a standing offer's place among candidates.

    Args:
        offer: The standing offer.
        rule: Its rule; None if the rulebook no longer contains it. Such an offer is in a tier below
            every other, so that any better candidate replaces it.
        value: Its expected value; None where it was not computed.

    Returns:
        A rank that compares with those of candidates.
    """
    tier = -rule.priority if rule else 2**31
    return (tier, -_exact(value), offer.saved, offer.rule, offer.sku)


def price_after_discount(rule: Rule, quote: Quote) -> int:
    """Return what the shopper pays for one unit if nothing else is ordered, in minor units.

    A discount on the shipping does not change the item's price. Its saving is subtracted here, so
    that arbitration can compare it with a discount on the item.
    """
    return quote.unit - quote.saved if rule.level == "shipping" else quote.unit


def offer_value(
    context: Context, scene: Scene, rule: str, priced: PricedRule, unit: int
) -> ExpectedValue | None:
    """Return the expected value of a rule's offer, where the policy arbitrates by it.

    Args:
        context: The inputs; its rates and policy are read.
        scene: The item in front of the shopper.
        rule: The rule's id; the rates are kept per rule.
        priced: The rule's price for the item.
        unit: What the shopper would pay for one unit, in minor units.

    Returns:
        The value against showing nothing. None where the policy arbitrates by tier alone, or where
        price or territory is unknown.
    """
    policy, price_basis = context.rulebook.policy, priced.price_basis
    if policy.arbitration != "expected_value" or price_basis is None or scene.territory is None:
        return None
    product = scene.item.product_id
    return value_of(context.rates, policy.prior, rule, product, scene.territory, unit, price_basis)


def beats_silence(context: Context, candidate: Candidate) -> bool:
    """Return whether a candidate is worth more than showing nothing.

    Without arbitration by value, the answer is always yes. A rule with `force` is shown whatever it
    costs, and a remedy is owed to the customer, so neither has to earn anything.
    """
    rule = candidate.rule
    if context.rulebook.policy.arbitration != "expected_value" or rule.force or rule.remedy:
        return True
    return candidate.value is not None and candidate.value.exact > NOTHING


def _exact(value: ExpectedValue | None) -> Fraction | int:
    """Return the value in minor units; the integer 0 where none was computed.

    Most policies do not weigh expected values, and an integer then avoids the 8 µs that negating and
    comparing the fractions of ten candidates takes.
    """
    return value.exact if value else 0


Selection = tuple[Candidate, VerdictOutcome, Reason | None]
"""A candidate, its outcome, and the reason if it is not pushed."""


def select_winner(
    context: Context, standing: Collection[Offer], candidates: Iterable[Candidate]
) -> Iterator[Selection]:
    """Select at most one candidate to push.

    Args:
        context: The inputs.
        standing: The session's standing offers, and those held out for as long as they would stand.
        candidates: The rules that passed gates 1 to 10.

    Yields:
        Every candidate in rank order with its outcome. At most one is "pushed" or "held_out".
    """
    won = False
    swapped: Candidate | None = None
    ranked = rank_candidates(candidates)
    for candidate in ranked:
        if candidate is swapped:
            continue
        beside = not_held_out(standing) if candidate.rule.remedy else standing
        outcome, reason = _against(context, beside, candidate)
        if outcome is None and won:
            outcome, reason = "withheld", Reason.ARBITRATION_OUTRANKED
        if outcome is None and not _may_stack(beside, candidate):
            outcome, reason = "withheld", Reason.ARBITRATION_EXCLUSIVE
        if outcome is None:
            outcome, reason = _measured(context, candidate)
            if reason is Reason.HOLDOUT_VARIANT:
                swapped = _own_variant(context, standing, candidate, ranked)
                if swapped:
                    yield swapped, "pushed", None
                    outcome = "withheld"
            # A held-out winner ends the arbitration: showing the second best to the control group
            # would spoil the comparison. A shadow rule must not change what shoppers see.
            won = candidate.rule.mode != "shadow"
        yield candidate, outcome, reason


def build_candidate(evaluation: Evaluation, rule: Rule) -> Candidate:
    """Return the candidate of a rule that passed gates 1 to 10.

    Args:
        evaluation: The evaluation in which the rule passed.
        rule: The rule.

    Returns:
        The candidate with its price, and its value where the policy asks for one.

    Raises:
        LookupError: If the rule has no price, so that it cannot have passed gate 7.
    """
    scene, priced = evaluation.scene, evaluation.price_of(rule)
    quote, value = priced.passed_quote, None
    # Most policies weigh no expected values.
    if evaluation.policy.arbitration == "expected_value":
        unit = price_after_discount(rule, quote)
        value = offer_value(evaluation.context, scene, rule.id, priced, unit)
    return Candidate(rule, scene, priced, quote, value)


def verdict_of(selection: Selection) -> Verdict:
    """Return the verdict on a candidate, for traces and explanations."""
    candidate, outcome, reason = selection
    notes = (CLAMPED,) if candidate.quote.clamped else ()
    value = candidate.value.for_trace() if candidate.value else None
    finding = Finding(reason) if reason else None
    if reason is Reason.ARBITRATION_NEGATIVE_VALUE:
        finding = Finding(reason, actual=value or "the cost is not known", needed=0)
    if candidate.value and candidate.value.by_prior:
        notes = (*notes, BY_PRIOR)
    findings = (finding,) if finding else ()
    return Verdict(candidate.rule.id, candidate.scene.item.sku, outcome, findings, notes, value)


def _against(
    context: Context, standing: Iterable[Offer], candidate: Candidate
) -> tuple[VerdictOutcome | None, Reason | None]:
    """Compare a candidate with the visible offer on its item, and with showing nothing.

    A visible offer is replaced only by a candidate that ranks higher and saves the shopper more, so
    that no price rises in front of a shopper (server/SEMANTICS.md, section 7).
    """
    sku, visible = candidate.scene.item.sku, None
    for offer in standing:
        if offer.sku == sku and offer.takes_screen:
            visible = offer
            break
    # The rule's own offer is on the screen already; a second one would only restart the countdown.
    if visible and visible.rule == candidate.rule.id:
        return _stands(context, candidate, visible)
    experiment = candidate.rule.experiment
    if visible and experiment and experiment.compares(visible.rule):
        return "withheld", Reason.HOLDOUT_VARIANT
    if not beats_silence(context, candidate):
        return "withheld", Reason.ARBITRATION_NEGATIVE_VALUE
    if visible and not _betters(context, candidate, visible):
        return "withheld", Reason.ARBITRATION_OUTRANKED
    return None, None


def _stands(
    context: Context, candidate: Candidate, visible: Offer
) -> tuple[VerdictOutcome, Reason | None]:
    """Return that the rule's own offer stands, or would stand if it were not held out."""
    if visible.state is not OfferState.HELD_OUT:
        return "standing", None
    return "held_out", held_out_because(context, candidate.scene, candidate.rule)


def held_out_because(context: Context, scene: Scene, rule: Rule) -> Reason:
    """Return why an offer of a rule that was held out earlier still is."""
    reason = holdout_reason(context.seed, scene.holdout_key, rule, context.rulebook.policy)
    # The share may have changed since: the offer stays held out until it would have ended.
    return reason or Reason.HOLDOUT_RULE


def _betters(context: Context, candidate: Candidate, visible: Offer) -> bool:
    """Return whether a candidate saves more than a visible offer and ranks higher."""
    value = offer_value(
        context, candidate.scene, visible.rule, candidate.priced, visible.price_after_discount
    )
    # Both conditions are needed: the rank may come from a new tier, and the shopper would pay more.
    rank = rank_of_standing(visible, context.rulebook.rules.get(visible.rule), value)
    return (
        price_after_discount(candidate.rule, candidate.quote) < visible.price_after_discount
        and rank_of_candidate(candidate) < rank
    )


def _may_stack(standing: Iterable[Offer], candidate: Candidate) -> bool:
    """Return whether a candidate may stand beside all other standing offers.

    Those are the offers for other items and the accepted offers on this one. The visible offer on
    this item is not among them: the candidate would replace it.
    """
    sku, rule = candidate.scene.item.sku, candidate.rule
    for offer in standing:
        is_other = offer.sku != sku or not offer.takes_screen
        if is_other and not offer.may_stand_beside(rule.id, rule.level, rule.stacks_with):
            return False
    return True


def _own_variant(
    context: Context, standing: Collection[Offer], best: Candidate, ranked: Iterable[Candidate]
) -> Candidate | None:
    """Return what a shopper gets in the place of the best rule of an experiment.

    All shoppers of an experiment are due an offer at the same instant: when the best of its rules
    wins. So the arms are alike, even where the rules have other prices.

    Args:
        context: The inputs.
        standing: As in `select_winner`.
        best: The winner, which is for other shoppers.
        ranked: All candidates.

    Returns:
        None where the rule of this shopper may make no offer here: then nothing is shown.
    """
    experiment = best.rule.experiment
    own = experiment and variant_of(context.seed, best.scene.holdout_key, experiment)
    for one in ranked:
        if one.rule.id == own and one.scene.item.sku == best.scene.item.sku:
            passes = _against(context, standing, one) == (None, None) and _may_stack(standing, one)
            return one if passes else None
    return None


def _measured(context: Context, candidate: Candidate) -> tuple[VerdictOutcome, Reason | None]:
    """Gate 12: return whether a winner is held out to measure the effect, or runs as a shadow."""
    rule, policy = candidate.rule, context.rulebook.policy
    reason = holdout_reason(context.seed, candidate.scene.holdout_key, rule, policy)
    if reason:
        return "held_out", reason
    return ("shadow", Reason.SHADOW) if rule.mode == "shadow" else ("pushed", None)
