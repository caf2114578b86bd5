"""What each case, return, review and order suppresses, and for how long.

This is the table of `server/SEMANTICS.md`, section 6. `CASE_TAINTS` and `RETURN_TAINTS` are its
rows for cases and returns; the functions below implement the rows for brands, reviews and orders.
Scope and duration of each row are the shop's policy (`TaintRules`). Recalls are not here: they
concern every shopper.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

from msgspec import structs

from tactful.core.customer.cases import (
    CaseScope,
    case_scopes,
    concerned_skus,
    remedied_products,
)
from tactful.core.customer.taint_collector import TaintCollector
from tactful.core.customer.taints import Taint, Taints
from tactful.core.facts.fact_types import (
    Objection,
    Order,
    ReportedFact,
    Return,
    ReturnLine,
    Review,
    ms,
)
from tactful.core.facts.history import History
from tactful.core.rules.policy import Policy, Scope, TaintRule
from tactful.core.verdicts.reasons import Reason

PRODUCT_KINDS: Final = frozenset({"defect", "not_as_described", "unknown"})
"""Complaints about a product itself, or that may be: two of them about one brand taint the brand."""
SERVICE_KINDS: Final = frozenset({"late", "lost", "service", "billing"})
"""Complaints about the shop; a late parcel with such a case is not counted twice."""

_COMPLAINT: Final = (Reason.COMPLAINT_OPEN, Reason.COMPLAINT_COOLDOWN)
_SERVICE: Final = (Reason.SERVICE_OPEN, Reason.SERVICE_COOLDOWN)

CASE_TAINTS: Final[Mapping[str, tuple[str, tuple[Reason, Reason]]]] = {
    "defect": ("defect", _COMPLAINT),
    "not_as_described": ("defect", _COMPLAINT),
    "wrong_item": ("wrong_item", _COMPLAINT),
    "late": ("service", _SERVICE),
    "lost": ("service", _SERVICE),
    "service": ("service", _SERVICE),
    "billing": ("service", _SERVICE),
    "unknown": ("defect", (Reason.COMPLAINT_UNKNOWN, Reason.COMPLAINT_COOLDOWN)),
    "other": ("other", _COMPLAINT),
}
"""Kind of case → (row of `TaintRules`, reason while open and afterwards). A question taints nothing."""

RETURN_TAINTS: Final[Mapping[str, tuple[str, Reason]]] = {
    "fit": ("return_fit", Reason.RETURN_FIT),
    "quality": ("return_recent", Reason.RETURN_RECENT),
    "not_as_described": ("return_recent", Reason.RETURN_RECENT),
    "unknown": ("return_recent", Reason.RETURN_RECENT),
}
"""Reason of a return → (row of `TaintRules`, reason code). A change of mind taints nothing."""


def derive_taints(history: History, policy: Policy) -> Taints:
    """Derive all taints of a customer from the facts, under a policy."""
    collector = TaintCollector(history)
    scopes = tuple(case_scopes(history, policy.bought_window))
    for scope in scopes:
        _add_case(collector, scope, policy)
    _add_brands(collector, scopes, policy)
    for reported_return in history.returns:
        _add_return(collector, reported_return, policy)
    for versions in _reviews(history.reviews):
        _add_review(collector, versions, policy)
    for reported_order in history.orders:
        _add_refunded_lines(collector, reported_order, policy)
        _add_cancelled_order(collector, reported_order, policy)
        _add_late_parcel(collector, reported_order, scopes, policy)
    for objection in history.objections:
        _add_objection(collector, objection)
    causes = {
        one.fact.remedy: tuple(
            sorted(
                remedied_products(history, one.fact.cause, one.at - policy.bought_window, scopes)
            )
        )
        for one in sorted(history.remedies, key=lambda one: one.fact.remedy)
    }
    return collector.taints(causes)


def _add_objection(collector: TaintCollector, reported: ReportedFact[Objection]) -> None:
    """Taint what the customer asked not to be offered.

    The taint has no cause that could end before it, so that no cooldown of a rule file lengthens it.
    """
    fact = reported.fact
    until = None if fact.until is None else ms(fact.until)
    if fact.status == "lifted" or (until is not None and until <= reported.at):
        return
    code = Reason.OBJECTION_ITEM if fact.skus else Reason.OBJECTION_SHOP
    taint = Taint(code, code, reported.at, None, until, fact.objection, reported.at)
    collector.add("product" if fact.skus else "shop", fact.skus, taint)


def _rule(policy: Policy, row: str) -> TaintRule:
    rule: TaintRule = getattr(policy.taints, row)
    return rule


def _add_case(collector: TaintCollector, scope: CaseScope, policy: Policy) -> None:
    found = CASE_TAINTS.get(scope.case.kind)
    if found is None:
        return
    row, codes = found
    rule = _rule(policy, row)
    if scope.case.kind == "other":
        # Nobody says that an item is at fault, so an unresolved item widens nothing.
        named = scope.case.skus or collector.history.skus_of_order(scope.case.order)
        scope = structs.replace(scope, skus=collector.history.with_components(named), bounded=True)
    # A complaint that may be about any item suppresses the whole shop.
    extent: Scope = "shop" if codes is not _SERVICE and not scope.bounded else rule.scope
    since = min(ms(scope.case.opened_at), scope.at)
    taint = _taint(codes, since, scope.ended, rule, scope.case.case, scope.at)
    collector.add(extent, scope.skus, taint)


def _taint(
    codes: tuple[Reason, Reason],
    since: int,
    ended: int | None,
    rule: TaintRule,
    cause: str,
    at: int,
) -> Taint:
    until = None if ended is None else ended + rule.after
    return Taint(codes[0], codes[1], since, ended, until, cause, at)


def _add_brands(collector: TaintCollector, scopes: Iterable[CaseScope], policy: Policy) -> None:
    """Taint a brand for two cases about two of its products, opened within the policy's window."""
    complaints: dict[str, list[tuple[str, CaseScope]]] = defaultdict(list)
    for scope in scopes:
        if scope.case.kind in PRODUCT_KINDS:
            for sku in scope.skus:
                brand = collector.history.brand(sku) or ""
                complaints[brand].append((collector.history.product_id(sku), scope))
    complaints.pop("", None)
    for brand, found in complaints.items():
        for (product, one), (other_product, other) in combinations(found, 2):
            # Merged and duplicate cases share a root and count once.
            distinct = product != other_product and one.root != other.root
            if distinct and _opened_within(one, other, policy.brand_window):
                collector.brands[brand].add(_brand_taint(one, other, policy.taints.brand))


def _opened_within(one: CaseScope, other: CaseScope, window: int) -> bool:
    return abs(ms(one.case.opened_at) - ms(other.case.opened_at)) <= window


def _brand_taint(one: CaseScope, other: CaseScope, rule: TaintRule) -> Taint:
    """Return the brand taint of two complaints.

    It begins when the second case is opened, and stays open until both cases have ended.
    """
    second = max(one, other, key=lambda scope: (ms(scope.case.opened_at), scope.case.case))
    at = max(one.at, other.at)
    since = min(ms(second.case.opened_at), at)
    ended = None if one.ended is None or other.ended is None else max(one.ended, other.ended)
    return _taint((Reason.COMPLAINT_BRAND,) * 2, since, ended, rule, second.case.case, at)


def _add_return(collector: TaintCollector, reported: ReportedFact[Return], policy: Policy) -> None:
    fact, history = reported.fact, collector.history
    if fact.status == "cancelled" or _is_correction(history, fact, policy):
        return
    # A return cannot be older than its order: a wrong date must not end its cooldown early.
    start = max([ms(fact.at), *_placed(history, fact.order)])
    since = min(start, reported.at)
    for line in _lines_of_concern(history, fact, start - policy.bought_window):
        found = RETURN_TAINTS.get(line.reason)
        if found is None:
            continue
        row, code = found
        rule, fit = _rule(policy, row), code is Reason.RETURN_FIT
        # An announced return counts as open only if the fit was bad: until the parcel is back, the
        # shopper may still be looking for another size.
        ended = None if fit and fact.status == "announced" else start
        taint = _taint((code, code), since, ended, rule, fact.return_, reported.at)
        # A bad fit concerns only the returned variant. A bad bundle concerns its components too.
        collector.add(
            rule.scope, (line.sku,) if fit else history.with_components((line.sku,)), taint
        )


def _whole_order(history: History, fact: Return, since: int) -> Sequence[ReturnLine]:
    """Return the lines of a refund that names none: everything in its order, for no known reason."""
    skus, _ = concerned_skus(history, (), fact.order, since, None)
    return [ReturnLine(sku, 1, "unknown") for sku in skus]


def _is_correction(history: History, fact: Return, policy: Policy) -> bool:
    """Return whether a return came so soon after its order that the shop treats it as a mistake."""
    placed = _placed(history, fact.order)
    return any(0 <= ms(fact.at) - at < policy.correction_within for at in placed)


def _placed(history: History, order: str | None) -> list[int]:
    """Return when an order was placed (ms since the Unix epoch, UTC); empty if nobody reported it."""
    return [ms(one.fact.placed_at) for one in history.orders if order in one.fact.ids]


def _lines_of_concern(history: History, fact: Return, since: int) -> Sequence[ReturnLine]:
    """Return the lines of a return that concern the customer.

    Those are all lines of the customer's own return, and of a return of the customer's own order.
    Of another customer's return on their own order, they are the lines that a case of the customer
    is about.
    """
    lines = fact.lines or _whole_order(history, fact, since)
    order = next((one.fact for one in history.orders if fact.order in one.fact.ids), None)
    unowned = fact.customer is None and (order is None or order.customer is None)
    if unowned or history.concerns(fact) or (order is not None and history.concerns(order)):
        return lines
    named = {sku for one in history.cases if fact.order in one.fact.orders for sku in one.fact.skus}
    return [line for line in lines if line.sku in named]


def _add_refunded_lines(
    collector: TaintCollector, reported: ReportedFact[Order], policy: Policy
) -> None:
    """Taint for units that were refunded and are not in any return of their order.

    Many shops report a refunded order as cancelled. An order that was delivered cannot be cancelled any
    more, so all its units were refunded.
    """
    fact, history = reported.fact, collector.history
    if not history.concerns(fact):
        return
    row, code = RETURN_TAINTS["unknown"]
    rule = _rule(policy, row)
    refunded = _last_change(reported)
    since = min(refunded, reported.at)
    is_refunded = fact.status == "cancelled" and fact.delivered_at is not None
    for line in fact.lines:
        back = sum(
            one.qty
            for known in history.returns
            if known.fact.order in fact.ids
            for one in known.fact.lines
            if one.sku == line.sku
        )
        if line.sku and (line.kept_qty if is_refunded else line.refunded_qty) > back:
            taint = _taint((code, code), since, refunded, rule, fact.order, reported.at)
            collector.add(rule.scope, history.with_components((line.sku,)), taint)


def _add_cancelled_order(
    collector: TaintCollector, reported: ReportedFact[Order], policy: Policy
) -> None:
    """Taint for the products of the customer's own order that the shop cancelled."""
    fact, history = reported.fact, collector.history
    if fact.cancelled_by != "shop" or not history.concerns(fact):
        return
    rule, codes = policy.taints.cancelled_by_shop, (Reason.CANCELLED_BY_SHOP,) * 2
    cancelled = _last_change(reported)
    since = min(cancelled, reported.at)
    taint = _taint(codes, since, cancelled, rule, fact.order, reported.at)
    skus = [line.sku for line in fact.lines if line.sku]
    collector.add(rule.scope, history.with_components(skus), taint)


def _last_change(reported: ReportedFact[Order]) -> int:
    """Return the latest instant at which an order can have been cancelled.

    That is its version, where the version is an instant, or else its report. So an old order that is
    imported today starts no new suppression.

    Returns:
        Milliseconds since the Unix epoch, UTC; not before the order was placed.
    """
    version = reported.fact.version
    if version is None or isinstance(version, int):
        return reported.at
    return max(ms(version), ms(reported.fact.placed_at))


def _reviews(reviews: Iterable[ReportedFact[Review]]) -> Iterator[Sequence[ReportedFact[Review]]]:
    """Yield the versions of each review, oldest first."""
    by_id: dict[str, list[ReportedFact[Review]]] = defaultdict(list)
    for reported in reviews:
        by_id[reported.fact.review].append(reported)
    for versions in by_id.values():
        yield sorted(versions, key=_age)


def _age(reported: ReportedFact[Review]) -> tuple[int, int, int]:
    version = reported.fact.version
    ordinal = version if isinstance(version, int) else ms(version) if version else reported.at
    return ordinal, ms(reported.fact.at), reported.at


def _add_review(
    collector: TaintCollector, versions: Iterable[ReportedFact[Review]], policy: Policy
) -> None:
    tainted: ReportedFact[Review] | None = None
    for reported in versions:
        if reported.fact.rating <= policy.bad_rating:
            tainted = reported
        # Only an edit to a good rating ends the taint. A better rating that is not good does not.
        elif reported.fact.rating >= policy.good_rating:
            tainted = None
    if tainted:
        fact, rule, start = tainted.fact, policy.taints.review, ms(tainted.fact.at)
        codes, since = (Reason.REVIEW_BAD,) * 2, min(start, tainted.at)
        taint = _taint(codes, since, start, rule, fact.review, tainted.at)
        collector.add(rule.scope, collector.history.with_components((fact.sku,)), taint)


def _add_late_parcel(
    collector: TaintCollector,
    reported: ReportedFact[Order],
    scopes: Iterable[CaseScope],
    policy: Policy,
) -> None:
    """Taint for the customer's own parcel past its promised date, once no service case covers it."""
    fact = reported.fact
    own = collector.history.concerns(fact) and fact.status != "cancelled"
    if fact.promised_by is None or not own or fact.order in collector.history.gone_orders:
        return
    promised, delivered = ms(fact.promised_by), _delivered(reported)
    covered = _covered_until(fact.ids, scopes, policy.taints.service)
    if covered is None or (delivered is not None and delivered <= promised):
        return
    rule = policy.taints.delivery_late
    codes, since = (Reason.DELIVERY_LATE,) * 2, max(promised, covered)
    # The suppression by the service case has outlasted this one.
    if delivered is not None and delivered + rule.after <= since:
        return
    taint = _taint(codes, since, delivered, rule, fact.order, reported.at)
    collector.add(rule.scope, [line.sku for line in fact.lines if line.sku], taint)


def _delivered(reported: ReportedFact[Order]) -> int | None:
    """Return when a parcel arrived; without a stated instant, when its arrival was reported."""
    fact = reported.fact
    if fact.delivered_at is not None:
        return ms(fact.delivered_at)
    return reported.at if fact.status == "delivered" else None


def _covered_until(
    orders: tuple[str, ...], scopes: Iterable[CaseScope], rule: TaintRule
) -> int | None:
    """Return when the suppression by a service case ends; it replaces that of the late parcel.

    Returns:
        Milliseconds since the Unix epoch, UTC; 0 without such a case; `None` while such a case is
        open, because its end is unknown.
    """
    until = 0
    for scope in scopes:
        if scope.case.kind in SERVICE_KINDS and scope.case.order in {None, *orders}:
            if scope.ended is None:
                return None
            until = max(until, scope.ended + rule.after)
    return until
