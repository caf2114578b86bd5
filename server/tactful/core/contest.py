"""Who of the candidates is shown, and why are the others not? Gates 11 and 12."""

from collections.abc import Collection, Iterable, Iterator

from tactful.core.arbitration import Candidate, arbitrate, rank, rank_of
from tactful.core.context import Context, Scene
from tactful.core.gates import price_of
from tactful.core.holdout import held_out
from tactful.core.offers import Offer
from tactful.core.reasons import Reason
from tactful.core.rules import Rule
from tactful.core.trace import Finding, Outcome, Verdict

Result = tuple[Candidate, Outcome, Reason | None]


def contest(
    context: Context, standing: Collection[Offer], candidates: Iterable[Candidate]
) -> Iterator[Result]:
    """Each candidate, the winner first, with what becomes of it; at most one is pushed."""
    taken = False
    for candidate in arbitrate(candidates):
        outcome, reason = _against(context, standing, candidate)
        if outcome is None and taken:
            outcome, reason = "withheld", Reason.ARBITRATION_OUTRANKED
        if outcome is None:
            outcome, reason = _measured(context, candidate)
            taken = candidate.rule.mode != "shadow"
        yield candidate, outcome, reason


def candidate_of(context: Context, scene: Scene, rule: Rule) -> Candidate:
    """A rule that passed gates 1 to 10, which none does without a price."""
    priced = price_of(scene, rule, context.rulebook.policy)
    return Candidate(rule, scene, priced, priced.agreed)


def verdict(result: Result) -> Verdict:
    """As the trace and an explanation say it."""
    candidate, outcome, reason = result
    marks = ("price.clamped",) if candidate.quote.clamped else ()
    findings = (Finding(reason),) if reason else ()
    return Verdict(candidate.rule.id, candidate.scene.item.sku, outcome, findings, marks)


def _against(
    context: Context, standing: Iterable[Offer], candidate: Candidate
) -> tuple[Outcome | None, Reason | None]:
    """An offer that is up for the item gives way to a better one only, and if the shopper saves more."""
    for offer in standing:
        if offer.sku != candidate.scene.item.sku or not offer.advertised:
            continue
        if offer.rule == candidate.rule.id:
            return "standing", None
        better = rank(candidate) < rank_of(offer, context.rulebook.rules.get(offer.rule))
        if not better or candidate.quote.unit >= offer.unit:
            return "withheld", Reason.ARBITRATION_OUTRANKED
    return None, None


def _measured(context: Context, candidate: Candidate) -> tuple[Outcome, Reason | None]:
    """Whether a winner is held back to measure the effect."""
    rule, policy = candidate.rule, context.rulebook.policy
    reason = held_out(context.seed, candidate.scene.person, rule, policy)
    if reason:
        return "held_out", reason
    return ("shadow", Reason.SHADOW) if rule.mode == "shadow" else ("pushed", None)
