"""Why does each rule speak about an item, or not, and what would change that?

The same gates as the decision's, all of them instead of the first.
"""

from tactful.core.arbitration import Candidate, arbitrate
from tactful.core.context import Context
from tactful.core.decide import scene_of, standing_outcome
from tactful.core.draft import Draft
from tactful.core.fold import expire
from tactful.core.gates import Priced, failing, failing_standing, price_of
from tactful.core.holdout import held_out
from tactful.core.pricing import Quote
from tactful.core.reasons import Reason
from tactful.core.rules import Rule
from tactful.core.trace import Finding, Outcome, Verdict


def explain(context: Context, sku: str) -> tuple[Verdict, ...]:
    """Every rule of the rulebook on one item, in rule id order. The context's signal is not applied."""
    draft = Draft(context)
    expire(draft)
    passed: dict[str, Candidate] = {}
    verdicts: dict[str, Verdict] = {}
    for rule_id in sorted(context.rulebook.rules):
        rule = context.rulebook.rules[rule_id]
        verdict, candidate = _judge(draft, sku, rule)
        verdicts[rule_id] = verdict
        if candidate:
            passed[rule_id] = candidate
    verdicts |= _contest(draft, sku, passed)
    return tuple(verdicts.values())


def _judge(draft: Draft, sku: str, rule: Rule) -> tuple[Verdict, Candidate | None]:
    context, scene = draft.context, scene_of(draft, sku)
    own = next((o for o in draft.standing.values() if (o.rule, o.sku) == (rule.id, sku)), None)
    if own:
        found = tuple(failing_standing(context, scene, own, rule)) if own.advertised else ()
        return Verdict(rule.id, sku, "withheld" if found else "standing", found), None
    priced = price_of(scene, rule, context.rulebook.policy)
    found = tuple(failing(context, scene, rule, priced, tuple(draft.standing.values())))
    if found or not isinstance(priced.quote, Quote):
        return Verdict(rule.id, sku, "withheld", found), None
    verdict = Verdict(rule.id, sku, "pushed", (), _marks(priced))
    return verdict, Candidate(rule, scene.item, priced, priced.quote)


def _marks(priced: Priced) -> tuple[str, ...]:
    clamped = isinstance(priced.quote, Quote) and priced.quote.clamped
    return ("price.clamped",) if clamped else ()


def _contest(draft: Draft, sku: str, passed: dict[str, Candidate]) -> dict[str, Verdict]:
    """Gates 11 and 12 among the rules that passed all before."""
    verdicts: dict[str, Verdict] = {}
    taken = False
    for candidate in arbitrate(list(passed.values())):
        outcome, reason = standing_outcome(draft.standing.values(), candidate)
        if outcome is None and candidate.rule.mode == "shadow":
            outcome, reason = "shadow", Reason.SHADOW
        if outcome is None and taken:
            outcome, reason = "withheld", Reason.ARBITRATION_OUTRANKED
        if outcome is None:
            taken = True
            outcome, reason = _held(draft, candidate.rule)
        found = (Finding(reason),) if reason else ()
        verdicts[candidate.rule.id] = Verdict(
            candidate.rule.id, sku, outcome, found, _marks(candidate.priced)
        )
    return verdicts


def _held(draft: Draft, rule: Rule) -> tuple[Outcome, Reason | None]:
    context = draft.context
    who = draft.session.customer if draft.profile else draft.session.shopper
    reason = held_out(context.seed, who or "", rule, context.rulebook.policy)
    return ("held_out", reason) if reason else ("pushed", None)
