"""Readers of the fields on the session, the cart and the visit."""

from collections.abc import Callable
from typing import Any

import pytest

from support.field_scenes import EMPTY_SCENE, full_scene
from support.rule_files import NOW, item, scene
from tactful.core.context import Scene
from tactful.core.facts.item import Item
from tactful.core.rules.rule import NEEDS_ACTIVITY
from tactful.core.values.calendar import SECOND
from tactful.core.values.money import Money
from tactful.rulebook.fields import session_fields


@pytest.mark.parametrize(
    ("read", "full", "empty"),
    [
        (session_fields.dwell, 40 * SECOND, 0),
        (session_fields.age, 90 * SECOND, 0),
        (session_fields.views, 3, 0),
        (session_fields.views_of_item, 2, 0),
        (session_fields.returned_to_item, True, False),
        (session_fields.items_viewed, 2, 0),
        (session_fields.pages, 6, 0),
        (session_fields.searches, 1, 0),
        (session_fields.compares, 2, 0),
        (session_fields.exits, 1, 0),
        (session_fields.page, "cart", None),
        (session_fields.query, "trail shoes", None),
        (session_fields.locale, "de-DE", None),
        (session_fields.consent, "personal", "personal"),
        (session_fields.source, "newsletter", None),
        (session_fields.campaign, "spring-mail", None),
        (session_fields.medium, "email", None),
        (session_fields.referrer, "blog.example", None),
        (session_fields.link, "apology", None),
        (session_fields.cart_total, Money(27790, "EUR"), None),
        (session_fields.cart_items, 3, 0),
        (session_fields.cart_lines, 2, 0),
        (session_fields.cart_quantity, 2, 0),
        (session_fields.cart_skus, ("RUN-42", "SOCK-3"), ()),
        (session_fields.cart_products, ("aero-runner", "socks"), ()),
        (session_fields.cart_brands, ("Velo", "Velo"), ()),
        (session_fields.cart_categories, ("shoes/running", "socks"), ()),
    ],
)
def test_a_session_is_read_full_and_empty(
    read: Callable[[Scene], Any], full: object, empty: object
) -> None:
    assert read(full_scene()) == full
    assert read(EMPTY_SCENE) == empty


def test_engaged_time_counts_only_for_the_item_in_view() -> None:
    running = scene(running_since=NOW - 5 * SECOND)
    assert session_fields.dwell(running) == 5 * SECOND
    assert session_fields.dwell_reached_at(running, 30 * SECOND) == NOW + 25 * SECOND
    elsewhere = scene(running_since=NOW - 5 * SECOND, focus="OTHER")
    assert session_fields.dwell(elsewhere) == 0
    assert session_fields.dwell_reached_at(elsewhere, 30 * SECOND) == NEEDS_ACTIVITY


def test_engaged_time_of_an_inactive_shopper_waits_for_activity() -> None:
    assert session_fields.dwell_reached_at(scene(), 30 * SECOND) == NEEDS_ACTIVITY


def test_the_age_of_a_session_grows_by_itself() -> None:
    assert session_fields.age_reached_at(scene(), 60 * SECOND) == NOW + 60 * SECOND


def test_a_cart_with_an_unknown_price_has_no_total() -> None:
    unknown = scene(item(), cart=((Item(sku="X"), 1),))
    assert session_fields.cart_total(unknown) is None
    assert session_fields.cart_total(scene(Item(sku="X"))) is None
    assert session_fields.cart_total(scene(Item(sku="X"), cart=((item(), 2),))) == Money(
        25800, "EUR"
    )


def test_an_empty_cart_beside_a_priced_item_is_worth_nothing() -> None:
    assert session_fields.cart_total(scene(item())) == Money(0, "EUR")


def test_a_cart_has_no_total_without_a_territory() -> None:
    assert session_fields.cart_total(scene(item(), cart=((item(), 1),), territory=None)) is None
