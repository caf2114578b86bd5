"""Support cases with their scope: which items a case concerns, and when it ended."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from tactful.core.facts.fact_types import Case, RemedyCause, ReportedFact, ms
from tactful.core.facts.history import History


class CaseScope(Struct, frozen=True, gc=False):
    """A case with the items it concerns, and the state of the case it was merged into."""

    case: Case
    root: str
    """The id of the last case in the chain of merges. Duplicates share this id and count once."""
    skus: tuple[str, ...]
    bounded: bool
    """Whether the concerned items are known. If not, the case may concern any item."""
    ended: int | None
    """When it was resolved or rejected, in milliseconds since the Unix epoch; `None`: it is open."""
    at: int
    """When its state was reported, in milliseconds since the Unix epoch, UTC."""


def case_scopes(history: History, window: int) -> Iterator[CaseScope]:
    """Yield every case of a customer with its scope.

    Args:
        history: The customer.
        window: The span before a case was opened, in milliseconds. A case without an order or item
            concerns the purchases in this span.
    """
    by_id = {reported.fact.case: reported for reported in history.cases}
    for reported in by_id.values():
        yield _case_scope(history, reported, by_id, window)


def _case_scope(
    history: History,
    reported: ReportedFact[Case],
    by_id: Mapping[str, ReportedFact[Case]],
    window: int,
) -> CaseScope:
    case = reported.fact
    root = _root(case, by_id)
    last = by_id.get(root)
    since = ms(case.opened_at) - window
    of_lines = history.skus_of_lines(case.lines)
    named, order = (*case.skus, *of_lines), next(iter(case.orders), None)
    # It is unknown which line of the order a wrong item replaced, or which line an unknown id
    # means, so the whole order counts.
    wrong = case.kind == "wrong_item" and (order is not None or not named)
    whole = wrong or len(of_lines) < len(case.lines)
    skus, bounded = concerned_skus(
        history, named, order, since, ms(case.opened_at), whole_order=whole
    )
    at = max(reported.at, last.at if last else 0)
    return CaseScope(case, root, skus, bounded, _ended_for(reported, last), at)


def remedied_products(
    history: History, cause: RemedyCause, since: int, scopes: Iterable[CaseScope]
) -> set[str]:
    """Return the products of a remedy's cause.

    Args:
        history: The customer.
        cause: What the remedy makes up for.
        since: The earliest time of a relevant purchase, in milliseconds since the Unix epoch, UTC.
        scopes: The customer's cases.
    """
    skus: set[str] = set()
    if cause.case:
        found = [scope.skus for scope in scopes if scope.case.case == cause.case]
        skus.update(found[0] if found else concerned_skus(history, (), None, since, None)[0])
    if cause.order or cause.skus:
        skus.update(concerned_skus(history, cause.skus, cause.order, since, None)[0])
    return {history.product_id(sku) for sku in skus}


def concerned_skus(
    history: History,
    skus: tuple[str, ...],
    order: str | None,
    since: int,
    until: int | None,
    *,
    whole_order: bool = False,
) -> tuple[tuple[str, ...], bool]:
    """Return the SKUs that a complaint concerns, and whether the list is complete.

    The named SKUs come first. If they cannot be resolved, the SKUs of the order are added. If the
    order cannot be resolved either, everything bought in [`since`, `until`] is added: an unresolved
    item widens the scope. What was bought after the complaint cannot be what it is about.

    Args:
        history: The customer.
        skus: The SKUs that the complaint names.
        order: The order that it names.
        since: The earliest time of a relevant purchase, in milliseconds since the Unix epoch, UTC.
        until: The latest such time, inclusive; `None`: no matter how late.
        whole_order: Whether the whole order is meant, whatever items are named.
    """
    found, bounded = list(skus), history.has_products(skus)
    if whole_order or not bounded:
        ordered = history.skus_of_order(order)
        found += ordered
        if history.has_products(ordered):
            bounded = True
        else:
            bought = history.skus_bought_in(since, until)
            found += bought
            bounded = bounded or bool(bought)
    return history.with_components(found), bounded


def _root(case: Case, by_id: Mapping[str, ReportedFact[Case]]) -> str:
    """Return the id of the last case in the chain of merges; in a cycle, the smallest id."""
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


def _ended_for(case: ReportedFact[Case], last: ReportedFact[Case] | None) -> int | None:
    """Return when a case ended, in milliseconds since the Unix epoch, UTC; `None`: it is open.

    No case ends before it was opened. A case that was merged into one that had ended already ends
    at the merge, so that a merge never cuts its cooldown short.
    """
    ended = _ended(last)
    if ended is None:
        return None
    fact = case.fact
    if fact.status == "merged":
        ended = max(ended, ms(fact.resolved_at) if fact.resolved_at else case.at)
    return max(ended, ms(fact.opened_at))


def _ended(last: ReportedFact[Case] | None) -> int | None:
    # A case that nobody reported, or that is only known to be merged, counts as open.
    if last is None or last.fact.status not in {"resolved", "rejected"}:
        return None
    return ms(last.fact.resolved_at) if last.fact.resolved_at else last.at
