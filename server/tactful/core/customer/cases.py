"""What is each case about, and does it go on?"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from tactful.core.facts.fact_types import Case, RemedyCause, ReportedFact, ms
from tactful.core.facts.history import History


class CaseScope(Struct, frozen=True, gc=False):
    """A case with the items it concerns, in the state of the case it was merged into at last."""

    case: Case
    root: str
    """The last case's id; duplicates share it and count once."""
    skus: tuple[str, ...]
    bounded: bool
    """False: nobody can say which items it concerns, so it may be any."""
    ended: int | None
    """When it was resolved or rejected (ms); None: it goes on."""
    at: int
    """When we learned of its state (ms)."""


def case_scopes(history: History, window: int) -> Iterator[CaseScope]:
    """Every case; one that names only a customer concerns what was bought within `window` (ms)."""
    by_id = {kept.fact.case: kept for kept in history.cases}
    for kept in by_id.values():
        yield _case_scope(history, kept, by_id, window)


def _case_scope(
    history: History, kept: ReportedFact[Case], by_id: Mapping[str, ReportedFact[Case]], window: int
) -> CaseScope:
    case = kept.fact
    root = _root(case, by_id)
    last = by_id.get(root)
    since = ms(case.opened_at) - window
    whole = case.kind == "wrong_item"
    skus, bounded = concerned_skus(history, case.skus, case.order, since, whole_order=whole)
    return CaseScope(case, root, skus, bounded, _ended(last), max(kept.at, last.at if last else 0))


def remedied_products(
    history: History, cause: RemedyCause, since: int, matters: Iterable[CaseScope]
) -> set[str]:
    """The products of a remedy's cause; `since`: what was bought from then on may be meant."""
    skus: set[str] = set()
    if cause.case:
        found = [matter.skus for matter in matters if matter.case.case == cause.case]
        skus.update(found[0] if found else concerned_skus(history, (), None, since)[0])
    if cause.order or cause.skus:
        skus.update(concerned_skus(history, cause.skus, cause.order, since)[0])
    return {history.product_id(sku) for sku in skus}


def concerned_skus(
    history: History,
    skus: tuple[str, ...],
    order: str | None,
    since: int,
    *,
    whole_order: bool = False,
) -> tuple[tuple[str, ...], bool]:
    """The SKUs meant, and whether they bound the matter.

    The named ones; where these cannot be resolved, or for the whole order, the order's too; where
    that cannot be resolved either, all that was bought since: more is tainted, never less.
    """
    found, bounded = list(skus), history.has_products(skus)
    if whole_order or not bounded:
        ordered = history.skus_of_order(order)
        found += ordered
        if history.has_products(ordered):
            bounded = True
        else:
            bought = history.skus_bought_since(since)
            found += bought
            bounded = bounded or bool(bought)
    return history.with_components(found), bounded


def _root(case: Case, by_id: Mapping[str, ReportedFact[Case]]) -> str:
    """The case that this one is part of by now; of a circle, the first in the alphabet."""
    seen: list[str] = []
    while case.status == "merged" and case.merged_into is not None:
        seen.append(case.case)
        if case.merged_into in seen:
            return min(seen[seen.index(case.merged_into) :])
        following = by_id.get(case.merged_into)
        if following is None:
            return case.merged_into
        case = following.fact
    return case.case


def _ended(last: ReportedFact[Case] | None) -> int | None:
    """A case that nobody reported, or that only says it was merged, goes on."""
    if last is None or last.fact.status not in {"resolved", "rejected"}:
        return None
    return ms(last.fact.resolved_at) if last.fact.resolved_at else last.at
