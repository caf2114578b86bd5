"""Readers of the fields on the item, its price and the territory."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from support.field_scenes import EMPTY_SCENE, SOCK, full_scene
from support.rule_files import NOW, item, rule, scene
from tactful.core.context import Scene
from tactful.core.facts.fact_types import Gone, ReportedFact, Stock
from tactful.core.facts.item import Item
from tactful.core.values.calendar import DAY, HOUR
from tactful.core.values.money import Money
from tactful.rulebook.fields import item_fields
from tactful.rulebook.testing.given import as_datetime


@pytest.mark.parametrize(
    ("read", "full", "empty"),
    [
        (item_fields.sku, "RUN-42", "X"),
        (item_fields.product, "aero-runner", "X"),
        (item_fields.brand, "Velo", None),
        (item_fields.title, "Aero Runner", None),
        (item_fields.categories, ("shoes/running",), None),
        (item_fields.stock, 6, None),
        (item_fields.stock_reported, NOW, None),
        (item_fields.price, Money(12900, "EUR"), None),
        (item_fields.list_price, Money(14900, "EUR"), None),
        (item_fields.target_price, None, None),
        (item_fields.discount, 1342, None),
        (item_fields.on_sale, True, None),
        (item_fields.price_since, NOW, None),
        (item_fields.consumable, False, None),
        (item_fields.is_bundle, False, None),
        (item_fields.territory, "DE", None),
        (item_fields.currency, "EUR", None),
    ],
)
def test_a_fact_of_the_item_is_read_or_unknown(
    read: Callable[[Scene], Any], full: object, empty: object
) -> None:
    assert read(full_scene()) == full
    assert read(EMPTY_SCENE) == empty


def test_an_attribute_is_read_by_its_name() -> None:
    assert item_fields.attribute(full_scene(), "colour") == "red"
    assert item_fields.attribute(full_scene(), "size") is None
    assert item_fields.attribute(EMPTY_SCENE, "colour") is None
    assert item_fields.attribute(scene(item()), "colour") is None


def test_a_product_with_an_interval_is_consumable_and_one_with_components_a_bundle() -> None:
    assert item_fields.consumable(scene(SOCK)) is True
    assert item_fields.is_bundle(scene(item(components=("A", "B")))) is True


def test_a_price_that_never_changed_counts_from_when_it_was_reported() -> None:
    assert item_fields.price_since(scene()) == NOW
    assert item_fields.price_since(scene(now=NOW + HOUR)) == NOW


def test_a_price_that_says_since_when_it_is_valid_counts_from_then() -> None:
    base = item()
    fact = structs.replace(base.prices["DE"].fact, since=as_datetime(NOW - 9 * DAY))
    dated = structs.replace(base, prices={"DE": structs.replace(base.prices["DE"], fact=fact)})
    assert item_fields.price_since(scene(dated)) == NOW - 9 * DAY


def test_without_a_list_price_nothing_is_on_sale() -> None:
    seen = scene(item())
    assert item_fields.list_price(seen) == Money(12900, "EUR")
    assert (item_fields.on_sale(seen), item_fields.discount(seen)) == (False, 0)
    assert rule("[item.on_sale: false]").holds_from(seen) == 0


def test_a_discount_is_rounded_down_and_never_negative() -> None:
    assert item_fields.discount(scene(item(price=6667, list=10000))) == 3333
    assert item_fields.discount(scene(item(price=12000, list=10000))) == 0


def test_prices_in_two_currencies_are_not_compared() -> None:
    base = item()
    fact = structs.replace(base.prices["DE"].fact, list=Money(20000, "GBP"))
    mixed = structs.replace(base, prices={"DE": structs.replace(base.prices["DE"], fact=fact)})
    assert item_fields.discount(scene(mixed)) is None
    assert item_fields.on_sale(scene(mixed)) is None


def test_stock_that_limits_nothing_is_unlimited_until_the_product_is_gone() -> None:
    stock = ReportedFact(
        Stock(sku="RUN-42", territory="DE", available=None, policy="untracked"), NOW
    )
    made_to_order = structs.replace(item(), stock={"DE": (stock,)})
    assert item_fields.stock(scene(made_to_order)) == item_fields.UNLIMITED
    assert item_fields.stock(scene(made_to_order, territory="GB")) is None
    gone = structs.replace(made_to_order, end=ReportedFact(Gone(of="product", sku="RUN-42"), NOW))
    assert item_fields.stock(scene(gone)) == 0


def test_without_a_territory_there_is_no_stock_and_no_price() -> None:
    nowhere = scene(item(), territory=None)
    assert item_fields.stock(nowhere) is None
    assert item_fields.stock_reported(nowhere) is None
    assert item_fields.price(nowhere) is None


def test_an_unknown_item_is_its_own_product() -> None:
    assert item_fields.product(scene(Item(sku="NEW"))) == "NEW"
