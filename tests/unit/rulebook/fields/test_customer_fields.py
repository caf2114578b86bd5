"""Readers of the fields on a verified customer."""

from collections.abc import Callable
from typing import Any

import pytest

from support.field_scenes import EMPTY_SCENE, HISTORY, SOCK, full_scene
from support.rule_files import NOW, rule, scene
from tactful.core.context import Scene
from tactful.core.facts.history import History
from tactful.core.values.calendar import DAY
from tactful.core.values.money import Money
from tactful.rulebook.fields import customer_fields

UNKNOWN_CUSTOMER = scene(history=History(customer="c9"))
"""A verified customer about whom the shop has reported nothing."""


@pytest.mark.parametrize(
    ("read", "full", "new"),
    [
        (customer_fields.known, True, True),
        (customer_fields.tier, "gold", None),
        (customer_fields.segments, ("runners", "early"), ()),
        (customer_fields.age, 36, None),
        (customer_fields.last_order, NOW - 10 * DAY, None),
        (customer_fields.bought_this, None, None),
    ],
)
def test_a_customer_is_read_and_an_anonymous_shopper_is_unknown(
    read: Callable[[Scene], Any], full: object, new: object
) -> None:
    assert read(full_scene()) == full
    assert read(UNKNOWN_CUSTOMER) == new
    assert read(EMPTY_SCENE) is None


@pytest.mark.parametrize(
    ("read", "ever", "lately", "new"),
    [
        (customer_fields.orders, 2, 1, 0),
        (customer_fields.returns, 1, 1, 0),
        (customer_fields.spent, Money(4000, "EUR"), Money(2000, "EUR"), Money(0, "EUR")),
        (customer_fields.bought_skus, ("SOCK-3",), (), ()),
        (customer_fields.bought_products, ("socks",), (), ()),
        (customer_fields.bought_brands, ("Velo",), (), ()),
        (customer_fields.bought_categories, ("socks",), (), ()),
        (customer_fields.returned_skus, ("RUN-42",), ("RUN-42",), ()),
    ],
)
def test_what_happened_is_counted_since_an_instant(
    read: Callable[[Scene, int], Any], ever: object, lately: object, new: object
) -> None:
    assert read(full_scene(), 0) == ever
    assert read(full_scene(), NOW - 30 * DAY) == lately
    assert read(UNKNOWN_CUSTOMER, 0) == new
    assert read(EMPTY_SCENE, 0) is None


def test_cancelled_orders_and_those_of_others_do_not_count() -> None:
    assert len(HISTORY.orders) == 4
    assert customer_fields.orders(full_scene(), 0) == 2


def test_an_attribute_is_read_by_its_name() -> None:
    assert customer_fields.attribute(full_scene(), "wholesale") is True
    assert customer_fields.attribute(full_scene(), "size") is None
    assert customer_fields.attribute(UNKNOWN_CUSTOMER, "size") is None
    assert customer_fields.attribute(EMPTY_SCENE, "wholesale") is None


def test_when_something_was_last_bought_is_read_by_product() -> None:
    assert customer_fields.bought_this(scene(SOCK, history=HISTORY)) == NOW - 100 * DAY
    one = rule("[history.bought_this: {before: 90d}]")
    assert one.holds_from(scene(SOCK, history=HISTORY)) == 0
    assert one.holds_from(scene(SOCK)) != 0


def test_what_was_bought_can_be_limited_to_a_window() -> None:
    bought = "[history.bought_item: {in: [SOCK-3], within: 30d}]"
    assert rule(bought).holds_from(full_scene()) != 0
    assert rule(bought.replace("30d", "200d")).holds_from(full_scene()) == 0


def test_money_in_another_currency_is_not_part_of_what_was_spent() -> None:
    paid = {line.unit.currency for order in HISTORY.orders for line in order.fact.lines}
    assert paid == {"EUR", "GBP"}
    assert customer_fields.spent(full_scene(), 0) == Money(4000, "EUR")
