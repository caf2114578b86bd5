"""Every field reads what it says, and nothing where the shop has not said."""

from typing import Any

import pytest

from support.rule_files import NOW, check, item, rule, scene
from tactful.core.context import Scene
from tactful.core.facts.fact_types import (
    Customer,
    Order,
    OrderLine,
    Product,
    ReportedFact,
    Return,
    ReturnLine,
)
from tactful.core.facts.history import History
from tactful.core.facts.item import Item
from tactful.core.session.session import ViewedItem
from tactful.core.session.signals import LandingVisit
from tactful.core.values.calendar import DAY, HOUR, SECOND
from tactful.core.values.money import Money
from tactful.rulebook.fields.field_registry import FIELDS, find_field, is_protected
from tactful.rulebook.fields.item_fields import currency, list_price
from tactful.rulebook.testing.given import as_datetime

SOCK = item("SOCK-3", product="socks", categories=("socks",), price=1990, consumable_days=90)
RUN = item(list=14900, attributes={"colour": "red"})


def order(id_: str, sku: str, days: int, **more: Any) -> ReportedFact[Order]:
    about: dict[str, Any] = {"customer": "c1", "territory": "DE", "status": "delivered", **more}
    lines = (OrderLine(sku, 2, Money(1000, "EUR")), OrderLine(sku, 1, Money(900, "GBP")))
    placed = as_datetime(NOW - days * DAY)
    return ReportedFact(Order(order=id_, placed_at=placed, lines=lines, **about), NOW)


HISTORY = History(
    customer="c1",
    about=ReportedFact(
        Customer(
            customer="c1",
            tier="gold",
            segments=("runners", "early"),
            birth_year=1990,
            attributes={"wholesale": True},
        ),
        NOW,
    ),
    orders=(
        order("o1", "SOCK-3", 100),
        order("o2", "RUN-42", 10),
        order("o3", "RUN-42", 5, status="cancelled"),
        order("o4", "RUN-42", 5, customer="c2"),
    ),
    returns=(
        ReportedFact(
            Return(
                return_="r1",
                order="o2",
                customer="c1",
                at=as_datetime(NOW - 2 * DAY),
                status="received",
                lines=(ReturnLine("RUN-42", 3, "fit"),),
            ),
            NOW,
        ),
        ReportedFact(Return(return_="r2", at=as_datetime(NOW), status="cancelled", lines=()), NOW),
    ),
    products={
        "SOCK-3": Product(
            sku="SOCK-3", product="socks", title="Socks", brand="Velo", categories=("socks",)
        ),
        "RUN-42": Product(sku="RUN-42", product="aero-runner", title="Aero"),
    },
)


def full() -> Scene:
    return scene(
        RUN,
        now=NOW + 90 * SECOND,
        history=HISTORY,
        locale="de-DE",
        page="cart",
        query="trail shoes",
        visit=LandingVisit("newsletter", "spring-mail", "email", "blog.example", "apology"),
        dwell_before_ms=40 * SECOND,
        viewed_items=(ViewedItem("SOCK-3", 1, NOW, NOW), ViewedItem("RUN-42", 2, NOW, NOW)),
        views=3,
        pages=6,
        searches=1,
        compares=2,
        exits=1,
        cart=((RUN, 2), (SOCK, 1)),
    )


READS: dict[str, tuple[str, Any]] = {
    "item.sku": ("RUN-42", "RUN-42"),
    "item.product": ("aero-runner", "aero-runner"),
    "item.category": ("shoes/running", ["shoes/running"]),
    "item.brand": ("Velo", "Velo"),
    "item.title": ("Aero Runner", "Aero Runner"),
    "item.attributes.colour": ("red", "red"),
    "item.stock": ("6", 6),
    "item.stock_reported": ("{within: 1h}", "2026-03-10T12:00:00Z"),
    "item.price": ("129.00 EUR", "129.00 EUR"),
    "item.list_price": ("149.00 EUR", "149.00 EUR"),
    "item.target_price": ("1.00 EUR", None),
    "item.discount": ("13.42%", "13.42%"),
    "item.on_sale": ("true", True),
    "item.price_since": ("{within: 1h}", "2026-03-10T12:00:00Z"),
    "item.consumable": ("false", False),
    "item.is_bundle": ("false", False),
    "session.dwell": ("{at_most: 40s}", "40s"),
    "session.age": ("{at_least: 90s}", "90s"),
    "session.views": ("3", 3),
    "session.views_of_item": ("2", 2),
    "session.items_viewed": ("2", 2),
    "session.returned_to_item": ("true", True),
    "session.pages": ("6", 6),
    "session.searches": ("1", 1),
    "session.compares": ("2", 2),
    "session.exits": ("1", 1),
    "session.page": ("cart", "cart"),
    "session.query": ("trail shoes", "trail shoes"),
    "session.locale": ("de-DE", "de-DE"),
    "session.consent": ("personal", "personal"),
    "cart.total": ("277.90 EUR", "277.90 EUR"),
    "cart.items": ("3", 3),
    "cart.lines": ("2", 2),
    "cart.quantity": ("2", 2),
    "cart.has_item": ("SOCK-3", ["RUN-42", "SOCK-3"]),
    "cart.has_product": ("socks", ["aero-runner", "socks"]),
    "cart.has_brand": ("Velo", ["Velo", "Velo"]),
    "cart.has_category": ("socks", ["shoes/running", "socks"]),
    "visit.source": ("newsletter", "newsletter"),
    "visit.campaign": ("spring-mail", "spring-mail"),
    "visit.medium": ("email", "email"),
    "visit.referrer": ("blog.example", "blog.example"),
    "visit.link": ("apology", "apology"),
    "customer.known": ("true", True),
    "customer.tier": ("gold", "gold"),
    "customer.segment": ("runners", ["runners", "early"]),
    "customer.orders": ("2", 2),
    "customer.spent": ("40.00 EUR", "40.00 EUR"),
    "customer.last_order": ("{within: 11d}", "2026-02-28T12:00:00Z"),
    "customer.attributes.wholesale": ("true", True),
    "history.bought_item": ("SOCK-3", ["SOCK-3"]),
    "history.bought_product": ("socks", ["socks"]),
    "history.bought_brand": ("Velo", ["Velo"]),
    "history.bought_category": ("socks", ["socks"]),
    "history.bought_this": ("{within: 1d}", None),
    "history.returned_item": ("RUN-42", ["RUN-42"]),
    "history.returns": ("1", 1),
    "shop.territory": ("DE", "DE"),
    "shop.currency": ("EUR", "EUR"),
}


@pytest.mark.parametrize("name", READS)
def test_a_field_reads_what_it_says(name: str) -> None:
    text, expected = READS[name]
    one = rule(f"[{{{name}: {text}}}]")
    [clause] = one.condition.parts  # type: ignore[union-attr]
    assert clause.read(full()) == expected
    assert (one.holds_from(full()) == 0) == (expected is not None)


def test_every_field_is_tried_here() -> None:
    clocks = {"time.weekday", "time.of_day", "time.date"}
    tried = {name.replace("colour", "*").replace("wholesale", "*") for name in READS}
    assert tried | clocks | {"customer.age"} == set(FIELDS)


@pytest.mark.parametrize("name", FIELDS)
def test_the_example_of_a_field_is_a_condition(name: str) -> None:
    field = FIELDS[name]
    full_name = name.replace("*", "colour")
    compiled = check(
        f"rules:\n  - id: a\n    when: [{{{full_name}: {field.example}}}]\n"
        "    offer: {percent: 10%}\n"
    )
    codes = {one.code for one in compiled.diagnostics}
    assert codes == ({"R311"} if field.protected else set())


NOTHING = scene(Item(sku="X"), territory=None)
KNOWN_OF_NOTHING = {
    "item.sku", "item.product", "session.dwell", "session.age", "session.views",
    "session.views_of_item", "session.items_viewed", "session.returned_to_item", "session.pages",
    "session.searches", "session.compares", "session.exits", "session.consent", "cart.items",
    "cart.lines", "cart.quantity", "cart.has_item", "cart.has_product", "cart.has_brand",
    "cart.has_category",
}  # fmt: skip


@pytest.mark.parametrize("name", READS)
def test_a_field_reads_nothing_where_nobody_has_said(name: str) -> None:
    one = rule(f"[{{{name}: {READS[name][0]}}}]")
    [clause] = one.condition.parts  # type: ignore[union-attr]
    shown = clause.read(NOTHING)
    assert (shown is not None) == (name in KNOWN_OF_NOTHING)


def test_the_age_is_read_though_no_rule_may_use_it() -> None:
    read = FIELDS["customer.age"].read
    assert read is not None
    assert read(full()) == 36
    assert read(NOTHING) is None


def test_when_something_was_last_bought_is_read_by_product() -> None:
    one = rule("[history.bought_this: {before: 90d}]")
    seen = scene(SOCK, history=HISTORY)
    assert one.holds_from(seen) == 0
    assert one.holds_from(scene(SOCK)) != 0


def test_what_was_bought_can_be_limited_to_a_window() -> None:
    bought = "[history.bought_item: {in: [SOCK-3], within: 30d}]"
    assert rule(bought).holds_from(full()) != 0
    assert rule(bought.replace("30d", "200d")).holds_from(full()) == 0


def test_a_price_that_never_changed_counts_from_when_it_was_reported() -> None:
    since = FIELDS["item.price_since"].read
    assert since is not None
    assert since(scene()) == NOW
    assert since(scene(now=NOW + HOUR)) == NOW


def test_without_a_list_price_nothing_is_on_sale() -> None:
    seen = scene(item())
    assert list_price(seen) == Money(12900, "EUR")
    assert currency(seen) == "EUR"
    assert rule("[item.on_sale: false]").holds_from(seen) == 0


def test_a_cart_with_an_unknown_price_has_no_total() -> None:
    unknown = scene(item(), cart=((Item(sku="X"), 1),))
    read = FIELDS["cart.total"].read
    assert read is not None
    assert read(unknown) is None
    assert read(scene(Item(sku="X"))) is None
    assert read(scene(Item(sku="X"), cart=((item(), 2),))) == Money(25800, "EUR")


def test_a_name_with_a_star_stands_for_any_attribute_but_is_none_itself() -> None:
    assert find_field("item.attributes.*") is None
    assert find_field("item.attributes.") is None
    assert find_field("item.colour") is None
    found = find_field("item.attributes.colour")
    assert found is not None
    assert found[1] == "colour"


@pytest.mark.parametrize(
    ("name", "protected"),
    [
        ("customer.age", True),
        ("customer.attributes.age_band", True),
        ("customer.attributes.Gender", True),
        ("customer.attributes.shoe_size", False),
        ("customer.attributes.language", False),
        ("item.attributes.age", False),
    ],
)
def test_protected_attributes_are_known_by_their_names(name: str, protected: bool) -> None:
    found = find_field(name)
    assert found is not None
    assert is_protected(found[0], name) is protected
