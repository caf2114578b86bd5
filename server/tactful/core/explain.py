"""Explanation of every rule for one item: all gates that fail, and what would change them.

It runs the decision's own gates and takes all findings instead of the first, so that an explanation
cannot disagree with a decision (server/SEMANTICS.md, section 7).
"""

from tactful.core.context import Context
from tactful.core.decide import build_scene
from tactful.core.decision import DecisionBuilder
from tactful.core.gates.evaluation import Evaluation
from tactful.core.gates.pipeline import failed_gates, failed_gates_of_standing
from tactful.core.rules.rule import Rule
from tactful.core.stages.arbitration import Candidate, build_candidate, select_winner, verdict_of
from tactful.core.stages.reducer import expire_offers
from tactful.core.verdicts.verdict import Verdict


def explain(context: Context, sku: str) -> tuple[Verdict, ...]:
    """Explain every rule of the rulebook for one item.

    Args:
        context: The inputs, live or as they were recorded. Its signal is not applied.
        sku: The SKU of the item. If the context does not contain it, the item has no facts.

    Returns:
        One verdict per rule, in rule id order, each with every finding. Rules that pass all gates
        take part in arbitration and hold-out, so that "pushed" means that the next decision pushes
        the offer.
    """
    builder = DecisionBuilder(context)
    expire_offers(builder)
    standing = tuple(builder.standing.values())
    evaluation = Evaluation(context, build_scene(builder, sku), standing)
    rules = sorted(context.rulebook.rules.items())
    results = {name: _evaluate(evaluation, rule) for name, rule in rules}
    candidates = [one for one in results.values() if isinstance(one, Candidate)]
    selected = {
        selection[0].rule.id: verdict_of(selection)
        for selection in select_winner(context, standing, candidates)
    }
    return tuple(
        one if isinstance(one, Verdict) else selected[name] for name, one in results.items()
    )


def _evaluate(evaluation: Evaluation, rule: Rule) -> Candidate | Verdict:
    """Return the verdict on one rule, or a candidate for arbitration."""
    context, scene = evaluation.context, evaluation.scene
    sku = scene.item.sku
    own = next(
        (offer for offer in evaluation.standing if (offer.rule, offer.sku) == (rule.id, sku)), None
    )
    if own:
        # The rule's own standing offer is explained in its place. As a candidate, the rule would
        # only find that its offer is active already. An accepted offer is a promise and is not
        # checked again.
        found = tuple(failed_gates_of_standing(context, scene, own, rule)) if own.advertised else ()
        return Verdict(rule.id, sku, "withheld" if found else "standing", found, own.notes)
    found = tuple(failed_gates(evaluation, rule, rule.holds_from(scene)))
    if found:
        return Verdict(rule.id, sku, "withheld", found)
    return build_candidate(evaluation, rule)
