"""Gate 5 of the oracle: the table of server/SEMANTICS.md, section 6, naive, slow and obvious."""

from collections.abc import Iterator
from typing import Any

from support.oracle.world import Spec, World
from tactful.core.facts import fact_types as facts
from tactful.core.facts.fact_types import ms

DAY = 24 * 60 * 60 * 1000
PRODUCT_KINDS = ("defect", "not_as_described", "unknown")
SERVICE_KINDS = ("late", "lost", "service", "billing")
ORDER = [
    "recall",
    "objection.shop",
    "objection.item",
    "complaint.open",
    "complaint.unknown",
    "complaint.cooldown",
    "complaint.component",
    "complaint.brand",
    "complaint.cause",
    "service.open",
    "delivery.late",
    "return.fit",
    "return.recent",
    "review.bad",
    "service.cooldown",
    "cancelled.by_shop",
    "owned.already",
    "owned.price_regret",
]


class Taints:
    """Gate 5 of one rule for one shopper; a subclass gives the offer's price."""

    def __init__(self, world: World, rule: Spec) -> None:
        self.world, self.rule, self.now = world, rule, world.now
        self.session = world.session
        allowed = self.session.consent == "personal" and not self.session.gpc
        self.me = self.session.customer if allowed else None
        self.facts = [fact for fact, _ in world.facts]
        self.catalogue = {f.sku: f for f in self.facts if isinstance(f, facts.Product)}

    # 5

    def gate_5_suppression(self) -> Iterator[str]:
        here = self.product_of(self.world.sku)
        parts = self.parts_of(self.world.sku)
        products = {self.product_of(part) for part in parts}
        if {here} & self.recalled():
            yield "recall"
        if products & self.recalled():
            yield "recall"
        if self.me is None:
            return
        if not self.rule.remedy and self.objections(None):
            yield "objection.shop"
        if self.objections(here):
            yield "objection.item"
        yield from self.complaints(here)
        bad = set()
        for product in products:
            bad |= set(self.complaints(product, any_item=False)) | set(self.bad_reviews(product))
            bad |= set(self.recent_returns(product)) | set(self.cancellations(product))
            bad |= self.objections(product)
        for part in parts:
            bad |= set(self.misfits(part)) | set(self.struck(self.brand_of(part)))
        if bad:
            yield "complaint.component"
        yield from self.struck(self.brand_of(self.world.sku))
        remedy = self.remedy()
        if self.rule.remedy and remedy and here in self.cause_of(remedy):
            yield "complaint.cause"
        if not self.rule.remedy:
            yield from self.service()
        yield from self.late_parcels()
        yield from self.misfits(self.world.sku)
        yield from self.recent_returns(here)
        yield from self.bad_reviews(here)
        yield from self.cancellations(here)
        yield from self.owned(here)
        yield from self.regret(here)

    def complaints(self, product: str, *, any_item: bool = True) -> Iterator[str]:
        """Rows 1 and 2: defect, not as described, wrong item."""
        for case in self.my_cases():
            if case.kind in PRODUCT_KINDS and case.kind != "unknown":
                yield from self.phase(case, product, 90 * DAY, any_item)
            elif case.kind == "wrong_item":
                yield from self.phase(case, product, 30 * DAY, any_item)
            elif case.kind == "unknown":
                for code in self.phase(case, product, 90 * DAY, any_item):
                    yield "complaint.unknown" if code == "complaint.open" else code
            elif case.kind == "other":
                yield from self.phase(case, product, 7 * DAY, False)

    def phase(self, case: facts.Case, product: str, after: int, any_item: bool) -> Iterator[str]:
        tainted = {self.product_of(sku) for sku in self.skus_of_case(case)}
        if product in tainted if self.bounded(case) else any_item:
            over = self.over_at(case)
            if over is None or self.now < over:
                yield "complaint.open"
            elif self.now < over + after:
                yield "complaint.cooldown"

    def objections(self, product: str | None) -> set[str]:
        """Return the active objections to a product; None: to everything."""
        return {
            one.objection
            for one in self.all(facts.Objection)
            if one.customer == self.me and one.status == "active"
            if one.until is None or self.now < ms(one.until)
            if (product in {self.product_of(sku) for sku in one.skus} if product else not one.skus)
        }

    def struck(self, brand: str | None) -> Iterator[str]:
        """Row 4: a second distinct complaint about a second product of the brand within 180 d."""
        if brand is None:
            return
        strikes = [
            (case, self.product_of(sku))
            for case in self.my_cases()
            if case.kind in PRODUCT_KINDS
            for sku in self.skus_of_case(case)
            if self.brand_of(sku) == brand
        ]
        for one, its_product in strikes:
            for other, other_product in strikes:
                distinct = self.root(one) != self.root(other) and its_product != other_product
                apart = abs(ms(one.opened_at) - ms(other.opened_at))
                if distinct and apart <= 180 * DAY:
                    ends = [self.over_at(one), self.over_at(other)]
                    if any(end is None or self.now < end + 90 * DAY for end in ends):
                        yield "complaint.brand"

    def service(self) -> Iterator[str]:
        """Row 3: late or lost parcel, service, billing."""
        for case in self.my_cases():
            if case.kind in SERVICE_KINDS:
                over = self.over_at(case)
                if over is None or self.now < over:
                    yield "service.open"
                elif self.now < over + 7 * DAY:
                    yield "service.cooldown"

    def late_parcels(self) -> Iterator[str]:
        """Row 8: a late parcel, unless a service case about it taints already."""
        for order in self.all(facts.Order):
            if order.customer != self.me or order.status == "cancelled" or not order.promised_by:
                continue
            promised = ms(order.promised_by)
            if self.has_service_case(order):
                continue
            if order.status == "delivered":
                delivered = ms(order.delivered_at) if order.delivered_at else self.reported(order)
                # A cooldown of a service case may have ended after this one.
                if delivered > promised <= self.now < delivered + 2 * DAY:
                    yield "delivery.late"
            elif self.now >= promised:
                yield "delivery.late"

    def has_service_case(self, order: facts.Order) -> bool:
        for case in self.my_cases():
            if case.kind in SERVICE_KINDS and case.order in {None, order.order}:
                over = self.over_at(case)
                if over is None or self.now < over + 7 * DAY:
                    return True
        return False

    def misfits(self, sku: str) -> Iterator[str]:
        """Row 6: wrong fit taints that variant only."""
        for one, line in self.my_returned_lines():
            lasts = one.status == "announced" or self.now < self.came(one) + 30 * DAY
            if line.reason == "fit" and line.sku == sku and lasts:
                yield "return.fit"

    def recent_returns(self, product: str) -> Iterator[str]:
        """Row 7: returns for other reasons than a change of mind."""
        for one, line in self.my_returned_lines():
            affected = {self.product_of(sku) for sku in self.with_parts([line.sku])}
            bad = line.reason in {"quality", "not_as_described", "unknown"}
            if bad and product in affected and self.now < self.came(one) + 90 * DAY:
                yield "return.recent"

    def cancellations(self, product: str) -> Iterator[str]:
        """Row 11: an order that the shop cancelled, from its report on."""
        for order in self.all(facts.Order):
            if order.customer == self.me and order.cancelled_by == "shop":
                lines = self.with_parts([line.sku for line in order.lines])
                affected = {self.product_of(sku) for sku in lines}
                if product in affected and self.now < self.reported(order) + 30 * DAY:
                    yield "cancelled.by_shop"

    def came(self, one: facts.Return) -> int:
        """Return when goods came back, which is not before they were ordered."""
        order = self.order_named(one.order)
        return max(ms(one.at), ms(order.placed_at) if order else 0)

    def bad_reviews(self, product: str) -> Iterator[str]:
        """Row 5: ended by an edit to 4 stars or more, not by one to 3."""
        mine = [r for r in self.all(facts.Review) if r.customer == self.me]
        for name in {review.review for review in mine}:
            bad_until = None
            for edit in sorted((r for r in mine if r.review == name), key=lambda r: r.version):
                affected = {self.product_of(sku) for sku in self.with_parts([edit.sku])}
                if edit.rating <= 2 and product in affected:
                    bad_until = ms(edit.at) + 180 * DAY
                elif edit.rating >= 4:
                    bad_until = None
            if bad_until is not None and self.now < bad_until:
                yield "review.bad"

    def owned(self, product: str) -> Iterator[str]:
        for order, line in self.kept_lines(product):
            entry = self.catalogue.get(line.sku)
            window = 365 * DAY
            if entry and entry.consumable_days:
                window = entry.consumable_days * DAY * 8 // 10
            if not line.gift and self.now < ms(order.placed_at) + window:
                yield "owned.already"

    def regret(self, product: str) -> Iterator[str]:
        """Price regret: gifts count, because they were paid for; returned units do not."""
        unit = self.unit()
        for order, line in self.kept_lines(product) if isinstance(unit, int) else ():
            same = line.unit.currency == self.price().price.currency
            recent = self.now < ms(order.placed_at) + 30 * DAY
            if same and recent and unit < line.unit.amount:  # type: ignore[operator]
                yield "owned.price_regret"

    def kept_lines(self, product: str) -> Iterator[tuple[facts.Order, facts.OrderLine]]:
        """Yield lines not returned. Returns without an order reduce the latest purchases, gifts first."""
        for sku in sorted({line.sku for o in self.all(facts.Order) for line in o.lines}):
            if self.product_of(sku) != product:
                continue
            bought = [
                (order, line)
                for order in self.all(facts.Order)
                if order.customer == self.me and order.status != "cancelled"
                for line in order.lines
                if line.sku == sku
            ]
            bought.sort(key=lambda pair: (-ms(pair[0].placed_at), pair[0].order, not pair[1].gift))
            loose = self.came_back(None, sku)
            by_order = {order.order: self.came_back(order.order, sku) for order, _ in bought}
            for order, line in bought:
                left = line.qty
                for _ in range(line.qty):
                    if by_order[order.order]:
                        by_order[order.order] -= 1
                        left -= 1
                    elif loose:
                        loose -= 1
                        left -= 1
                if left:
                    yield order, line

    def came_back(self, order: str | None, sku: str) -> int:
        return sum(
            line.qty
            for one in self.all(facts.Return)
            if one.order == order and one.status != "cancelled"
            if one.customer == self.me or order is not None
            for line in one.lines
            if line.sku == sku
        )

    # which customer and which items a fact concerns

    def all(self, kind: type[Any]) -> list[Any]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def reported(self, fact: facts.AnyFact) -> int:
        return next(at for one, at in self.world.facts if one is fact)

    def about(self) -> facts.Customer | None:
        return next((c for c in self.all(facts.Customer) if c.customer == self.me), None)

    def product_of(self, sku: str) -> str:
        return self.catalogue[sku].product if sku in self.catalogue else sku

    def brand_of(self, sku: str) -> str | None:
        return self.catalogue[sku].brand if sku in self.catalogue else None

    def parts_of(self, sku: str) -> tuple[str, ...]:
        return self.catalogue[sku].components if sku in self.catalogue else ()

    def with_parts(self, skus: list[str]) -> set[str]:
        """Return the SKUs and their components: a complaint about a bundle covers what is in it."""
        return set(skus) | {part for sku in skus for part in self.parts_of(sku)}

    def recalled(self) -> set[str]:
        active = [r for r in self.all(facts.Recall) if r.status == "active"]
        named = {r.product for r in active if r.product}
        return named | {self.product_of(sku) for r in active for sku in r.skus}

    def order_named(self, name: str | None) -> facts.Order | None:
        return next((o for o in self.all(facts.Order) if o.order == name), None)

    def my_cases(self) -> list[facts.Case]:
        """Return the cases of the customer as complainant, purchaser or owner of the order.

        Cases that one of them was merged into count as well, and the causes of their remedies.
        """
        causes = {r.cause.case for r in self.all(facts.Remedy) if r.customer == self.me}
        mine = []
        for case in self.all(facts.Case):
            order = self.order_named(case.order)
            people = {case.customer, case.purchaser, order.customer if order else None}
            if self.me in people or case.case in causes:
                mine.append(case)
        for _ in self.all(facts.Case):
            into = {case.merged_into for case in mine if case.status == "merged"}
            names = {case.case for case in mine}
            mine += [c for c in self.all(facts.Case) if c.case in into and c.case not in names]
        return mine

    def my_orders(self) -> set[str]:
        """Return the customer's orders, and those that a case, return or remedy of theirs names."""
        own = {o.order for o in self.all(facts.Order) if o.customer == self.me}
        own |= {case.order for case in self.my_cases() if case.order}
        own |= {r.order for r in self.all(facts.Return) if r.order and r.customer == self.me}
        causes = [r.cause.order for r in self.all(facts.Remedy) if r.customer == self.me]
        return own | {order for order in causes if order}

    def my_returned_lines(self) -> Iterator[tuple[facts.Return, facts.ReturnLine]]:
        for one in self.all(facts.Return):
            order = self.order_named(one.order)
            people = {one.customer, order.customer if order else None}
            linked = one.order in self.my_orders()
            mine = self.me in people or (linked and people == {None})
            # A case of mine may be about what another customer sent back.
            named = {
                sku for case in self.my_cases() if case.order == one.order for sku in case.skus
            }
            for line in one.lines if one.status != "cancelled" else ():
                if mine or (linked and line.sku in named):
                    yield one, line

    def root(self, case: facts.Case) -> str:
        """Return the last case of a chain of merges; of a circle, the first id."""
        path = [case.case]
        while case.status == "merged" and case.merged_into:
            if case.merged_into in path:
                return min(path[path.index(case.merged_into) :])
            path.append(case.merged_into)
            into = next((c for c in self.all(facts.Case) if c.case == case.merged_into), None)
            if into is None:
                break
            case = into
        return path[-1]

    def over_at(self, case: facts.Case) -> int | None:
        """Return when the case, or the one it was merged into, ended; None: it is open."""
        last = next((c for c in self.all(facts.Case) if c.case == self.root(case)), None)
        if last is None or last.status in {"open", "pending", "merged"}:
            return None
        over = ms(last.resolved_at) if last.resolved_at else self.reported(last)
        if case.status == "merged":
            merged = ms(case.resolved_at) if case.resolved_at else self.reported(case)
            over = max(over, merged)
        return max(over, ms(case.opened_at))

    def skus_of_case(self, case: facts.Case) -> set[str]:
        return self.meant(case)[0]

    def bounded(self, case: facts.Case) -> bool:
        """Return whether it is known what the case is about; otherwise it taints everything."""
        return self.meant(case)[1]

    def meant(self, case: facts.Case) -> tuple[set[str], bool]:
        if case.kind == "other":
            order = self.order_named(case.order)
            named = list(case.skus) or [line.sku for line in (order.lines if order else ())]
            return self.with_parts(named), True
        order_first = case.kind == "wrong_item" and bool(case.order or not case.skus)
        at = ms(case.opened_at)
        return self.skus_of(list(case.skus), case.order, at, order_first, until=at)

    def skus_of(
        self,
        named: list[str],
        order_id: str | None,
        at: int,
        order_first: bool = False,
        *,
        until: int | None,
    ) -> tuple[set[str], bool]:
        """Return the named SKUs, else those of the order, else all bought since 180 d before."""
        found = set(named)
        bounded = self.all_known(named)
        if not bounded or order_first:
            order = self.order_named(order_id)
            lines = [line.sku for line in order.lines] if order else []
            found |= set(lines)
            if self.all_known(lines):
                bounded = True
            else:
                bought = {
                    line.sku
                    for order in self.all(facts.Order)
                    if order.customer == self.me and order.status != "cancelled"
                    if at - 180 * DAY <= ms(order.placed_at)
                    if until is None or ms(order.placed_at) <= until
                    for line in order.lines
                }
                found |= bought
                bounded = bounded or bool(bought)
        return self.with_parts(sorted(found)), bounded

    def all_known(self, skus: list[str]) -> bool:
        return bool(skus) and all(sku in self.catalogue for sku in skus)

    def remedy(self) -> facts.Remedy | None:
        """Return the customer's remedy that ends first."""
        mine = [r for r in self.all(facts.Remedy) if r.customer == self.me]
        mine = [r for r in mine if ms(r.expires_at) > self.now]
        return min(mine, key=lambda r: (r.expires_at, r.remedy), default=None)

    def cause_of(self, remedy: facts.Remedy) -> set[str]:
        cause, at = remedy.cause, self.reported(remedy)
        skus: set[str] = set()
        # A remedy has no instant of its own, so later purchases may be meant as well.
        if cause.case:
            case = next((c for c in self.all(facts.Case) if c.case == cause.case), None)
            skus |= self.skus_of_case(case) if case else self.skus_of([], None, at, until=None)[0]
        if cause.skus or cause.order:
            skus |= self.skus_of(list(cause.skus), cause.order, at, until=None)[0]
        return {self.product_of(sku) for sku in skus}

    # prices, from gate 7

    def unit(self) -> int | str:
        raise NotImplementedError

    def price(self) -> Any:
        raise NotImplementedError
