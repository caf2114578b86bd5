"""An independent oracle of server/SEMANTICS.md, sections 6 and 7: naive, slow and obvious.

It reads lists of facts with plain loops and shares no code with the gates. It gives the reasons of
each rule for the item in view.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor
from typing import Any

from support.oracle.taints import DAY, ORDER, Taints
from support.oracle.world import Banned, Excluded, World
from tactful.core.facts import fact_types as facts

SECOND = 1000


def failing(world: World) -> dict[str, list[str]]:
    """Return rule → every reason of gates 1 to 10 that withholds it, each once, in order."""
    return {rule.id: list(dict.fromkeys(_Gates(world, rule).failing())) for rule in world.rules}


def primary(world: World) -> dict[str, str]:
    """Return rule → its primary reason, or "pushed"."""
    verdicts: dict[str, str] = {}
    candidates = []
    for rule in world.rules:
        reason = next(iter(_Gates(world, rule).failing()), None)
        if reason is None:
            candidates.append(rule)
        else:
            verdicts[rule.id] = reason
    gates = {rule.id: _Gates(world, rule) for rule in candidates}
    candidates.sort(key=lambda rule: (-rule.priority, gates[rule.id].saved(), rule.id))
    taken = False
    for rule in candidates:
        if taken:
            verdicts[rule.id] = "arbitration.outranked"
        elif (
            world.session.offers
        ):  # of another rule and for another item: otherwise gate 9 has a finding
            verdicts[rule.id] = "arbitration.exclusive"
        else:
            held = "holdout.global" if world.everyone_held_out and not rule.remedy else None
            verdicts[rule.id] = held or ("shadow" if rule.shadow else "pushed")
            taken = not rule.shadow
    return verdicts


class _Gates(Taints):
    """The gates of one rule for one shopper, one after the other."""

    def failing(self) -> Iterator[str]:
        yield from self.gate_1_rule()
        yield from self.gate_2_shopper()
        yield from self.gate_3_stale()
        yield from self.gate_4_target()
        found = set(self.gate_5_suppression())
        yield from (code for code in ORDER if code in found)
        yield from self.gate_6_stock()
        yield from self.gate_7_price()
        yield from self.gate_8_timing()
        yield from self.gate_9_contact()
        yield from self.gate_10_budget()

    # 1 to 4

    def gate_1_rule(self) -> Iterator[str]:
        if self.world.stopped:
            yield "offers.stopped"
        if self.rule.paused:
            yield "rule.paused"
        if self.rule.starts is not None and self.now < self.rule.starts:
            yield "rule.not_started"
        if self.rule.ends is not None and self.now >= self.rule.ends:
            yield "rule.ended"
        if any(self.excludes(one) for one in self.world.excluded):
            yield "excluded.by_shop"

    def excludes(self, one: Excluded) -> bool:
        """Return whether an exclusion covers the item for this shopper now."""
        product, about = self.catalogue.get(self.world.sku), self.about()
        brand = product.brand.lower() if product and product.brand else None
        paths = [path.lower() + "/" for path in product.categories] if product else []
        segments = [segment.lower() for segment in about.segments] if about else []
        return (
            one.starts <= self.now < one.ends
            and (not one.skus or self.world.sku in one.skus)
            and (not one.brands or brand in one.brands)
            and (
                not one.categories
                or any(path.startswith(f"{name}/") for path in paths for name in one.categories)
            )
            and (not one.segments or any(segment in one.segments for segment in segments))
            and (not one.territories or any(self.is_in(place) for place in one.territories))
        )

    def is_in(self, place: str) -> bool:
        """Return whether the shopper is, or may be, in a territory."""
        here = self.session.territory
        return here is not None and (
            here == place or here.split("-")[0] == place or here == place.split("-", maxsplit=1)[0]
        )

    def gate_2_shopper(self) -> Iterator[str]:
        about = self.about()
        if about and about.opted_out:
            yield "shopper.opted_out"
        if self.session.consent == "none":
            yield "consent.missing"
        elif self.needs_a_person() and self.session.gpc:
            yield "consent.gpc"
        elif self.needs_a_person() and self.session.consent != "personal":
            yield "consent.missing"
        if any(self.bans(one) for one in self.world.banned):
            yield "consent.territory"
        product = self.catalogue.get(self.world.sku)
        if product and product.min_age:
            born = about.birth_year if about else None
            if born is None or 2026 - born - 1 < product.min_age:
                yield "shopper.age"

    def bans(self, one: Banned) -> bool:
        """Return whether a ban forbids what the rule reads."""
        if self.now < one.starts or not self.is_in(one.territory):
            return False
        return (
            (self.rule.dwell is not None and "pseudonymous" in one.inputs)
            or (self.rule.orders is not None and "personal" in one.inputs)
            or (self.rule.remedy and "personal" in one.inputs and "remedy" not in one.legal_bases)
        )

    def gate_3_stale(self) -> Iterator[str]:
        feeds = [("stock", "stale.stock")]
        if self.me:
            feeds += [("cases", "stale.cases"), ("orders", "stale.cases")]
        for feed, code in [*feeds, ("prices", "stale.price")]:
            limit, last = self.world.max_age.get(feed), self.world.heard.get(feed)
            if limit is not None and (last is None or self.now - last > limit):
                yield code

    def gate_4_target(self) -> Iterator[str]:
        rule, session = self.rule, self.session
        if rule.territories and session.territory not in rule.territories:
            yield "target.territory"
        if not self.other_conditions_hold():
            yield "target.conditions"
        if self.me and rule.orders is not None and self.bought_orders() < rule.orders:
            yield "target.conditions"
        if self.me and rule.remedy and self.remedy() is None:
            yield "target.conditions"
        if not self.me and self.needs_a_person():
            yield "identity.unverified"

    def needs_a_person(self) -> bool:
        return self.rule.remedy or self.rule.orders is not None

    def other_conditions_hold(self) -> bool:
        product = self.catalogue.get(self.world.sku)
        if self.rule.category and (not product or self.rule.category not in product.categories):
            return False
        return self.session.rescue or not self.rule.rescue

    def bought_orders(self) -> int:
        return sum(o.customer == self.me for o in self.all(facts.Order))

    # 6 and 7

    def price(self) -> Any:
        here = (self.world.sku, self.session.territory)
        return next((p for p in self.all(facts.Price) if (p.sku, p.territory) == here), None)

    def gate_6_stock(self) -> Iterator[str]:
        here = (self.world.sku, self.session.territory)
        rows = [s.available for s in self.all(facts.Stock) if (s.sku, s.territory) == here]
        available = sum(rows)
        if available <= 0:
            yield "stock.out"
            return
        if available < self.world.stock_minimum:
            yield "stock.minimum"
        promised = self.world.committed.get(here, 0)  # type: ignore[arg-type]
        if available < promised + self.rule.max_qty:
            yield "stock.committed"

    def gate_7_price(self) -> Iterator[str]:
        unit = self.unit()
        if isinstance(unit, str):
            yield unit
        elif any(unit >= shown for shown in self.page_prices()):
            yield "price.disagrees"

    def page_prices(self) -> Iterator[int]:
        """Yield the price that the item's page shows, where it contradicts the reported one."""
        reported = self.price()
        net = Fraction(reported.price.amount * 10_000, 10_000 + reported.tax_rate_bp)
        for one in self.session.shown_prices:
            shown = one.price
            if one.sku != self.world.sku or shown.currency != reported.price.currency:
                continue
            without_tax = reported.tax_included and reported.tax_rate_bp > 0
            if not (without_tax and floor(net) - 1 <= shown.amount <= floor(net) + 1):
                yield shown.amount

    def saved(self) -> int:
        unit, remedy = self.unit(), self.remedy()
        assert isinstance(unit, int)
        if self.rule.remedy and remedy and remedy.value.amount is not None:
            return remedy.value.amount
        return int(self.price().price.amount) - unit

    def unit(self) -> int | str:
        """Return the offer's price of one unit, or the reason why there is none."""
        price, remedy = self.price(), self.remedy()
        if price is None:
            return "price.missing"
        public = price.price.amount
        if self.rule.remedy:
            if (
                remedy is None
                or (remedy.value.currency or price.price.currency) != price.price.currency
            ):
                return "price.missing"
            off = self.rounded(public, remedy.value.percent_bp or 0)
            unit = off if remedy.value.percent_bp else public - (remedy.value.amount or 0)
            return "price.no_improvement" if unit >= public else max(unit, 0)
        cost = self.cost(price)
        if self.rule.margin_bp is not None and cost is None:
            return "price.missing"
        floor = 1
        if cost is not None:
            rate = price.tax_rate_bp if price.tax_included else 0
            margin = self.rule.margin_bp or 0
            floor = max(floor, ceil(Fraction(cost * (10_000 + rate), 10_000 - margin)))
        for bound in (price.target, price.minimum_advertised):
            floor = max(floor, bound.amount if bound else 1)
        before = price.list.amount if price.list else public
        floor = max(floor, ceil(Fraction(before, 10)))
        asked = self.rounded(public, self.rule.percent_bp)
        if asked <= 0 and floor <= 1:
            return "price.zero"
        unit = max(asked, floor)
        if unit >= public:
            return "price.floor" if asked < floor else "price.no_improvement"
        return unit

    def rounded(self, public: int, bp: int) -> int:
        """Return the discounted price, rounded to the nearest minor unit, ties down."""
        exact = Fraction(public * (10_000 - bp), 10_000)
        return ceil(exact - Fraction(1, 2))

    def cost(self, price: Any) -> int | None:
        rows = [c for c in self.all(facts.Cost) if c.sku == self.world.sku]
        local = [c for c in rows if c.territory == self.session.territory]
        found = next(iter(local or [c for c in rows if c.territory is None]), None)
        if found is None or found.cost.currency != price.price.currency:
            return None
        return int(found.cost.amount)

    # 8 to 10

    def dwelt(self) -> int:
        running = self.session.running_since
        return self.session.dwell_before_ms + (self.now - running if running is not None else 0)

    def gate_8_timing(self) -> Iterator[str]:
        session = self.session
        visible = any(tab.visible for tab in session.tabs)
        rescue = self.rule.rescue and session.rescue
        engaged = self.dwelt() >= 30 * SECOND
        calm = self.now - session.last_input >= 3 * SECOND
        product, orders = self.catalogue.get(self.world.sku), self.rule.orders
        hopeless: Any = self.rule.rescue and not session.rescue
        hopeless = hopeless or (
            self.rule.category and not (product and self.rule.category in product.categories)
        )
        hopeless = hopeless or (
            orders is not None and not (self.me and self.bought_orders() >= orders)
        )
        # Where a written condition fails, waiting is no answer.
        ripe = hopeless or self.rule.dwell is None or self.dwelt() >= self.rule.dwell
        if not visible or not ripe or (not rescue and not (engaged and calm)):
            yield "timing.wait"
        if session.page in {"checkout", "payment"}:
            yield "timing.checkout"
        if session.chat_open:
            yield "timing.chat"
        if self.now < session.contact.quiet_until:
            yield "timing.quiet"

    def gate_9_contact(self) -> Iterator[str]:
        contact, session = self.session.contact, self.session
        marks = contact.approaches
        owed = self.rule.remedy
        if not owed and sum(mark.session == session.id for mark in marks) >= 2:
            yield "contact.session_cap"
        if not owed and sum(self.now < mark.at + 30 * DAY for mark in marks) >= 4:
            yield "contact.shopper_cap"
        for rest in contact.cooldowns:
            mine = {("rule", self.rule.id), ("product", self.product_of(self.world.sku))}
            if (rest.scope, rest.key) in mine and self.now < rest.until:
                yield "contact.dismissed"
        for offer in session.offers:
            elsewhere = offer.sku != self.world.sku and offer.state in {"pushed", "shown"}
            promised = offer.sku == self.world.sku and offer.state == "accepted"
            if elsewhere or promised:
                yield "contact.active"

    def gate_10_budget(self) -> Iterator[str]:
        mine = [m for m in self.session.contact.approaches if m.rule == self.rule.id]
        here, most = sum(m.session == self.session.id for m in mine), self.rule.per_session
        if most is not None and here >= most:
            yield "budget.shopper_limit"
        if self.rule.per_shopper is not None:
            count, per = self.rule.per_shopper
            if sum(self.now < m.at + per for m in mine) >= count:
                yield "budget.shopper_limit"
        if self.rule.campaign and self.price() is not None:
            hold = self.saved() * self.rule.max_qty if isinstance(self.unit(), int) else 0
            currency = self.price().price.currency
            free = self.world.balances.get((self.rule.campaign, currency))
            funded = any(c == self.rule.campaign and k != "#" for c, k in self.world.balances)
            if free is None and funded:
                free = 0
            if free is not None and free < hold:
                yield "budget.spend"
            count_free = self.world.balances.get((self.rule.campaign, "#"))
            if count_free is not None and count_free < 1:
                yield "budget.count"
        if self.rule.codes:
            end = self.world.codes.get(self.rule.codes, 0)
            if end is not None and end < self.now + 15 * 60_000:
                yield "budget.codes"
