"""An explanation names the facts that the gates read, and a fact that it does not name is not read."""

from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from support import rule_files
from support.builders import (
    DAY,
    T0,
    but,
    case,
    cost,
    customer,
    item,
    kept,
    line,
    order,
    price,
    product,
    recall,
    remedy,
    returned,
    review,
    scene,
    session,
    stock,
)
from support.field_scenes import full_scene
from support.in_memory_shop import InMemoryShop, Shopper
from tactful.core.evidence import Evidence
from tactful.core.explain import evidence, evidence_of_offer, explain
from tactful.core.facts.fact_types import AnyFact, Gone, kind_of
from tactful.core.facts.price_rows import price_rows, special_rows
from tactful.core.rules.policy import Policy
from tactful.core.session import signals
from tactful.core.watched_scene import WatchedFact, watch
from tactful.rulebook.fields.field_registry import FIELDS

SHOE: Final = product(
    brand="Velo",
    categories=("shoes/running",),
    components=("LACE-1",),
    attributes={"colour": "red"},
)
FACTS: Final[tuple[AnyFact, ...]] = (
    SHOE,
    product("SOCK-3", "socks", brand="Velo", categories=("socks",), consumable_days=90),
    product("LACE-1", "laces", brand="Velo", categories=("laces",)),
    product("BOOT-42", "boot", brand="Nordek", categories=("boots",)),
    price(list=14900, target=9900),
    price("SOCK-3", 1990),
    price("BOOT-42", 18900),
    price(territory="AT", amount=13900),
    cost(),
    cost("SOCK-3", 600),
    stock(available=50),
    stock("SOCK-3", 50),
    stock("BOOT-42", 3),
    stock(territory="AT", available=4),
    customer("c1", tier="silver", segments=("runners",), birth_year=1990),
    customer("c2", tier="gold"),
    order("o1", line("SOCK-3"), placed_at=T0 - 100 * DAY),
    order("o2", line("BOOT-42"), customer="c2", placed_at=T0 - 100 * DAY),
    returned("r1", ("SOCK-3", "changed_mind"), order="o1", at=T0 - 80 * DAY),
    review(rating=5, sku="SOCK-3"),
)
"""A shop with facts about the item, other items, other territories and another customer."""
GROUPS: Final = (
    "[{clause}]",
    "[{{any: [{clause}, {{session.views: {{at_least: 1}}}}]}}]",
    "[{{session.views: {{at_least: 1}}}}, {{none: [{clause}]}}]",
)
UNPROTECTED: Final = sorted(name for name, one in FIELDS.items() if not one.protected)


def looked(told: tuple[AnyFact, ...], condition: str, who: str | None) -> Shopper:
    """Let a shopper with socks in the cart look at the shoe for a minute."""
    shop = InMemoryShop(rule_files.rule(condition), told=told)
    one = shop.open_session(consent="personal", page="home")
    if who:
        one.send(signals.CustomerIdentified(who))
    one.send(signals.CartChanged((signals.CartLine("SOCK-3", 1),)))
    return one.view("RUN-42", 60)


def explained(one: Shopper) -> tuple[Any, Evidence | None]:
    """The verdict on the rule, the price of its offer, and what both rest on."""
    context = one.context(signals.FactsChanged())
    shoe, socks = (one.shop.shop.item(sku) for sku in ("RUN-42", "SOCK-3"))
    context = but(context, items={**context.items, "RUN-42": shoe, "SOCK-3": socks})
    verdicts = explain(context, "RUN-42")
    rests_on = evidence(context, "RUN-42", verdicts)
    return verdicts, rests_on.get("one")


def name_of(fact: AnyFact) -> tuple[str, str]:
    kind = kind_of(fact)
    sold = kind in {"product", "price", "cost", "stock"}
    return kind, str(getattr(fact, "sku" if sold else "return_" if kind == "return" else kind))


@settings(max_examples=150)
@given(
    name=st.sampled_from(UNPROTECTED),
    group=st.sampled_from(GROUPS),
    who=st.sampled_from([None, "c1", "c2"]),
    left_out=st.integers(0, len(FACTS) - 1),
)
def test_a_fact_that_is_not_named_does_not_matter(
    name: str, group: str, who: str | None, left_out: int
) -> None:
    clause = f"{name.replace('*', 'colour')}: {FIELDS[name].example}"
    condition = group.format(clause="{" + clause + "}")
    one = looked(FACTS, condition, who)
    outcome, rests_on = explained(one)
    if rests_on is None:
        return
    named = {(read.fact, read.id) for read in rests_on.inputs}
    fact = FACTS[left_out]
    if name_of(fact) in named:
        return
    other = looked(tuple(each for each in FACTS if each is not fact), condition, who)
    assert explained(other)[0] == outcome
    assert [offer.unit for offer in other.offers] == [offer.unit for offer in one.offers]


def test_the_facts_about_the_cart_are_named_where_a_rule_reads_the_cart() -> None:
    """Found in use: the sources of an offer were a fixed list, whatever the rule read."""
    _, about_cart = explained(looked(FACTS, "[{cart.total: {at_least: {EUR: 5.00}}}]", None))
    assert about_cart is not None
    assert ("price", "SOCK-3") in {(read.fact, read.id) for read in about_cart.inputs}
    _, about_item = explained(looked(FACTS, "[{session.views: {at_least: 1}}]", None))
    assert about_item is not None
    assert {read.id for read in about_item.inputs if read.fact == "price"} == {"RUN-42"}
    assert next(read.id for read in about_item.inputs if read.fact == "product") == "RUN-42"


def test_everything_that_a_customer_s_suppression_is_derived_from_is_named() -> None:
    told = (*FACTS, case("k1", skus=("BOOT-42",)), remedy("m1", skus=("BOOT-42",)))
    _, rests_on = explained(looked(told, "[{session.views: {at_least: 1}}]", "c1"))
    assert rests_on is not None
    personal = [(read.fact, read.id) for read in rests_on.inputs if read.provenance == "personal"]
    assert [kind for kind, _ in personal] == [
        "customer", "order", "return", "case", "review", "remedy",
    ]  # fmt: skip


def test_a_withdrawal_because_of_a_recall_names_the_recall() -> None:
    one = looked(FACTS, "[{session.views: {at_least: 1}}]", None)
    (offer,) = one.offers
    one.shop.report(recall("rc-1", product="run"))
    assert [reason for _, reason in one.withdrawn] == ["recall"]
    context = one.context(signals.FactsChanged())
    context = but(context, items={"RUN-42": one.shop.shop.item("RUN-42")})
    found = evidence_of_offer(context, offer, ())
    assert ("recall", "rc-1") in {(read.fact, read.id) for read in found.inputs}


def test_a_withdrawal_because_a_product_is_gone_names_the_report() -> None:
    one = looked(FACTS, "[{session.views: {at_least: 1}}]", None)
    (offer,) = one.offers
    gone = but(one.shop.shop.item("RUN-42"), end=kept(Gone(of="product", sku="RUN-42")))
    context = but(one.context(signals.FactsChanged()), items={"RUN-42": gone})
    found = evidence_of_offer(context, offer, ())
    assert [(read.id, read.value) for read in found.inputs if read.fact == "gone"] == [
        ("RUN-42", {"of": "product"})
    ]


def test_prices_of_a_channel_are_noted_once_they_are_in_force() -> None:
    everybody = [kept(price()), kept(price(amount=11000, since=T0 + DAY, version=2))]
    in_the_app = [kept(price(amount=12000, channel="app"))]
    rows = price_rows([everybody[-1], *in_the_app], [everybody, in_the_app], ())
    several = item(price_rows=special_rows(rows))
    for channel, now, expected in (
        (None, T0, everybody[0]), (None, T0 + DAY, everybody[1]), ("app", T0, in_the_app[0]),
    ):  # fmt: skip
        here = session(channel=channel)
        watched, reads = watch(scene(now=now, item=several, session=here), Policy())
        assert watched.price is not None
        assert watched.price.fact == expected.fact
        assert [*reads.values()] == [expected]


def test_an_announced_price_is_noted_once_it_is_in_force() -> None:
    told = (product(), price(version=1), price(amount=11000, since=T0 + DAY, version=2))
    announced = InMemoryShop(told=told).shop.item("RUN-42")
    for now, amount in ((T0, 12900), (T0 + DAY, 11000)):
        watched, reads = watch(scene(now=now, item=announced), Policy())
        assert watched.price is not None
        assert watched.price.fact.price.amount == amount
        assert len(reads) == 1


def test_a_watched_scene_is_read_like_the_scene() -> None:
    at = full_scene()
    watched, reads = watch(at, Policy())
    assert isinstance(watched.item.product, WatchedFact)
    for name in UNPROTECTED:
        one = rule_files.rule(
            "[{" + f"{name.replace('*', 'colour')}: {FIELDS[name].example}" + "}]"
        )
        assert one.holds_from(watched) == one.holds_from(at)
    assert len(reads) > 5
