"""Random worlds for the oracle: few items, many coincidences, instants on the limits."""

from random import Random  # noqa: TID251 - the seed is the argument
from typing import Any

from support.builders import (
    DAY,
    MINUTE,
    SECOND,
    T0,
    case,
    category,
    context,
    cost,
    customer,
    dwell,
    line,
    objection,
    offer,
    order,
    orders_at_least,
    price,
    product,
    recall,
    remedy,
    returned,
    review,
    rule,
    rulebook,
    session,
    stock,
)
from support.naive_assembly import NaiveShop
from support.oracle.world import Banned, Excluded, Spec, World
from tactful.core.context import Context
from tactful.core.customer.profile import profile
from tactful.core.facts.fact_types import AnyFact
from tactful.core.offers.budget import COUNT, Balance
from tactful.core.offers.discount_codes import FreeCode
from tactful.core.offers.offer import OfferState
from tactful.core.rules.policy import FeedMaxAge, Policy
from tactful.core.rules.rule import (
    EVERY_RULE,
    Campaign,
    Condition,
    Exclusion,
    FrequencyLimit,
    InputBan,
    PriceTerms,
    Rule,
)
from tactful.core.session.contact_history import Approach, ContactHistory, Cooldown
from tactful.core.session.session import ShownPrice, Tab
from tactful.core.values.money import Money

CATALOGUE = (
    product("RUN-42", "run", brand="Velo", categories=("running",)),
    product("RUN-43", "run", brand="Velo", categories=("running",)),
    product("TRAIL-42", "trail", brand="Velo", categories=("running",)),
    product("BOOT-42", "boot", brand="Nordek", categories=("boots",)),
    product("SOCK-3", "sock", brand="Velo", categories=("socks",), consumable_days=90),
    product("GIN-1", "gin", brand="Nordek", categories=("drinks",), min_age=18),
    product("SET-1", "set", categories=("sets", "running"), components=("BOOT-42", "SOCK-3")),
    product("BOX-9", "box", categories=("running",), components=("RUN-42", "GHOST")),
)
SKUS = tuple(one.sku for one in CATALOGUE)
BOUGHT = (*SKUS, "GHOST")
KINDS = (
    "defect",
    "not_as_described",
    "wrong_item",
    "late",
    "lost",
    "service",
    "billing",
    "question",
    "unknown",
    "other",
)
EDGES = (2, 7, 30, 72, 90, 180, 365)


class RandomSource:
    """A seeded source of random choices."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self.pick = self._random.choice
        self.int = self._random.randint

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def some(self, items: Any, most: int) -> tuple[Any, ...]:
        return tuple(self._random.sample(items, self.int(0, min(most, len(items)))))

    def ago(self, *edges: int) -> int:
        """Return an instant in the past, often exactly a limit ago or 1 ms to either side."""
        if self.chance(0.4):
            return T0 - self.pick(edges or EDGES) * DAY + self.pick((-1, 0, 1))
        return T0 - self.int(1, self.pick((DAY, 30 * DAY, 200 * DAY, 400 * DAY)))

    def shuffled(self, items: list[Any]) -> list[Any]:
        return self._random.sample(items, len(items))


def world(seed: int) -> World:
    """Return one world; the same seed gives the same world."""
    rng = RandomSource(seed)
    known = rng.chance(0.85)
    sku = rng.pick((*SKUS, "GHOST")) if rng.chance(0.5) else "RUN-42"
    reported: list[tuple[AnyFact, int]] = [(one, T0 - 500 * DAY) for one in _catalogue_facts(rng)]
    reported += [(one, T0 - rng.int(1, DAY)) for one in _customer_facts(rng)]
    here = session(
        territory=rng.pick(
            ("DE", "DE", "DE", "DE", "DE", "DE", "DE", "DE", "DE", "GB", "US-NY", None)
        ),
        customer="c1" if known else None,
        focus=sku,
        shown_prices=_shown_prices(rng, sku),
        **_behaviour(rng, known),
    )
    return World(
        now=T0,
        sku=sku,
        session=here,
        rules=[_rule(rng, f"r{n}") for n in range(rng.int(1, 3))],
        facts=rng.shuffled(reported),
        max_age=dict.fromkeys(rng.some(("stock", "prices", "orders", "cases"), 1), 15 * MINUTE)
        if rng.chance(0.1)
        else {},
        heard={
            f: T0 - 15 * MINUTE - rng.pick((-MINUTE, 0, 1))
            for f in rng.some(("stock", "prices", "orders", "cases"), 4)
        },
        balances=_balances(rng),
        committed={(sku, here.territory or ""): rng.int(0, 7)} if rng.chance(0.1) else {},
        stock_minimum=rng.pick((0, 0, 0, 0, 0, 0, 0, 5)),
        everyone_held_out=rng.chance(0.05),
        stopped=rng.chance(0.02),
        excluded=_excluded(rng),
        banned=_banned(rng),
        codes={"full": None, "ending": T0 + 15 * MINUTE + rng.pick((-1, 0, 1))},
    )


def _shown_prices(rng: RandomSource, sku: str) -> tuple[ShownPrice, ...]:
    """Return sometimes the price that a page showed."""
    if rng.chance(0.8):
        return ()
    amount = rng.pick((12900, 1990, 999))
    off = rng.pick((0, 0, amount // 10, amount * 15 // 100, amount - amount * 100 // 119))
    shown = Money(amount - off + rng.pick((-2, -1, 0, 1)), rng.pick(("EUR", "EUR", "GBP")))
    return (ShownPrice(rng.pick((sku, sku, "HAT-1")), shown),)


def _excluded(rng: RandomSource) -> tuple[Excluded, ...]:
    """Return sometimes an exclusion with one or two keys."""
    if rng.chance(0.9):
        return ()
    keys: dict[str, Any] = {
        "skus": rng.some(SKUS, 3),
        "brands": rng.pick((("velo",), ("nordek",))),
        "categories": rng.pick((("running",), ("boots", "socks"), ("run",))),
        "segments": rng.pick((("staff",), ("runners",))),
        "territories": rng.pick((("DE",), ("US",), ("GB", "DE-BY"))),
        "starts": T0 + rng.pick((-1, 0, 1)),
        "ends": T0 + rng.pick((0, 1, DAY)),
    }
    return (Excluded(**{name: keys[name] for name in rng.some(tuple(keys), 2)}),)


def _banned(rng: RandomSource) -> tuple[Banned, ...]:
    """Return sometimes a ban of inputs."""
    if rng.chance(0.9):
        return ()
    return (
        Banned(
            territory=rng.pick(("DE", "DE-BY", "US", "US-NY")),
            inputs=rng.some(("personal", "pseudonymous"), 2),
            legal_bases=rng.pick(((), (), ("remedy",), ("loyalty",))),
            starts=T0 + rng.pick((-1, 0, 1)),
        ),
    )


def _catalogue_facts(rng: RandomSource) -> list[AnyFact]:
    found: list[AnyFact] = [one for one in CATALOGUE if rng.chance(0.97)]
    for sku in BOUGHT:
        amount = rng.pick((12900, 1990, 999))
        bounds = {"target": amount * 9 // 10} if rng.chance(0.1) else {}
        if rng.chance(0.04):
            bounds["minimum_advertised"] = amount - rng.int(0, 2)
        if rng.chance(0.95):
            found.append(price(sku, amount, "DE", **bounds))
        if rng.chance(0.6):
            found.append(price(sku, amount - 100, rng.pick(("GB", "US-NY"))))
        if rng.chance(0.8):
            currency = "EUR" if rng.chance(0.9) else "GBP"
            found.append(
                cost(sku, rng.pick((300, 300, 300, amount // 2, amount)), currency=currency)
            )
        if rng.chance(0.95):
            found.append(stock(sku, rng.pick((-1, 0, 3, 6, 6, 6, 40, 40, 40, 40, 40, 40))))
        if rng.chance(0.2):
            found.append(stock(sku, 2, location="second"))
        if rng.chance(0.6):
            found.append(stock(sku, 3, rng.pick(("GB", "US-NY"))))
    if rng.chance(0.05):
        what = rng.pick(({"product": "run"}, {"skus": ("RUN-43",)}, {"skus": ("SOCK-3", "GHOST")}))
        found.append(recall(status=rng.pick(("active", "lifted")), **what))
    return found


def _customer_facts(rng: RandomSource) -> list[AnyFact]:
    """Return the orders, cases, returns and reviews of c1, and sometimes of c2."""
    customers = ("c1", "c1", "c1", "c1", "c2")
    found: list[AnyFact] = []
    orders = [_order(rng, f"o{n}", rng.pick(customers)) for n in range(rng.int(0, 2))]
    found += orders
    names = (*(one.order for one in orders), "o99")
    cases = rng.int(0, rng.pick((0, 1, 3)))
    found += [_case(rng, n, cases, names, rng.pick(customers)) for n in range(cases)]
    if rng.chance(0.25):
        found.append(_return(rng, names, rng.pick(customers)))
    if rng.chance(0.2):
        sku = rng.pick(BOUGHT)
        found += [
            review(sku=sku, rating=rng.int(1, 5), at=rng.ago(180), version=n)
            for n in range(rng.int(1, 3))
        ]
    if rng.chance(0.3):
        found.append(_remedy(rng, names, "m1"))
        found += [_remedy(rng, names, "m2")] if rng.chance(0.2) else []
    if rng.chance(0.15):
        found += [_objection(rng, f"n{n}") for n in range(rng.int(1, 2))]
    if rng.chance(0.6):
        born = rng.pick((None, 1980, 1980, 1980, 2007, 2008))
        segments = rng.pick(((), ("Runners",), ("Staff", "x")))
        found.append(customer(birth_year=born, opted_out=rng.chance(0.05), segments=segments))
    return found


def _order(rng: RandomSource, name: str, who: str) -> Any:
    placed = rng.ago()
    promised = T0 + rng.pick((-2 * DAY, -1, 0, 1, DAY)) if rng.chance(0.3) else None
    status = rng.pick(("placed", "shipped", "delivered", "delivered", "delivered", "cancelled"))
    late = T0 - 2 * DAY + rng.pick((-1, 0, 1)) if rng.chance(0.5) else placed + DAY
    lines = [
        line(one, rng.int(1, 2), rng.pick((12900, 10965, 900)), gift=rng.chance(0.15))
        for one in (rng.pick(BOUGHT) for _ in range(rng.int(0, 3)))
    ]
    return order(
        name,
        *lines,
        customer=who,
        placed_at=placed,
        status=status,
        promised_by=promised,
        delivered_at=late if status == "delivered" and rng.chance(0.8) else None,
        cancelled_by="shop" if status == "cancelled" and rng.chance(0.5) else None,
    )


def _case(rng: RandomSource, number: int, count: int, orders: tuple[str, ...], who: str) -> Any:
    status = rng.pick(("open", "pending", "resolved", "resolved", "resolved", "rejected", "merged"))
    ended = status in {"resolved", "rejected"} or rng.chance(0.2)
    return case(
        f"k{number}",
        rng.pick(KINDS),
        status,
        customer=who,
        purchaser=rng.pick((None, None, "c1", "c2")),
        order=rng.pick((None, None, *orders)),
        skus=rng.some(BOUGHT, 2),
        opened_at=rng.ago(180, 30),
        resolved_at=rng.ago(7, 30, 90) if ended and rng.chance(0.9) else None,
        merged_into=f"k{rng.int(0, count)}" if status == "merged" else None,
    )


def _return(rng: RandomSource, orders: tuple[str, ...], who: str) -> Any:
    reasons = ("fit", "quality", "not_as_described", "changed_mind", "unknown")
    lines = [(rng.pick(BOUGHT), rng.pick(reasons)) for _ in range(rng.int(1, 2))]
    return returned(
        "b1",
        *lines,
        customer=rng.pick((None, who)),
        order=rng.pick((None, *orders)),
        at=rng.ago(30, 90),
        status=rng.pick(("announced", "received", "received", "cancelled")),
    )


def _objection(rng: RandomSource, name: str) -> Any:
    return objection(
        name,
        skus=rng.some(BOUGHT, 2),
        until=rng.pick((None, T0 - 2 * DAY, T0, T0 + 1, T0 + DAY)),
        status=rng.pick(("active", "active", "lifted")),
    )


def _remedy(rng: RandomSource, orders: tuple[str, ...], name: str) -> Any:
    causes: tuple[dict[str, Any], ...] = (
        {"case": rng.pick(("k0", "k1", "k99"))},
        {"order": rng.pick(orders)},
        {"skus": rng.some(BOUGHT, 2) or ("RUN-43",)},
    )
    return remedy(
        name,
        amount=rng.pick((1000, 500, 12900)),
        expires_at=T0 + rng.pick((0, 1, DAY)),
        **rng.pick(causes),
    )


def _behaviour(rng: RandomSource, known: bool) -> dict[str, Any]:
    visible = rng.chance(0.95)
    engaged = rng.pick((MINUTE,) * 8 + (30 * SECOND, 30 * SECOND - 1, 0))
    consent = rng.pick(("personal", "personal", "personal", "personal", "personal", "anonymous"))
    return {
        "consent": "none" if rng.chance(0.03) else consent if known else "anonymous",
        "gpc": rng.chance(0.05),
        "tabs": (Tab(1, visible=visible),),
        "running_since": T0 - engaged if visible else None,
        "dwell_before_ms": 0 if visible else engaged,
        "last_input": T0 - rng.pick((MINUTE,) * 10 + (3 * SECOND, 3 * SECOND - 1)),
        "page": rng.pick(("product",) * 12 + ("checkout", "payment")),
        "chat_open": rng.chance(0.05),
        "rescue": rng.chance(0.1),
        "contact": _contact(rng),
        "offers": _offers(rng),
    }


def _contact(rng: RandomSource) -> ContactHistory:
    if rng.chance(0.6):
        return ContactHistory(quiet_until=T0 + rng.pick((-1, 0, 1)) if rng.chance(0.1) else 0)
    approaches = tuple(
        Approach(
            f"f{n}",
            rng.pick(("r0", "r1", "r9")),
            rng.pick(("s1", "s0", "s0")),
            rng.pick((T0 - 30 * DAY, T0 - 30 * DAY + 1, T0 - DAY, T0 - 2 * MINUTE)),
        )
        for n in range(rng.int(0, 5))
    )
    cooldowns = (
        (Cooldown("rule", rng.pick(("r0", "r1")), T0 + rng.pick((-1, 0, 1))),),
        (Cooldown("product", rng.pick(("run", "boot")), T0 + rng.pick((-1, 0, 1))),),
        (),
    )
    return ContactHistory(approaches, rng.pick(cooldowns))


def _offers(rng: RandomSource) -> Any:
    """Return standing offers that no gate ends and no candidate replaces.

    The oracle does not model the recheck of standing offers; scenarios/test_standing_offers.py does.
    """
    if rng.chance(0.95):
        return ()
    return (
        offer(rule="r9", state=OfferState.ACCEPTED, sku=rng.pick(SKUS), accept_until=T0 + MINUTE),
    )


def _rule(rng: RandomSource, name: str) -> Spec:
    remedy_rule = rng.chance(0.2)
    return Spec(
        id=name,
        paused=rng.chance(0.03),
        starts=T0 + rng.pick((-1, 0, 1)) if rng.chance(0.03) else None,
        ends=T0 + rng.pick((-1, 0, 1)) if rng.chance(0.03) else None,
        territories=rng.pick(((), (), (), ("DE",), ("DE", "GB"))),
        category=rng.pick((None, None, None, None, None, None, "running", "boots")),
        dwell=rng.pick((None, None, None, 30 * SECOND, 45 * SECOND)),
        orders=1 if rng.chance(0.08) else None,
        remedy=remedy_rule,
        rescue=rng.chance(0.04),
        percent_bp=rng.pick((1500, 1000, 1000, 1000, 500, 500, 3333, 10_000)),
        margin_bp=rng.pick((None, None, None, None, 2000)),
        max_qty=rng.pick((1, 1, 3)),
        campaign=rng.pick((None, "C")),
        per_session=rng.pick((None, None, 1)),
        per_shopper=rng.pick((None, None, (1, 30 * DAY))),
        priority=rng.pick((0, 0, 1)),
        shadow=rng.chance(0.1),
        codes=rng.pick((None, None, None, "full", "ending", "empty")) if rng.chance(0.4) else None,
    )


def _balances(rng: RandomSource) -> dict[tuple[str, str], int]:
    if rng.chance(0.6):
        return {}
    money = {("C", currency): rng.int(0, 3000) for currency in rng.some(("EUR", "GBP"), 2)}
    return money | ({("C", COUNT): rng.int(0, 1)} if rng.chance(0.3) else {})


# the same world as the context of a decision


def context_of(world: World) -> Context:
    """Return the context of a turn in which only time passes."""
    shop = NaiveShop(world.facts)
    here = world.session
    policy = Policy(
        max_age=FeedMaxAge(**world.max_age),
        stock_minimum=world.stock_minimum,
        holdout_bp=10_000 if world.everyone_held_out else 0,
    )
    known = None
    if here.customer and here.personal:
        known = profile(shop.history(here.customer), policy, here.contact)
    return context(
        session=here,
        rulebook=rulebook(
            *(_compiled(one) for one in world.rules),
            policy=policy,
            campaigns=[_campaign(world)],
            exclusions=tuple(_exclusion(one) for one in world.excluded),
            input_bans=tuple(_input_ban(one) for one in world.banned),
            paused=frozenset({EVERY_RULE} if world.stopped else ()),
        ),
        items=[shop.item(world.sku)],
        profile=known,
        balances={key: Balance(free) for key, free in world.balances.items()},
        codes={pool: FreeCode(pool.upper(), end) for pool, end in world.codes.items()},
        committed=world.committed,
        feed_heartbeats=world.heard,
    )


def _exclusion(one: Excluded) -> Exclusion:
    return Exclusion(
        "x",
        skus=frozenset(one.skus),
        brands=frozenset(one.brands),
        categories=frozenset(one.categories),
        segments=frozenset(one.segments),
        territories=frozenset(one.territories),
        starts=one.starts,
        ends=one.ends,
    )


def _input_ban(one: Banned) -> InputBan:
    inputs, legal_bases = frozenset(one.inputs), frozenset(one.legal_bases)
    return InputBan(one.territory, inputs, one.starts, legal_bases)  # type: ignore[arg-type]


def _campaign(world: World) -> Campaign:
    money = {key: free for (_, key), free in world.balances.items() if key != COUNT}
    return Campaign("C", money, world.balances.get(("C", COUNT)))


def _compiled(spec: Spec) -> Rule:
    conditions: list[Condition] = []
    conditions += [category(spec.category)] if spec.category else []
    conditions += [dwell(spec.dwell)] if spec.dwell is not None else []
    conditions += [orders_at_least(spec.orders)] if spec.orders is not None else []
    terms = PriceTerms("percent", percent_bp=spec.percent_bp, margin_bp=spec.margin_bp)
    fields: dict[str, Any] = {"starts": spec.starts, "ends": spec.ends}
    return rule(
        spec.id,
        *conditions,
        price=PriceTerms("remedy") if spec.remedy else terms,
        paused=spec.paused,
        territories=frozenset(spec.territories),
        remedy=spec.remedy,
        moment="rescue" if spec.rescue else None,
        max_qty=spec.max_qty,
        campaign=spec.campaign,
        codes=spec.codes,
        per_session=spec.per_session,
        per_shopper=FrequencyLimit(*spec.per_shopper) if spec.per_shopper else None,
        priority=spec.priority,
        mode="shadow" if spec.shadow else "live",
        **{name: at for name, at in fields.items() if at is not None},
    )
