"""Explanation of every rule for one item: all gates that fail, and what would change them.

It runs the decision's own gates and takes all findings instead of the first, so that an explanation
cannot disagree with a decision (server/SEMANTICS.md, section 7).
"""

from msgspec import structs

from tactful.core.context import Context, Scene
from tactful.core.decide import build_scene
from tactful.core.decision_builder import DecisionBuilder
from tactful.core.evidence import (
    Evidence,
    conditions_held,
    inputs_read,
    lost_rules,
    price_steps,
    steps_of_offer,
)
from tactful.core.gates.evaluation import Evaluation
from tactful.core.gates.pipeline import failed_gates, rule_of
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.pricing.quote import Quote
from tactful.core.rules.rule import Rule
from tactful.core.stages.arbitration import (
    Candidate,
    Selection,
    build_candidate,
    held_out_because,
    select_winner,
    verdict_of,
)
from tactful.core.stages.offer_builder import build_offer
from tactful.core.stages.reducer import expire_offers
from tactful.core.verdicts.verdict import Finding, Verdict
from tactful.core.watched_scene import watch


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
    standing = builder.on_screen
    evaluation = Evaluation(context, build_scene(builder, sku), standing)
    rules = sorted(context.rulebook.rules.items())
    results = {name: _evaluate(evaluation, rule) for name, rule in rules}
    candidates = [one for one in results.values() if isinstance(one, Candidate)]
    selected = {
        selection[0].rule.id: _with_notes(context, selection)
        for selection in select_winner(context, standing, candidates)
    }
    return tuple(
        one if isinstance(one, Verdict) else selected[name] for name, one in results.items()
    )


def _with_notes(context: Context, selection: Selection) -> Verdict:
    """Return the verdict on a candidate, with the marks that its offer would have."""
    found = verdict_of(selection)
    if found.outcome == "withheld":
        return found
    notes = build_offer(context, selection[0], context.session.seq + 1).notes
    return structs.replace(found, notes=tuple(dict.fromkeys((*found.notes, *notes))))


def currency_of(context: Context, sku: str) -> str | None:
    """Return the currency of an item's public price where the shopper is; None: it has no price."""
    price = build_scene(DecisionBuilder(context), sku).price
    return price.fact.price.currency if price else None


def evidence(context: Context, sku: str, verdicts: tuple[Verdict, ...]) -> dict[str, Evidence]:
    """Return what the verdicts that are not refusals rest on.

    Args:
        context: The inputs that the verdicts were computed from.
        sku: The SKU of the item.
        verdicts: What `explain` returned for them.

    Returns:
        Rule id → evidence, for the outcomes `pushed`, `standing`, `held_out` and `shadow`.
    """
    builder = DecisionBuilder(context)
    expire_offers(builder)
    standing = builder.on_screen
    scene = build_scene(builder, sku)
    return {
        one.rule: _evidence(
            context,
            scene,
            context.rulebook.rules.get(one.rule),
            next((offer for offer in standing if (offer.rule, offer.sku) == (one.rule, sku)), None),
            verdicts,
        )
        for one in verdicts
        if one.outcome != "withheld"
    }


def evidence_of_offer(context: Context, offer: Offer, verdicts: tuple[Verdict, ...]) -> Evidence:
    """Return what an offer rested on in the turn that made or ended it.

    Args:
        context: The inputs of that turn.
        offer: The offer.
        verdicts: The trace of that turn.
    """
    scene = build_scene(DecisionBuilder(context), offer.sku)
    return _evidence(context, scene, context.rulebook.rules.get(offer.rule), offer, verdicts)


def _evidence(
    context: Context,
    scene: Scene,
    rule: Rule | None,
    offer: Offer | None,
    verdicts: tuple[Verdict, ...],
) -> Evidence:
    """Run the gates of a push, and those of a standing offer, and return what they read."""
    watched, reads = watch(scene, context.rulebook.policy)
    evaluation = Evaluation(context, watched, ())
    if rule:
        for _ in failed_gates(evaluation, rule, rule.holds_from(watched)):
            pass
    if offer:
        for _ in failed_gates(evaluation, rule_of(offer, rule), standing=offer):
            pass
    conditions = tuple(conditions_held(watched, rule.condition)) if rule else ()
    basis = evaluation.price_basis
    quote = evaluation.price_of(rule).quote if rule else None
    known = quote if isinstance(quote, Quote) else None
    if offer:
        price = steps_of_offer(offer, rule, known)
    else:
        price = price_steps(basis.amount, rule, known) if basis else ()
    return Evidence(
        currency=offer.currency if offer else basis.currency if basis else None,
        inputs=inputs_read(tuple(reads.values()), scene, rule),
        conditions=conditions,
        price=price,
        lost=lost_rules((one.rule, one.reason) for one in verdicts),
    )


def _evaluate(evaluation: Evaluation, rule: Rule) -> Candidate | Verdict:
    """Return the verdict on one rule, or a candidate for arbitration."""
    scene = evaluation.scene
    sku = scene.item.sku
    own = next(
        (offer for offer in evaluation.standing if (offer.rule, offer.sku) == (rule.id, sku)), None
    )
    if own:
        # The rule's own standing offer is explained in its place. As a candidate, the rule would
        # only find that its offer is active already. An accepted offer is a promise and is not
        # checked again.
        found = tuple(failed_gates(evaluation, rule, standing=own)) if own.takes_screen else ()
        if own.state is OfferState.HELD_OUT and not found:
            finding = Finding(held_out_because(evaluation.context, scene, rule))
            return Verdict(rule.id, sku, "held_out", (finding,), own.notes)
        return Verdict(rule.id, sku, "withheld" if found else "standing", found, own.notes)
    found = tuple(failed_gates(evaluation, rule, rule.holds_from(scene)))
    if found:
        return Verdict(rule.id, sku, "withheld", found)
    return build_candidate(evaluation, rule)
