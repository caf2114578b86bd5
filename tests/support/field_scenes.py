"""Scenes in which every field of a rule has a value, or none has."""

from typing import Any

from support.rule_files import NOW, item, scene
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
from tactful.core.values.calendar import DAY, SECOND
from tactful.core.values.money import Money
from tactful.rulebook.testing.given import as_datetime

SOCK = item("SOCK-3", product="socks", categories=("socks",), price=1990, consumable_days=90)


RUN = item(list=14900, attributes={"colour": "red"})


def _order(id_: str, sku: str, days: int, **more: Any) -> ReportedFact[Order]:
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
        _order("o1", "SOCK-3", 100),
        _order("o2", "RUN-42", 10),
        _order("o3", "RUN-42", 5, status="cancelled"),
        _order("o4", "RUN-42", 5, customer="c2"),
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


def full_scene() -> Scene:
    """A shopper with a history, a cart and a visit before an item with all facts."""
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


EMPTY_SCENE = scene(Item(sku="X"), territory=None)
