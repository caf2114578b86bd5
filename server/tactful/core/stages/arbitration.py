"""Who of the candidates is shown, and why are the others not? Gates 11 and 12."""

from collections.abc import Collection, Iterable, Iterator
from fractions import Fraction

from msgspec import Struct

from tactful.core.context import Context, Scene
from tactful.core.gates.evaluation import Evaluation, PricedRule
from tactful.core.offers.offer import Offer
from tactful.core.pricing.expected_value import NOTHING, ExpectedValue, value_of
from tactful.core.pricing.quote import Quote
from tactful.core.rules.rule import Rule
from tactful.core.stages.holdout import holdout_reason
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import CLAMPED, Finding, Verdict, VerdictOutcome

Rank = tuple[int, Fraction | int, int, str, str]


class Candidate(Struct, frozen=True, gc=False):
    """A rule that may speak about an item, and what it would say."""

    rule: Rule
    scene: Scene
    priced: PricedRule
    quote: Quote
    value: ExpectedValue | None = None
    """None: nobody asked, or nobody can say."""


def rank_candidates(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The candidates, the winner first."""
    return sorted(candidates, key=rank_of_candidate)


def rank_of_candidate(candidate: Candidate) -> Rank:
    """Tier, expected value, the smaller discount, rule id, then SKU: never the order of files."""
    rule, sku = candidate.rule, candidate.scene.item.sku
    worth = _exact(candidate.value)
    return (-rule.priority, -worth, candidate.quote.saved, rule.id, sku)


def rank_of_standing(offer: Offer, rule: Rule | None, value: ExpectedValue | None) -> Rank:
    """Where an offer that is up stands; without its rule, in the lowest tier of them all."""
    tier = -rule.priority if rule else 2**31
    return (tier, -_exact(value), offer.saved, offer.rule, offer.sku)


def price_after_discount(rule: Rule, quote: Quote) -> int:
    """What is left of the public price at worst, if one of the item is all that is ordered."""
    return quote.unit - quote.saved if rule.level == "shipping" else quote.unit


def offer_value(
    context: Context, scene: Scene, rule: str, priced: PricedRule, unit: int
) -> ExpectedValue | None:
    """What `rule` leaving `unit` for an item is worth, where the policy arbitrates by that."""
    policy, shelf = context.rulebook.policy, priced.shelf
    if policy.arbitration != "expected_value" or shelf is None or scene.territory is None:
        return None
    product = scene.item.product_id
    return value_of(context.rates, policy.prior, rule, product, scene.territory, unit, shelf)


def beats_silence(context: Context, candidate: Candidate) -> bool:
    """Whether it is worth more than saying nothing; one that is forced, or owed, need not be."""
    rule = candidate.rule
    if context.rulebook.policy.arbitration != "expected_value" or rule.force or rule.remedy:
        return True
    return candidate.value is not None and candidate.value.exact > NOTHING


def _exact(value: ExpectedValue | None) -> Fraction | int:
    """0 where nobody asked: to negate and compare fractions of ten candidates takes 8 µs."""
    return value.exact if value else 0


Selection = tuple[Candidate, VerdictOutcome, Reason | None]


def select_winner(
    context: Context, standing: Collection[Offer], candidates: Iterable[Candidate]
) -> Iterator[Selection]:
    """Each candidate, the winner first, with what becomes of it; at most one is pushed."""
    taken = False
    for candidate in rank_candidates(candidates):
        outcome, reason = _against(context, standing, candidate)
        if outcome is None and taken:
            outcome, reason = "withheld", Reason.ARBITRATION_OUTRANKED
        if outcome is None and not _may_stand(standing, candidate):
            outcome, reason = "withheld", Reason.ARBITRATION_EXCLUSIVE
        if outcome is None:
            outcome, reason = _measured(context, candidate)
            taken = candidate.rule.mode != "shadow"
        yield candidate, outcome, reason


def build_candidate(ground: Evaluation, rule: Rule) -> Candidate:
    """A rule that passed gates 1 to 10, which none does without a price."""
    scene, priced = ground.scene, ground.price_of(rule)
    quote = priced.passed_quote
    worth = offer_value(ground.context, scene, rule.id, priced, price_after_discount(rule, quote))
    return Candidate(rule, scene, priced, quote, worth)


def verdict_of(result: Selection) -> Verdict:
    """As the trace and an explanation say it."""
    candidate, outcome, reason = result
    marks = (CLAMPED,) if candidate.quote.clamped else ()
    worth = candidate.value.for_trace() if candidate.value else None
    finding = Finding(reason) if reason else None
    if reason is Reason.ARBITRATION_NEGATIVE_VALUE:
        finding = Finding(reason, actual=worth or "the cost is not known", needed=0)
    if candidate.value and candidate.value.by_prior:
        marks = (*marks, "arbitration.prior")
    findings = (finding,) if finding else ()
    return Verdict(candidate.rule.id, candidate.scene.item.sku, outcome, findings, marks, worth)


def _against(
    context: Context, standing: Iterable[Offer], candidate: Candidate
) -> tuple[VerdictOutcome | None, Reason | None]:
    """Against the offer that is up for the item, and against saying nothing.

    An offer gives way to a better one only, and only if the shopper saves more.
    """
    sku = candidate.scene.item.sku
    up = next((offer for offer in standing if offer.sku == sku and offer.advertised), None)
    if up and up.rule == candidate.rule.id:
        return "standing", None
    if not beats_silence(context, candidate):
        return "withheld", Reason.ARBITRATION_NEGATIVE_VALUE
    if up and not _betters(context, candidate, up):
        return "withheld", Reason.ARBITRATION_OUTRANKED
    return None, None


def _betters(context: Context, candidate: Candidate, up: Offer) -> bool:
    worth = offer_value(
        context, candidate.scene, up.rule, candidate.priced, up.price_after_discount
    )
    theirs = rank_of_standing(up, context.rulebook.rules.get(up.rule), worth)
    return (
        price_after_discount(candidate.rule, candidate.quote) < up.price_after_discount
        and rank_of_candidate(candidate) < theirs
    )


def _may_stand(standing: Iterable[Offer], candidate: Candidate) -> bool:
    """Beside what is up for other items, and what is promised."""
    sku, rule = candidate.scene.item.sku, candidate.rule
    others = (offer for offer in standing if offer.sku != sku or not offer.advertised)
    return all(offer.may_stand_beside(rule.id, rule.level, rule.stacks_with) for offer in others)


def _measured(context: Context, candidate: Candidate) -> tuple[VerdictOutcome, Reason | None]:
    """Whether a winner is held back to measure the effect."""
    rule, policy = candidate.rule, context.rulebook.policy
    reason = holdout_reason(context.seed, candidate.scene.holdout_key, rule, policy)
    if reason:
        return "held_out", reason
    return ("shadow", Reason.SHADOW) if rule.mode == "shadow" else ("pushed", None)
