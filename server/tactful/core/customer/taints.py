"""What disappointed a customer: cases, returns, reviews and late parcels as taints with a reach and an end."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

from msgspec import Struct

from tactful.core.customer.cases import CaseScope, case_scopes, remedied_products
from tactful.core.facts.fact_types import Order, ReportedFact, Return, Review, ms
from tactful.core.facts.history import History
from tactful.core.rules.policy import Policy, Scope, TaintRule
from tactful.core.verdicts.reasons import Reason

PRODUCT_KINDS: Final = frozenset({"defect", "not_as_described"})
SERVICE_KINDS: Final = frozenset({"late", "lost", "service", "billing"})


class Taint(Struct, frozen=True, gc=False):
    """One taint, active in [`since`, `until`); instants in ms, None: not yet known.

    `reason` holds until `open_until`, the end of its cause; `after` in the cooldown that follows.
    """

    reason: Reason
    after: Reason
    since: int
    open_until: int | None
    until: int | None
    cause: str
    """The id of the case, return, review or order."""
    at: int
    """When we learned of it."""

    def code(self, now: int) -> Reason:
        """Its reason, open or in the cooldown."""
        return self.reason if self.open_until is None or now < self.open_until else self.after


class Taints(Struct, frozen=True, gc=False):
    """The taints of one customer, by reach."""

    skus: Mapping[str, tuple[Taint, ...]] = {}
    products: Mapping[str, tuple[Taint, ...]] = {}
    brands: Mapping[str, tuple[Taint, ...]] = {}
    shop: tuple[Taint, ...] = ()
    causes: Mapping[str, tuple[str, ...]] = {}
    """Remedy → the products that it makes up for."""

    def next_start(self, now: int) -> int | None:
        """The next instant at which a parcel turns late."""
        return min((one.since for one in self.shop if one.since > now), default=None)


NO_TAINTS: Final = Taints()


def derive_taints(history: History, policy: Policy) -> Taints:
    """All taints that a customer's facts amount to under a policy (semantics, section 6)."""
    reach = _TaintCollector(history)
    cases = tuple(case_scopes(history, policy.bought_window))
    for matter in cases:
        _from_case(reach, matter, policy)
    _from_brands(reach, cases, policy)
    for kept_return in history.returns:
        _from_return(reach, kept_return, policy)
    for versions in _reviews(history.reviews):
        _from_review(reach, versions, policy)
    for kept_order in history.orders:
        _from_order(reach, kept_order, cases, policy)
    causes = {
        kept.fact.remedy: tuple(
            sorted(
                remedied_products(history, kept.fact.cause, kept.at - policy.bought_window, cases)
            )
        )
        for kept in sorted(history.remedies, key=lambda kept: kept.fact.remedy)
    }
    return reach.letdowns(causes)


class _TaintCollector:
    """Collects taints under the SKUs, products, brands or the shop that they reach."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.skus: dict[str, set[Taint]] = defaultdict(set)
        self.products: dict[str, set[Taint]] = defaultdict(set)
        self.brands: dict[str, set[Taint]] = defaultdict(set)
        self.shop: set[Taint] = set()

    def add(self, scope: Scope, skus: Iterable[str], letdown: Taint) -> None:
        """Taint what `scope` makes of the SKUs; a brand that is not known leaves the product."""
        if scope == "shop":
            self.shop.add(letdown)
            return
        for sku in skus:
            if scope == "variant":
                self.skus[sku].add(letdown)
            else:
                self.products[self.history.product_id(sku)].add(letdown)
            brand = self.history.brand(sku)
            if scope == "brand" and brand:
                self.brands[brand].add(letdown)

    def letdowns(self, causes: Mapping[str, tuple[str, ...]]) -> Taints:
        """What was collected, in an order that does not depend on the order of the facts."""
        return Taints(
            _sorted(self.skus), _sorted(self.products), _sorted(self.brands),
            _in_order(self.shop), causes,
        )  # fmt: skip


def _sorted(found: Mapping[str, set[Taint]]) -> dict[str, tuple[Taint, ...]]:
    return {key: _in_order(found[key]) for key in sorted(found)}


def _in_order(letdowns: Iterable[Taint]) -> tuple[Taint, ...]:
    return tuple(sorted(letdowns, key=lambda one: (one.since, one.cause, one.reason, one.at)))


COMPLAINT: Final = (Reason.COMPLAINT_OPEN, Reason.COMPLAINT_COOLDOWN)
SERVICE: Final = (Reason.SERVICE_OPEN, Reason.SERVICE_COOLDOWN)


def _from_case(reach: _TaintCollector, matter: CaseScope, policy: Policy) -> None:
    kind = matter.case.kind
    if kind in SERVICE_KINDS:
        taint = policy.taints.service
        reach.add(taint.scope, matter.skus, _of_case(matter, taint, SERVICE))
    elif kind in PRODUCT_KINDS or kind == "wrong_item":
        taint = policy.taints.wrong_item if kind == "wrong_item" else policy.taints.defect
        scope: Scope = taint.scope if matter.bounded else "shop"
        reach.add(scope, matter.skus, _of_case(matter, taint, COMPLAINT))


def _of_case(matter: CaseScope, taint: TaintRule, codes: tuple[Reason, Reason]) -> Taint:
    since = min(ms(matter.case.opened_at), matter.at)
    return _taint(codes, since, matter.ended, taint, matter.case.case, matter.at)


def _taint(
    codes: tuple[Reason, Reason],
    since: int,
    ended: int | None,
    taint: TaintRule,
    cause: str,
    at: int,
) -> Taint:
    until = None if ended is None else ended + taint.after
    return Taint(codes[0], codes[1], since, ended, until, cause, at)


def _from_brands(reach: _TaintCollector, cases: Iterable[CaseScope], policy: Policy) -> None:
    """Two cases about two products of one brand, opened within the window, taint the brand."""
    strikes: dict[str, list[tuple[str, CaseScope]]] = defaultdict(list)
    for matter in cases:
        if matter.case.kind in PRODUCT_KINDS:
            for sku in matter.skus:
                strikes[reach.history.brand(sku) or ""].append(
                    (reach.history.product_id(sku), matter)
                )
    strikes.pop("", None)
    for brand, found in strikes.items():
        for (product, one), (other_product, other) in combinations(found, 2):
            if product != other_product and one.root != other.root and _close(one, other, policy):
                reach.brands[brand].add(_strike(one, other, policy.taints.brand))


def _close(one: CaseScope, other: CaseScope, policy: Policy) -> bool:
    return abs(ms(one.case.opened_at) - ms(other.case.opened_at)) <= policy.brand_window


def _strike(one: CaseScope, other: CaseScope, taint: TaintRule) -> Taint:
    """It goes on as long as either case does."""
    second = max(one, other, key=lambda matter: (ms(matter.case.opened_at), matter.case.case))
    at = max(one.at, other.at)
    since = min(ms(second.case.opened_at), at)
    ended = None if one.ended is None or other.ended is None else max(one.ended, other.ended)
    return _taint((Reason.COMPLAINT_BRAND,) * 2, since, ended, taint, second.case.case, at)


def _from_return(reach: _TaintCollector, kept: ReportedFact[Return], policy: Policy) -> None:
    """A return that is on its way goes on; only for a bad fit does that matter."""
    fact, taints = kept.fact, policy.taints
    if fact.status == "cancelled" or _is_correction(reach.history, fact, policy):
        return
    start = ms(fact.at)
    since = min(start, kept.at)
    for line in fact.lines:
        if line.reason == "fit":
            ended = None if fact.status == "announced" else start
            codes, taint = (Reason.RETURN_FIT,) * 2, taints.return_fit
            letdown = _taint(codes, since, ended, taint, fact.return_, kept.at)
            reach.add(taint.scope, (line.sku,), letdown)
        elif line.reason != "changed_mind":
            codes, taint = (Reason.RETURN_RECENT,) * 2, taints.return_recent
            letdown = _taint(codes, since, start, taint, fact.return_, kept.at)
            reach.add(taint.scope, reach.history.with_components((line.sku,)), letdown)


def _is_correction(history: History, fact: Return, policy: Policy) -> bool:
    """Whether it came so soon after its order that, in this shop, it means a slip."""
    if fact.order is None:
        return False
    placed = [ms(kept.fact.placed_at) for kept in history.orders if kept.fact.order == fact.order]
    return any(0 <= ms(fact.at) - at < policy.correction_within for at in placed)


def _reviews(reviews: Iterable[ReportedFact[Review]]) -> Iterator[Sequence[ReportedFact[Review]]]:
    """The versions of each review, oldest first."""
    by_id: dict[str, list[ReportedFact[Review]]] = defaultdict(list)
    for kept in reviews:
        by_id[kept.fact.review].append(kept)
    for versions in by_id.values():
        yield sorted(versions, key=_age)


def _age(kept: ReportedFact[Review]) -> tuple[int, int, int]:
    version = kept.fact.version
    ordinal = version if isinstance(version, int) else ms(version) if version else kept.at
    return ordinal, ms(kept.fact.at), kept.at


def _from_review(
    reach: _TaintCollector, versions: Iterable[ReportedFact[Review]], policy: Policy
) -> None:
    """An edit lifts the taint only when it is good; one that is merely better leaves it."""
    tainted: ReportedFact[Review] | None = None
    for kept in versions:
        if kept.fact.rating <= policy.bad_rating:
            tainted = kept
        elif kept.fact.rating >= policy.good_rating:
            tainted = None
    if tainted:
        fact, taint, start = tainted.fact, policy.taints.review, ms(tainted.fact.at)
        codes, since = (Reason.REVIEW_BAD,) * 2, min(start, tainted.at)
        letdown = _taint(codes, since, start, taint, fact.review, tainted.at)
        reach.add(taint.scope, reach.history.with_components((fact.sku,)), letdown)


def _from_order(
    reach: _TaintCollector, kept: ReportedFact[Order], cases: Iterable[CaseScope], policy: Policy
) -> None:
    """A parcel of the customer's own past its promised date, from when no case speaks for it."""
    fact = kept.fact
    own = fact.customer == reach.history.customer and fact.status != "cancelled"
    if fact.promised_by is None or not own:
        return
    promised, delivered = ms(fact.promised_by), _delivered(kept)
    covered = _covered(fact.order, cases, policy.taints.service)
    if covered is None or (delivered is not None and delivered <= promised):
        return
    taint = policy.taints.delivery_late
    codes, since = (Reason.DELIVERY_LATE,) * 2, max(promised, covered)
    letdown = _taint(codes, since, delivered, taint, fact.order, kept.at)
    reach.add(taint.scope, [line.sku for line in fact.lines], letdown)


def _delivered(kept: ReportedFact[Order]) -> int | None:
    """When it arrived; where nobody says when, it had when we learned of it."""
    fact = kept.fact
    if fact.delivered_at is not None:
        return ms(fact.delivered_at)
    return kept.at if fact.status == "delivered" else None


def _covered(order: str, cases: Iterable[CaseScope], taint: TaintRule) -> int | None:
    """Until when a case taints in the parcel's place; 0: there is none, None: it is open."""
    until = 0
    for matter in cases:
        if matter.case.kind in SERVICE_KINDS and matter.case.order in {None, order}:
            if matter.ended is None:
                return None
            until = max(until, matter.ended + taint.after)
    return until
