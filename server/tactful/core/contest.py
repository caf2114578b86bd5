"""Who of the candidates is shown, and why are the others not? Gates 11 and 12."""

from collections.abc import Collection, Iterable, Iterator

from tactful.core.arbitration import (
    Candidate,
    arbitrate,
    beats_silence,
    kept,
    rank,
    rank_of,
    value,
)
from tactful.core.context import Context
from tactful.core.ground import Ground
from tactful.core.holdout import held_out
from tactful.core.offers import Offer
from tactful.core.reasons import Reason
from tactful.core.rules import Rule
from tactful.core.trace import CLAMPED, Finding, Outcome, Verdict

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
        if outcome is None and not _may_stand(standing, candidate):
            outcome, reason = "withheld", Reason.ARBITRATION_EXCLUSIVE
        if outcome is None:
            outcome, reason = _measured(context, candidate)
            taken = candidate.rule.mode != "shadow"
        yield candidate, outcome, reason


def candidate_of(ground: Ground, rule: Rule) -> Candidate:
    """A rule that passed gates 1 to 10, which none does without a price."""
    scene, priced = ground.scene, ground.price(rule)
    quote = priced.agreed
    worth = value(ground.context, scene, rule.id, priced, kept(rule, quote))
    return Candidate(rule, scene, priced, quote, worth)


def verdict(result: Result) -> Verdict:
    """As the trace and an explanation say it."""
    candidate, outcome, reason = result
    marks = (CLAMPED,) if candidate.quote.clamped else ()
    worth = candidate.value.shown() if candidate.value else None
    finding = Finding(reason) if reason else None
    if reason is Reason.ARBITRATION_NEGATIVE_VALUE:
        finding = Finding(reason, actual=worth or "the cost is not known", needed=0)
    if candidate.value and candidate.value.by_prior:
        marks = (*marks, "arbitration.prior")
    findings = (finding,) if finding else ()
    return Verdict(candidate.rule.id, candidate.scene.item.sku, outcome, findings, marks, worth)


def _against(
    context: Context, standing: Iterable[Offer], candidate: Candidate
) -> tuple[Outcome | None, Reason | None]:
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
    worth = value(context, candidate.scene, up.rule, candidate.priced, up.kept)
    theirs = rank_of(up, context.rulebook.rules.get(up.rule), worth)
    return kept(candidate.rule, candidate.quote) < up.kept and rank(candidate) < theirs


def _may_stand(standing: Iterable[Offer], candidate: Candidate) -> bool:
    """Beside what is up for other items, and what is promised."""
    sku, rule = candidate.scene.item.sku, candidate.rule
    others = (offer for offer in standing if offer.sku != sku or not offer.advertised)
    return all(offer.beside(rule.id, rule.level, rule.stacks_with) for offer in others)


def _measured(context: Context, candidate: Candidate) -> tuple[Outcome, Reason | None]:
    """Whether a winner is held back to measure the effect."""
    rule, policy = candidate.rule, context.rulebook.policy
    reason = held_out(context.seed, candidate.scene.person, rule, policy)
    if reason:
        return "held_out", reason
    return ("shadow", Reason.SHADOW) if rule.mode == "shadow" else ("pushed", None)
