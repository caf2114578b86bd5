"""Who of the candidates is shown, and why are the others not? Gates 11 and 12."""

from collections.abc import Collection, Iterable, Iterator

from tactful.core.allocation import may_stack
from tactful.core.arbitration import Candidate, arbitrate, beats_silence, rank, rank_of, value
from tactful.core.context import Context, Scene
from tactful.core.gates import price_of
from tactful.core.holdout import held_out
from tactful.core.offers import Offer
from tactful.core.reasons import Reason
from tactful.core.rules import Rule, Rulebook
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
        if outcome is None and not _may_stand(context.rulebook, standing, candidate):
            outcome, reason = "withheld", Reason.ARBITRATION_EXCLUSIVE
        if outcome is None:
            outcome, reason = _measured(context, candidate)
            taken = candidate.rule.mode != "shadow"
        yield candidate, outcome, reason


def candidate_of(context: Context, scene: Scene, rule: Rule) -> Candidate:
    """A rule that passed gates 1 to 10, which none does without a price."""
    priced = price_of(scene, rule, context.rulebook.policy)
    quote = priced.agreed
    worth = value(context, scene, rule.id, priced, quote.unit)
    return Candidate(rule, scene, priced, quote, worth)


def verdict(result: Result) -> Verdict:
    """As the trace and an explanation say it."""
    candidate, outcome, reason = result
    marks = ("price.clamped",) if candidate.quote.clamped else ()
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
    worth = value(context, candidate.scene, up.rule, candidate.priced, up.unit)
    theirs = rank_of(up, context.rulebook.rules.get(up.rule), worth)
    return candidate.quote.unit < up.unit and rank(candidate) < theirs


def _may_stand(rulebook: Rulebook, standing: Iterable[Offer], candidate: Candidate) -> bool:
    """Beside what is up or promised for other items: one rule's offers do, others if both say so."""
    sku, mine = candidate.scene.item.sku, candidate.rule.id
    others = {offer.rule for offer in standing if offer.sku != sku} - {mine}
    named = {
        name: rulebook.rules[name].stacks_with for name in (mine, *others) if name in rulebook.rules
    }
    return all(may_stack(mine, other, named) for other in others)


def _measured(context: Context, candidate: Candidate) -> tuple[Outcome, Reason | None]:
    """Whether a winner is held back to measure the effect."""
    rule, policy = candidate.rule, context.rulebook.policy
    reason = held_out(context.seed, candidate.scene.person, rule, policy)
    if reason:
        return "held_out", reason
    return ("shadow", Reason.SHADOW) if rule.mode == "shadow" else ("pushed", None)
