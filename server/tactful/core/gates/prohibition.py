"""Exclusions of the shop (gate 1) and bans of inputs in a territory (gate 2).

They enforce server/SEMANTICS.md, section 7, rules 8 and 9.
"""

from collections.abc import Iterable, Iterator

from tactful.core.context import Scene
from tactful.core.facts.item import Item
from tactful.core.rules.condition_evaluation import clauses
from tactful.core.rules.rule import (
    LEGAL_BASES_OF_FIELDS,
    NEVER,
    Exclusion,
    InputBan,
    LegalBasis,
    Provenance,
    Rule,
)
from tactful.core.values.territories import overlap
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding


def check_exclusions(
    scene: Scene, exclusions: Iterable[Exclusion], *, with_cart: bool
) -> Iterator[Finding]:
    """Gate 1: yield which exclusions of the shop apply now.

    Args:
        scene: The item in front of the shopper.
        exclusions: The exclusions of the rulebook.
        with_cart: Whether the items of the cart are checked too: a discount on the order would
            reduce them as well.

    Yields:
        `excluded.by_shop`, with the exclusion's id, note and owner.
    """
    items = [scene.item, *(item for item, _ in scene.cart)] if with_cart else [scene.item]
    for one in exclusions:
        if one.starts <= scene.now < one.ends and any(_covers(one, scene, item) for item in items):
            yield Finding(
                Reason.EXCLUDED_BY_SHOP,
                actual={"exclusion": one.id, "note": one.note, "owner": one.owner},
                until=one.ends if one.ends < NEVER else None,
            )


def next_exclusion(scene: Scene, exclusions: Iterable[Exclusion]) -> int:
    """Return when an exclusion begins that covers the item.

    Args:
        scene: The item in front of the shopper.
        exclusions: The exclusions of the rulebook.

    Returns:
        Milliseconds since the Unix epoch, UTC; `NEVER`: none is ahead.
    """
    starts = (
        one.starts
        for one in exclusions
        if one.starts > scene.now and _covers(one, scene, scene.item)
    )
    return min(starts, default=NEVER)


def _covers(exclusion: Exclusion, scene: Scene, item: Item) -> bool:
    """Return whether every key of an exclusion matches; its window is not considered."""
    return (
        (not exclusion.skus or item.sku in exclusion.skus)
        and (not exclusion.products or item.product_id in exclusion.products)
        and (not exclusion.brands or (item.brand or "").casefold() in exclusion.brands)
        and (not exclusion.categories or _in_category(item, exclusion.categories))
        and (not exclusion.segments or _in_segment(scene, exclusion.segments))
        and (
            not exclusion.territories
            or any(overlap(scene.territory or "", one) for one in exclusion.territories)
        )
    )


def _in_category(item: Item, categories: frozenset[str]) -> bool:
    """Return whether the product is in one of the categories, or under one."""
    paths = item.product.fact.categories if item.product else ()
    folded = [path.casefold() for path in paths]
    return any(path == one or path.startswith(f"{one}/") for path in folded for one in categories)


def _in_segment(scene: Scene, segments: frozenset[str]) -> bool:
    about = scene.history.about if scene.history else None
    own = about.fact.segments if about else ()
    return any(segment.casefold() in segments for segment in own)


def inputs_of(rule: Rule) -> Iterator[tuple[str, Provenance, LegalBasis | None]]:
    """Yield the inputs of a rule: what is read, its provenance, and the legal basis of reading it."""
    for clause in clauses(rule.condition):
        yield clause.field, clause.provenance, LEGAL_BASES_OF_FIELDS.get(clause.field)
    if rule.price.mode == "ladder":
        # Its step depends on the earlier offers of this session.
        yield "ladder", "pseudonymous", None
    if rule.remedy:
        yield "remedy", "personal", "remedy"


def check_input_bans(scene: Scene, rule: Rule, bans: Iterable[InputBan]) -> Iterator[Finding]:
    """Gate 2: yield which bans forbid the inputs of the rule in the shopper's territory.

    Bans of a country and of its subdivision add up. A shopper who is known only to be in the
    country is treated as if they were in every subdivision that has a ban.

    Args:
        scene: The item in front of the shopper.
        rule: The rule that matches the item.
        bans: The bans of the rulebook.

    Yields:
        `consent.territory`, with the fields that the rule must not read.
    """
    for ban in bans:
        if scene.now >= ban.starts and overlap(scene.territory or "", ban.territory):
            read = {
                name
                for name, kind, legal_basis in inputs_of(rule)
                if ban.forbids(kind, legal_basis)
            }
            if read:
                needed = {"territory": ban.territory, "without": sorted(ban.inputs)}
                yield Finding(Reason.CONSENT_TERRITORY, actual=sorted(read), needed=needed)
