"""Random worlds for the oracle: few things, many coincidences, clocks on the edges."""

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
from support.naive_assembly import Shop
from support.oracle.world import Spec, World
from tactful.core.context import Context
from tactful.core.customer.profile import profile
from tactful.core.facts.fact_types import AnyFact
from tactful.core.offers.budget import COUNT, Balance
from tactful.core.offers.offer import OfferState
from tactful.core.rules.policy import FeedMaxAge, Policy
from tactful.core.rules.rule import Campaign, Condition, FrequencyLimit, PriceTerms, Rule
from tactful.core.session.contact_history import Approach, ContactHistory, Cooldown
from tactful.core.session.session import Tab

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
)
EDGES = (2, 7, 30, 72, 90, 180, 365)


class Dice:
    """A few ways to be random."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self.pick = self._random.choice
        self.int = self._random.randint

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def some(self, items: Any, most: int) -> tuple[Any, ...]:
        return tuple(self._random.sample(items, self.int(0, min(most, len(items)))))

    def ago(self, *edges: int) -> int:
        """An instant in the past, often exactly a limit ago, or 1 ms to either side."""
        if self.chance(0.4):
            return T0 - self.pick(edges or EDGES) * DAY + self.pick((-1, 0, 1))
        return T0 - self.int(1, self.pick((DAY, 30 * DAY, 200 * DAY, 400 * DAY)))

    def shuffled(self, items: list[Any]) -> list[Any]:
        return self._random.sample(items, len(items))


def world(seed: int) -> World:
    """One world; the same seed gives the same."""
    dice = Dice(seed)
    known = dice.chance(0.85)
    sku = dice.pick((*SKUS, "GHOST")) if dice.chance(0.5) else "RUN-42"
    told: list[tuple[AnyFact, int]] = [(one, T0 - 500 * DAY) for one in _shelf(dice)]
    told += [(one, T0 - dice.int(1, DAY)) for one in _life(dice)]
    here = session(
        territory=dice.pick(
            ("DE", "DE", "DE", "DE", "DE", "DE", "DE", "DE", "DE", "GB", "US-NY", None)
        ),
        customer="c1" if known else None,
        focus=sku,
        **_behaviour(dice, known),
    )
    return World(
        now=T0,
        sku=sku,
        session=here,
        rules=[_rule(dice, f"r{n}") for n in range(dice.int(1, 3))],
        facts=dice.shuffled(told),
        max_age=dict.fromkeys(dice.some(("stock", "prices", "orders", "cases"), 1), 15 * MINUTE)
        if dice.chance(0.1)
        else {},
        heard={
            f: T0 - 15 * MINUTE - dice.pick((-MINUTE, 0, 1))
            for f in dice.some(("stock", "prices", "orders", "cases"), 4)
        },
        balances=_balances(dice),
        committed={(sku, here.territory or ""): dice.int(0, 7)} if dice.chance(0.1) else {},
        stock_minimum=dice.pick((0, 0, 0, 0, 0, 0, 0, 5)),
        everyone_held_out=dice.chance(0.05),
    )


def _shelf(dice: Dice) -> list[AnyFact]:
    found: list[AnyFact] = [one for one in CATALOGUE if dice.chance(0.97)]
    for sku in BOUGHT:
        amount = dice.pick((12900, 1990, 999))
        bounds = {"target": amount * 9 // 10} if dice.chance(0.1) else {}
        if dice.chance(0.04):
            bounds["minimum_advertised"] = amount - dice.int(0, 2)
        if dice.chance(0.95):
            found.append(price(sku, amount, "DE", **bounds))
        if dice.chance(0.6):
            found.append(price(sku, amount - 100, dice.pick(("GB", "US-NY"))))
        if dice.chance(0.8):
            currency = "EUR" if dice.chance(0.9) else "GBP"
            found.append(
                cost(sku, dice.pick((300, 300, 300, amount // 2, amount)), currency=currency)
            )
        if dice.chance(0.95):
            found.append(stock(sku, dice.pick((-1, 0, 3, 6, 6, 6, 40, 40, 40, 40, 40, 40))))
        if dice.chance(0.2):
            found.append(stock(sku, 2, location="attic"))
        if dice.chance(0.6):
            found.append(stock(sku, 3, dice.pick(("GB", "US-NY"))))
    if dice.chance(0.05):
        what = dice.pick(({"product": "run"}, {"skus": ("RUN-43",)}, {"skus": ("SOCK-3", "GHOST")}))
        found.append(recall(status=dice.pick(("active", "lifted")), **what))
    return found


def _life(dice: Dice) -> list[AnyFact]:
    """What happened to c1, and now and then to c2."""
    people = ("c1", "c1", "c1", "c1", "c2")
    found: list[AnyFact] = []
    orders = [_order(dice, f"o{n}", dice.pick(people)) for n in range(dice.int(0, 2))]
    found += orders
    names = (*(one.order for one in orders), "o99")
    cases = dice.int(0, dice.pick((0, 1, 3)))
    found += [_case(dice, n, cases, names, dice.pick(people)) for n in range(cases)]
    if dice.chance(0.25):
        found.append(_return(dice, names, dice.pick(people)))
    if dice.chance(0.2):
        sku = dice.pick(BOUGHT)
        found += [
            review(sku=sku, rating=dice.int(1, 5), at=dice.ago(180), version=n)
            for n in range(dice.int(1, 3))
        ]
    if dice.chance(0.3):
        found.append(_remedy(dice, names, "m1"))
        found += [_remedy(dice, names, "m2")] if dice.chance(0.2) else []
    if dice.chance(0.6):
        born = dice.pick((None, 1980, 1980, 1980, 2007, 2008))
        found.append(customer(birth_year=born, opted_out=dice.chance(0.05)))
    return found


def _order(dice: Dice, name: str, who: str) -> Any:
    placed = dice.ago()
    promised = T0 + dice.pick((-2 * DAY, -1, 0, 1, DAY)) if dice.chance(0.3) else None
    status = dice.pick(("placed", "shipped", "delivered", "delivered", "delivered", "cancelled"))
    late = T0 - 2 * DAY + dice.pick((-1, 0, 1)) if dice.chance(0.5) else placed + DAY
    lines = [
        line(one, dice.int(1, 2), dice.pick((12900, 10965, 900)), gift=dice.chance(0.15))
        for one in (dice.pick(BOUGHT) for _ in range(dice.int(0, 3)))
    ]
    return order(
        name,
        *lines,
        customer=who,
        placed_at=placed,
        status=status,
        promised_by=promised,
        delivered_at=late if status == "delivered" and dice.chance(0.8) else None,
    )


def _case(dice: Dice, number: int, count: int, orders: tuple[str, ...], who: str) -> Any:
    status = dice.pick(
        ("open", "pending", "resolved", "resolved", "resolved", "rejected", "merged")
    )
    ended = status in {"resolved", "rejected"} or dice.chance(0.2)
    return case(
        f"k{number}",
        dice.pick(KINDS),
        status,
        customer=who,
        purchaser=dice.pick((None, None, "c1", "c2")),
        order=dice.pick((None, None, *orders)),
        skus=dice.some(BOUGHT, 2),
        opened_at=dice.ago(180, 30),
        resolved_at=dice.ago(7, 30, 90) if ended and dice.chance(0.9) else None,
        merged_into=f"k{dice.int(0, count)}" if status == "merged" else None,
    )


def _return(dice: Dice, orders: tuple[str, ...], who: str) -> Any:
    reasons = ("fit", "quality", "not_as_described", "changed_mind", "unknown")
    lines = [(dice.pick(BOUGHT), dice.pick(reasons)) for _ in range(dice.int(1, 2))]
    return returned(
        "b1",
        *lines,
        customer=dice.pick((None, who)),
        order=dice.pick((None, *orders)),
        at=dice.ago(30, 90),
        status=dice.pick(("announced", "received", "received", "cancelled")),
    )


def _remedy(dice: Dice, orders: tuple[str, ...], name: str) -> Any:
    causes: tuple[dict[str, Any], ...] = (
        {"case": dice.pick(("k0", "k1", "k99"))},
        {"order": dice.pick(orders)},
        {"skus": dice.some(BOUGHT, 2) or ("RUN-43",)},
    )
    return remedy(
        name,
        amount=dice.pick((1000, 500, 12900)),
        expires_at=T0 + dice.pick((0, 1, DAY)),
        **dice.pick(causes),
    )


def _behaviour(dice: Dice, known: bool) -> dict[str, Any]:
    visible = dice.chance(0.95)
    looked = dice.pick((MINUTE,) * 8 + (30 * SECOND, 30 * SECOND - 1, 0))
    consent = dice.pick(("personal", "personal", "personal", "personal", "personal", "anonymous"))
    return {
        "consent": "none" if dice.chance(0.03) else consent if known else "anonymous",
        "gpc": dice.chance(0.05),
        "tabs": (Tab(1, visible=visible),),
        "running_since": T0 - looked if visible else None,
        "dwell_before_ms": 0 if visible else looked,
        "last_input": T0 - dice.pick((MINUTE,) * 10 + (3 * SECOND, 3 * SECOND - 1)),
        "page": dice.pick(("product",) * 12 + ("checkout", "payment")),
        "chat_open": dice.chance(0.05),
        "rescue": dice.chance(0.1),
        "contact": _contact(dice),
        "offers": _offers(dice),
    }


def _contact(dice: Dice) -> ContactHistory:
    if dice.chance(0.6):
        return ContactHistory(quiet_until=T0 + dice.pick((-1, 0, 1)) if dice.chance(0.1) else 0)
    marks = tuple(
        Approach(
            f"f{n}",
            dice.pick(("r0", "r1", "r9")),
            dice.pick(("s1", "s0", "s0")),
            dice.pick((T0 - 30 * DAY, T0 - 30 * DAY + 1, T0 - DAY, T0 - 2 * MINUTE)),
        )
        for n in range(dice.int(0, 5))
    )
    rests = (
        (Cooldown("rule", dice.pick(("r0", "r1")), T0 + dice.pick((-1, 0, 1))),),
        (Cooldown("product", dice.pick(("run", "boot")), T0 + dice.pick((-1, 0, 1))),),
        (),
    )
    return ContactHistory(marks, dice.pick(rests))


def _offers(dice: Dice) -> Any:
    """Nothing that the gates would end, or that would be replaced: that is told elsewhere."""
    if dice.chance(0.95):
        return ()
    return (
        offer(rule="r9", state=OfferState.ACCEPTED, sku=dice.pick(SKUS), accept_until=T0 + MINUTE),
    )


def _rule(dice: Dice, name: str) -> Spec:
    remedy_rule = dice.chance(0.2)
    return Spec(
        id=name,
        paused=dice.chance(0.03),
        starts=T0 + dice.pick((-1, 0, 1)) if dice.chance(0.03) else None,
        ends=T0 + dice.pick((-1, 0, 1)) if dice.chance(0.03) else None,
        territories=dice.pick(((), (), (), ("DE",), ("DE", "GB"))),
        category=dice.pick((None, None, None, None, None, None, "running", "boots")),
        dwell=dice.pick((None, None, None, 30 * SECOND, 45 * SECOND)),
        orders=1 if dice.chance(0.08) else None,
        remedy=remedy_rule,
        rescue=dice.chance(0.04),
        percent_bp=dice.pick((1500, 1000, 1000, 1000, 500, 500, 3333, 10_000)),
        margin_bp=dice.pick((None, None, None, None, 2000)),
        max_qty=dice.pick((1, 1, 3)),
        campaign=dice.pick((None, "C")),
        per_session=dice.pick((None, None, 1)),
        per_shopper=dice.pick((None, None, (1, 30 * DAY))),
        priority=dice.pick((0, 0, 1)),
        shadow=dice.chance(0.1),
    )


def _balances(dice: Dice) -> dict[tuple[str, str], int]:
    if dice.chance(0.6):
        return {}
    money = {("C", currency): dice.int(0, 3000) for currency in dice.some(("EUR", "GBP"), 2)}
    return money | ({("C", COUNT): dice.int(0, 1)} if dice.chance(0.3) else {})


# the same world as the engine reads it


def context_of(world: World) -> Context:
    """The context of a turn in which time alone passes."""
    shop = Shop(world.facts)
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
            *(_compiled(one) for one in world.rules), policy=policy, campaigns=[_campaign(world)]
        ),
        items=[shop.item(world.sku)],
        profile=known,
        balances={key: Balance(free) for key, free in world.balances.items()},
        committed=world.committed,
        feed_heartbeats=world.heard,
    )


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
        per_session=spec.per_session,
        per_shopper=FrequencyLimit(*spec.per_shopper) if spec.per_shopper else None,
        priority=spec.priority,
        mode="shadow" if spec.shadow else "live",
        **{name: at for name, at in fields.items() if at is not None},
    )
