"""What disappointed a customer: cases, returns, reviews and late parcels as taints with a reach and an end."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from tactful.core import calendar, policy
from tactful.core.facts import Case, Kept, Order, Return, ReturnLine, Review, ms
from tactful.core.history import History
from tactful.core.policy import Policy, Scope
from tactful.core.reasons import Reason

PRODUCT_KINDS: Final = frozenset({"defect", "not_as_described"})
SERVICE_KINDS: Final = frozenset({"late", "lost", "service", "billing"})
OPEN: Final = frozenset({"open", "pending"})


class Letdown(Struct, frozen=True):
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

    def active(self, now: int) -> bool:
        """Whether it suppresses."""
        return self.since <= now and (self.until is None or now < self.until)

    def code(self, now: int) -> Reason:
        """Its reason, open or in the cooldown."""
        return self.reason if self.open_until is None or now < self.open_until else self.after


class Letdowns(Struct, frozen=True):
    """The taints of one customer, by reach."""

    skus: Mapping[str, tuple[Letdown, ...]] = {}
    products: Mapping[str, tuple[Letdown, ...]] = {}
    brands: Mapping[str, tuple[Letdown, ...]] = {}
    shop: tuple[Letdown, ...] = ()

    def next_start(self, now: int) -> int | None:
        """The next instant at which a parcel turns late."""
        return min((one.since for one in self.shop if one.since > now), default=None)


NO_LETDOWNS: Final = Letdowns()


def derive(history: History, policy: Policy) -> Letdowns:
    """All taints that a customer's facts amount to under a policy (semantics, section 6)."""
    reach = _Reach(history)
    cases = list(_counted(history.cases))
    for kept, root in cases:
        _from_case(reach, kept, root, policy)
    _from_brands(reach, cases, policy)
    for kept_return in history.returns:
        _from_return(reach, kept_return, policy)
    for versions in _reviews(history.reviews):
        _from_review(reach, versions, policy)
    for kept_order in history.orders:
        _from_order(reach, kept_order, policy)
    return reach.letdowns()


class _Reach:
    """Collects taints under the SKUs, products, brands or the shop that they reach."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.orders = {kept.fact.order: kept for kept in history.orders}
        self.skus: dict[str, list[Letdown]] = defaultdict(list)
        self.products: dict[str, list[Letdown]] = defaultdict(list)
        self.brands: dict[str, list[Letdown]] = defaultdict(list)
        self.shop: list[Letdown] = []

    def product(self, sku: str) -> str:
        known = self.history.products.get(sku)
        return known.product if known else sku

    def add(self, scope: Scope, skus: Iterable[str], letdown: Letdown) -> None:
        if scope == "shop":
            self.shop.append(letdown)
            return
        for sku in dict.fromkeys(skus):
            self._taint(scope, sku, letdown)

    def _taint(self, scope: Scope, sku: str, letdown: Letdown) -> None:
        known = self.history.products.get(sku)
        self.skus[sku].append(letdown)
        if known is None or scope == "variant":
            return
        _once(self.products[known.product], letdown)
        if scope == "brand" and known.brand:
            _once(self.brands[known.brand], letdown)

    def bought_before(self, instant: int, window: int) -> list[str]:
        """The SKUs bought within a window that ends at an instant."""
        return [
            line.sku
            for kept in self.history.orders
            if instant - window <= ms(kept.fact.placed_at) <= instant
            and kept.fact.status != "cancelled"
            for line in kept.fact.lines
        ]

    def ordered(self, order: str | None) -> list[str] | None:
        kept = self.orders.get(order) if order else None
        return [line.sku for line in kept.fact.lines] if kept else None

    def letdowns(self) -> Letdowns:
        return Letdowns(
            {key: tuple(found) for key, found in self.skus.items()},
            {key: tuple(found) for key, found in self.products.items()},
            {key: tuple(found) for key, found in self.brands.items()},
            tuple(self.shop),
        )


def _once(found: list[Letdown], letdown: Letdown) -> None:
    if letdown not in found:
        found.append(letdown)


def _counted(cases: Iterable[Kept[Case]]) -> Iterator[tuple[Kept[Case], Kept[Case]]]:
    """Each case with the one it was merged into at last, whose state it shares."""
    by_id = {kept.fact.case: kept for kept in cases}
    for kept in by_id.values():
        root, seen = kept, {kept.fact.case}
        while root.fact.status == "merged" and root.fact.merged_into in by_id:
            root = by_id[root.fact.merged_into]
            if root.fact.case in seen:
                break
            seen.add(root.fact.case)
        yield kept, root


def _end(root: Kept[Case]) -> int | None:
    """When a case ended; None while it is open, and for one merged into a case we do not know."""
    if root.fact.status not in {"resolved", "rejected"}:
        return None
    return ms(root.fact.resolved_at) if root.fact.resolved_at else root.at


def _case_letdown(
    kept: Kept[Case], root: Kept[Case], taint: policy.Taint, codes: tuple[Reason, Reason]
) -> Letdown:
    end = _end(root)
    return Letdown(
        reason=codes[0],
        after=codes[1],
        since=min(ms(kept.fact.opened_at), kept.at),
        open_until=end,
        until=None if end is None else end + taint.after,
        cause=root.fact.case,
        at=max(kept.at, root.at),
    )


COMPLAINT: Final = (Reason.COMPLAINT_OPEN, Reason.COMPLAINT_COOLDOWN)
SERVICE: Final = (Reason.SERVICE_OPEN, Reason.SERVICE_COOLDOWN)


def _from_case(reach: _Reach, kept: Kept[Case], root: Kept[Case], policy: Policy) -> None:
    kind = kept.fact.kind
    if kind in SERVICE_KINDS:
        taint = policy.taints.service
        skus, _ = _named(reach, kept.fact, policy)
        reach.add(taint.scope, skus, _case_letdown(kept, root, taint, SERVICE))
    elif kind in PRODUCT_KINDS or kind == "wrong_item":
        taint = policy.taints.wrong_item if kind == "wrong_item" else policy.taints.defect
        skus, resolved = _named(reach, kept.fact, policy, whole_order=kind == "wrong_item")
        scope: Scope = taint.scope if resolved else "shop"
        reach.add(scope, skus, _case_letdown(kept, root, taint, COMPLAINT))


def _named(
    reach: _Reach, case: Case, policy: Policy, *, whole_order: bool = False
) -> tuple[list[str], bool]:
    """The SKUs that a case is about, and whether they bound it.

    What cannot be resolved taints all that was bought lately; if that is nothing, the whole shop.
    """
    named = list(case.skus)
    ordered = reach.ordered(case.order)
    if ordered is not None and (whole_order or not named):
        named += ordered
    vague = not named or any(sku not in reach.history.products for sku in named)
    if case.order and ordered is None and (whole_order or not case.skus):
        vague = True
    if vague:
        bought = reach.bought_before(ms(case.opened_at), policy.bought_window)
        named += bought
        return named, bool(bought)
    return named, True


def _from_brands(reach: _Reach, cases: list[tuple[Kept[Case], Kept[Case]]], policy: Policy) -> None:
    """Two cases about two products of one brand, opened within the window, taint the brand."""
    strikes: dict[str, dict[tuple[str, str], tuple[int, int | None, int]]] = defaultdict(dict)
    for kept, root in cases:
        if kept.fact.kind not in PRODUCT_KINDS:
            continue
        skus, _ = _named(reach, kept.fact, policy)
        for sku in skus:
            known = reach.history.products.get(sku)
            if known and known.brand:
                strike = (ms(kept.fact.opened_at), _end(root), max(kept.at, root.at))
                strikes[known.brand][root.fact.case, known.product] = strike
    for brand, found in strikes.items():
        for letdown in _pairs(found, policy):
            _once(reach.brands[brand], letdown)


def _pairs(
    found: Mapping[tuple[str, str], tuple[int, int | None, int]], policy: Policy
) -> Iterator[Letdown]:
    ordered = sorted(found.items(), key=lambda item: (item[1][0], item[0]))
    for place, ((case, product), (opened, end, at)) in enumerate(ordered):
        for (other_case, other_product), (other_opened, other_end, other_at) in ordered[:place]:
            close = opened - other_opened <= policy.brand_window
            if close and case != other_case and product != other_product:
                last = None if end is None or other_end is None else max(end, other_end)
                yield Letdown(
                    Reason.COMPLAINT_BRAND,
                    Reason.COMPLAINT_BRAND,
                    min(opened, at),
                    last,
                    None if last is None else last + policy.taints.brand.after,
                    case,
                    max(at, other_at),
                )


def _from_return(reach: _Reach, kept: Kept[Return], policy: Policy) -> None:
    fact = kept.fact
    if fact.status == "cancelled":
        return
    order = reach.orders.get(fact.order) if fact.order else None
    if order and not policy.same_day_returns and _same_day(fact, order.fact, policy.timezone):
        return
    for line in fact.lines:
        _from_line(reach, kept, line, policy)


def _same_day(fact: Return, order: Order, zone: str) -> bool:
    placed, given_back = ms(order.placed_at), ms(fact.at)
    return calendar.to_local(placed, zone).date() == calendar.to_local(given_back, zone).date()


def _from_line(reach: _Reach, kept: Kept[Return], line: ReturnLine, policy: Policy) -> None:
    if line.reason == "changed_mind":
        return
    fits = line.reason == "fit"
    taint = policy.taints.return_fit if fits else policy.taints.return_recent
    reason = Reason.RETURN_FIT if fits else Reason.RETURN_RECENT
    start = ms(kept.fact.at)
    end = None if fits and kept.fact.status == "announced" else start
    until = None if end is None else end + taint.after
    letdown = Letdown(reason, reason, min(start, kept.at), end, until, kept.fact.return_, kept.at)
    reach.add(taint.scope, [line.sku], letdown)


def _reviews(reviews: Iterable[Kept[Review]]) -> Iterator[list[Kept[Review]]]:
    """The versions of each review, oldest first."""
    by_id: dict[str, list[Kept[Review]]] = defaultdict(list)
    for kept in reviews:
        by_id[kept.fact.review].append(kept)
    for versions in by_id.values():
        yield sorted(versions, key=_age)


def _age(kept: Kept[Review]) -> tuple[int, int, int]:
    version = kept.fact.version
    ordinal = version if isinstance(version, int) else ms(version) if version else kept.at
    return ms(kept.fact.at), ordinal, kept.at


def _from_review(reach: _Reach, versions: list[Kept[Review]], policy: Policy) -> None:
    tainted: Kept[Review] | None = None
    for kept in versions:
        if kept.fact.rating <= policy.bad_rating:
            tainted = kept
        elif kept.fact.rating >= policy.good_rating:
            tainted = None
    if tainted is None:
        return
    taint, start = policy.taints.review, ms(tainted.fact.at)
    letdown = Letdown(
        Reason.REVIEW_BAD,
        Reason.REVIEW_BAD,
        min(start, tainted.at),
        start,
        start + taint.after,
        tainted.fact.review,
        tainted.at,
    )
    reach.add(taint.scope, [tainted.fact.sku], letdown)


def _from_order(reach: _Reach, kept: Kept[Order], policy: Policy) -> None:
    """A parcel of the customer's own past its promised date, unless a case speaks for it already."""
    fact = kept.fact
    if fact.promised_by is None or fact.status == "cancelled":
        return
    if fact.customer != reach.history.customer or _has_case(reach.history, fact.order):
        return
    promised = ms(fact.promised_by)
    delivered = ms(fact.delivered_at) if fact.delivered_at else None
    if delivered is None and fact.status == "delivered":
        delivered = kept.at
    if delivered is not None and delivered <= promised:
        return
    taint = policy.taints.delivery_late
    letdown = Letdown(
        Reason.DELIVERY_LATE,
        Reason.DELIVERY_LATE,
        promised,
        delivered,
        None if delivered is None else delivered + taint.after,
        fact.order,
        kept.at,
    )
    reach.add(taint.scope, [line.sku for line in fact.lines], letdown)


def _has_case(history: History, order: str) -> bool:
    return any(k.fact.order == order and k.fact.kind in SERVICE_KINDS for k in history.cases)
