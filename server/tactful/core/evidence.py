"""Basis of a verdict: the facts, conditions, price steps and lost rules behind it.

It is computed on request, from the same scene as the gates, and never during a decision.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from tactful.core.context import Scene
from tactful.core.facts.fact_types import ReportedFact, kind_of
from tactful.core.offers.offer import Offer
from tactful.core.pricing.quote import Quote
from tactful.core.rules.condition_evaluation import clauses, holds_from
from tactful.core.rules.rule import (
    NOW,
    All,
    AnyOf,
    Clause,
    Condition,
    Provenance,
    Rule,
)


class InputRead(Struct, frozen=True):
    """A fact that was read."""

    fact: str
    """The `type` of the fact, or `visit` for the landing page."""
    id: str
    version: int | str | None
    """As the shop reported it; None: versioned by its arrival."""
    at: int | None
    """When it was reported, milliseconds since the Unix epoch, UTC; None: it is not a report."""
    provenance: Provenance
    value: Any
    """What the decision took from it, JSON-compatible."""


class ConditionHeld(Struct, frozen=True):
    """A clause that held."""

    field: str
    actual: Any
    """The field's value in the spelling of a rule file; None: unknown."""
    needed: str
    """The clause as the rule file says it, or its negation."""
    holds_from: int | None
    """When time alone made it hold, milliseconds since the Unix epoch, UTC; None: not known."""


class PriceStep(Struct, frozen=True):
    """One step from the public price to the price of the offer."""

    step: str
    """`public`, the mode of the rule, `floor`, `ending` or `offer`."""
    amount: int
    """The price after the step, in minor units."""


class LostRule(Struct, frozen=True):
    """A rule that passed the gates and lost the arbitration."""

    rule: str
    reason: str


class Evidence(Struct, frozen=True):
    """What the verdict on one rule for one item rests on."""

    currency: str | None
    """ISO 4217 code of the price steps; None: there are none."""
    inputs: tuple[InputRead, ...] = ()
    conditions: tuple[ConditionHeld, ...] = ()
    price: tuple[PriceStep, ...] = ()
    lost: tuple[LostRule, ...] = ()
    recomputed_by: str | None = None
    """The version of the present engine, where an older one decided; None: the same one did."""
    recorded_by: str | None = None
    """The version of the engine whose record this is; None: it was computed from the inputs.

    Then the inputs and conditions are not known.
    """


def inputs_read(
    reads: Iterable[ReportedFact[Any]], scene: Scene, rule: Rule | None
) -> tuple[InputRead, ...]:
    """Return what an evaluation read: facts, recalls, and fields of the visit.

    Args:
        reads: The facts that were read (`watched_scene.watch`).
        scene: The item in front of the shopper.
        rule: The rule; None if the rulebook no longer contains it. Its fields of the visit count.

    Returns:
        The facts about what is sold, then those about the customer, each in the order of `_KINDS`,
        those of the scene's own item first.
    """
    found = [_input(one) for one in reads]
    items = (scene.item, *scene.item.components)
    # That a product is gone matters, and not what the report says.
    found += [_input(one.end) for one in items if one.end]
    recalls = dict.fromkeys(recall for item in items for recall in item.recalls)
    found += [
        InputRead("recall", recall, None, None, "contextual", {"status": "active"})
        for recall in recalls
    ]
    found.sort(key=lambda one: (_KINDS.index(one.fact), one.id != scene.item.sku))
    for clause in clauses(rule.condition) if rule else ():
        value = clause.read(scene) if clause.field.startswith("visit.") else None
        if value is not None:
            read = {clause.field: value}
            found.append(InputRead("visit", scene.session.id, None, None, clause.provenance, read))
    return tuple(found)


_VALUES: dict[str, tuple[str, ...]] = {
    "product": ("product", "brand", "categories"),
    "price": ("price", "list", "target", "minimum_advertised"),
    "cost": ("cost",),
    "stock": ("available", "location"),
    "gone": ("of",),
    "customer": ("tier", "segments", "opted_out"),
    "order": ("status",),
    "return": ("status",),
    "case": ("kind", "kind_by", "linked_by", "status"),
    "review": ("sku", "rating"),
    "remedy": ("value",),
    "objection": ("skus", "status"),
}
"""Type of fact → the fields that an explanation shows."""
_SOLD = frozenset({"product", "price", "cost", "stock", "gone", "recall"})
"""Types of facts about what is sold; all others are about a customer."""
_KINDS = (
    "product", "price", "cost", "stock", "gone", "recall",
    "customer", "order", "return", "case", "review", "remedy", "objection",
)  # fmt: skip
"""Types of facts in the order in which an explanation shows them."""


def _input(one: ReportedFact[Any]) -> InputRead:
    fact = one.fact
    kind = kind_of(fact)
    provenance: Provenance = "contextual" if kind in _SOLD else "personal"
    if kind in _SOLD:
        ident = fact.sku or fact.product
    else:
        ident = fact.return_ if kind == "return" else getattr(fact, kind)
    fields = {name: getattr(fact, name) for name in _VALUES[kind]}
    version = fact.version if isinstance(fact.version, int) else None
    if fact.version is not None and version is None:
        version = fact.version.isoformat()
    return InputRead(
        kind, ident, version, one.at, provenance,
        {name: value for name, value in fields.items() if value not in (None, ())},
    )  # fmt: skip


def conditions_held(scene: Scene, condition: Condition) -> Iterator[ConditionHeld]:
    """Yield the clauses of a condition that hold in a scene, in the order of the rule."""
    match condition:
        case Clause():
            at = condition.holds_from(scene)
            if at <= scene.now:
                since = None if at == NOW else at
                yield ConditionHeld(condition.field, condition.read(scene), condition.text, since)
        case All(parts) | AnyOf(parts):
            for part in parts:
                if holds_from(part, scene) <= scene.now:
                    yield from conditions_held(scene, part)
        case _:
            for clause in clauses(condition):
                if clause.holds_from(scene) > scene.now:
                    actual = clause.read(scene)
                    yield ConditionHeld(clause.field, actual, f"not {clause.text}", None)


def price_steps(public: int, rule: Rule | None, quote: Quote | None) -> tuple[PriceStep, ...]:
    """Return how the price of an offer came about.

    Args:
        public: The public price, in minor units.
        rule: The rule; None if the rulebook no longer contains it.
        quote: The price that the rule gives.
    """
    steps = [PriceStep("public", public)]
    if quote and rule:
        steps.append(PriceStep(rule.price.mode, quote.asked))
        steps.append(PriceStep("floor", max(quote.asked, quote.floor)))
        if not quote.clamped and (rule.price.ending is not None or quote.unit != quote.asked):
            steps.append(PriceStep("ending", quote.unit))
        steps.append(PriceStep("offer", quote.unit))
    return tuple(steps)


def steps_of_offer(offer: Offer, rule: Rule | None, quote: Quote | None) -> tuple[PriceStep, ...]:
    """Return the price steps of an offer; those of its rule where it still gives this price."""
    if quote and quote.unit == offer.unit:
        return price_steps(offer.public, rule, quote)
    return (*price_steps(offer.public, None, None), PriceStep("offer", offer.unit))


def lost_rules(reasons: Iterable[tuple[str, str | None]]) -> tuple[LostRule, ...]:
    """Return the rules that lost the arbitration; `reasons`: (rule, primary reason)."""
    return tuple(
        LostRule(rule, reason)
        for rule, reason in reasons
        if reason and reason.startswith("arbitration.")
    )
