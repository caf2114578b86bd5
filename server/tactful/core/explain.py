"""Why does each rule speak about an item, or not, and what would change that?

The same gates as the decision's, all of them instead of the first.
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
    """Every rule of the rulebook on one item, in rule id order. The context's signal is not applied."""
    draft = DecisionBuilder(context)
    expire_offers(draft)
    standing = tuple(draft.standing.values())
    ground = Evaluation(context, build_scene(draft, sku), standing)
    rules = sorted(context.rulebook.rules.items())
    judged = {name: _judge(ground, rule) for name, rule in rules}
    candidates = [one for one in judged.values() if isinstance(one, Candidate)]
    results = {
        result[0].rule.id: verdict_of(result)
        for result in select_winner(context, standing, candidates)
    }
    return tuple(one if isinstance(one, Verdict) else results[name] for name, one in judged.items())


def _judge(ground: Evaluation, rule: Rule) -> Candidate | Verdict:
    context, scene = ground.context, ground.scene
    sku = scene.item.sku
    own = next(
        (offer for offer in ground.standing if (offer.rule, offer.sku) == (rule.id, sku)), None
    )
    if own:
        found = tuple(failed_gates_of_standing(context, scene, own, rule)) if own.advertised else ()
        return Verdict(rule.id, sku, "withheld" if found else "standing", found, own.notes)
    found = tuple(failed_gates(ground, rule, rule.holds_from(scene)))
    return Verdict(rule.id, sku, "withheld", found) if found else build_candidate(ground, rule)
