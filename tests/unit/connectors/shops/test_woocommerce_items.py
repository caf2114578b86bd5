"""Products that WooCommerce 11.0.1 really sent, and the facts that they mean."""

from typing import Any

import pytest

from support.deliveries import CONTACTS, TERMS, facts_of, mapped, read_payload, valid_fact
from tactful.connectors.allow_list import strip
from tactful.connectors.connector import Mapped
from tactful.connectors.shops.woocommerce import WOOCOMMERCE
from tactful.core.facts.fact_types import Gone, Price, Product, Stock
from tactful.core.values.money import Money


def read(name: str) -> Any:
    return read_payload("shops/woocommerce", name)


def found(name: str) -> Mapped:
    capture = read(f"webhook.{name}")
    topic = capture["headers"]["x-wc-webhook-topic"]
    return mapped(WOOCOMMERCE, topic, capture["body"])


def test_a_sale_price_has_the_regular_price_as_its_list_price() -> None:
    product, price, stock = facts_of(found("product.updated.sale_price"))
    assert isinstance(product, Product)
    assert (product.sku, product.product, product.status) == ("W-RUN", "10", "active")
    assert isinstance(price, Price)
    assert (price.price, price.list) == (Money(9_900, "EUR"), Money(12_900, "EUR"))
    assert isinstance(stock, Stock)
    assert stock.version == product.version


def test_what_is_sold_out_has_no_stock_and_what_is_in_the_bin_is_not_sold() -> None:
    stock = facts_of(found("product.updated.out_of_stock"))[-1]
    assert isinstance(stock, Stock)
    assert (stock.available, stock.policy) == (0, "deny")
    product = facts_of(found("product.updated.trash"))[0]
    assert isinstance(product, Product)
    assert product.status == "discontinued"
    gone = facts_of(found("product.deleted"))[0]
    assert isinstance(gone, Gone)
    assert gone.product == "10"


@pytest.mark.parametrize(
    ("fields", "stock"),
    [
        ({"manage_stock": True, "stock_quantity": 4, "backorders": "notify"}, (4, "backorder")),
        ({"manage_stock": True, "stock_quantity": None}, (0, "deny")),
        ({"manage_stock": "parent", "stock_quantity": 7}, (7, "deny")),
        ({"manage_stock": False, "stock_status": "instock"}, (None, "untracked")),
        ({"manage_stock": False, "stock_status": "outofstock"}, (0, "deny")),
        ({"manage_stock": False, "stock_status": "onbackorder"}, (0, "backorder")),
    ],
)
def test_stock_is_counted_on_back_order_or_untracked(
    fields: dict[str, Any], stock: tuple[int | None, str]
) -> None:
    body = {**read("webhook.product.updated.out_of_stock")["body"], **fields}
    fact = facts_of(mapped(WOOCOMMERCE, "product.updated", body))[-1]
    assert isinstance(fact, Stock)
    assert (fact.available, fact.policy) == stock


def test_a_variation_is_described_by_its_parent_which_is_fetched() -> None:
    result = found("product.updated.variation")
    price, stock = facts_of(result)
    assert isinstance(price, Price)
    assert isinstance(stock, Stock)
    (fetch,) = result.fetch
    assert (fetch.path, fetch.topic) == ("/wp-json/wc/v3/products/11", "product")
    alone = valid_fact(fetch.otherwise[0])
    assert isinstance(alone, Product)
    assert (alone.product, alone.categories) == ("11", ())


def test_a_parent_gives_its_variations_their_name_categories_and_brand() -> None:
    parent = {
        **read("webhook.product.updated.sale_price")["body"],
        "id": 11,
        "type": "variable",
        "name": "Trail",
        "categories": [{"id": 3, "name": "Shoes"}],
        "brands": [{"id": 4, "name": "Acme"}],
    }
    result = mapped(WOOCOMMERCE, "product", parent)
    assert result.facts == ()
    (fetch,) = result.fetch
    rows = read("rest.variations")["body"]
    for row, size in zip(rows, ("43", "42"), strict=True):
        fields = strip(row, WOOCOMMERCE.kept[fetch.topic], CONTACTS).fields
        product, _, _ = facts_of(WOOCOMMERCE.map(fetch.topic, {**fields, **fetch.base}, TERMS))
        assert isinstance(product, Product)
        assert (product.product, product.title) == ("11", f"Trail - {size}")
        assert (product.categories, product.brand) == (("Shoes",), "Acme")


def test_a_delivered_parent_is_read_again_because_its_variations_are_newer_than_it() -> None:
    parent = {**read("webhook.product.updated.sale_price")["body"], "id": 11, "type": "variable"}
    result = mapped(WOOCOMMERCE, "product.updated", parent)
    assert result.facts == ()
    (fetch,) = result.fetch
    assert (fetch.path, fetch.topic) == ("/wp-json/wc/v3/products/11", "product")


@pytest.mark.parametrize(
    ("own", "of_parent", "version"),
    [
        ("2026-03-10T12:00:00", "2026-03-10T12:00:05", "2026-03-10T12:00:05Z"),
        ("2026-03-10T12:00:05", "2026-03-10T12:00:00", "2026-03-10T12:00:05Z"),
        ("2026-03-10T12:00:05", None, "2026-03-10T12:00:05Z"),
        (None, None, None),
    ],
)
def test_a_variation_is_as_new_as_the_latest_edit_of_it_or_of_its_parent(
    own: str | None, of_parent: str | None, version: str | None
) -> None:
    row = {**read("rest.variations")["body"][0], "date_modified_gmt": own}
    base = {"parent": {"id": 11, "name": "Trail", "date_modified_gmt": of_parent}}
    product, price, _ = WOOCOMMERCE.map("variation", {**row, **base}, TERMS).facts
    assert product.get("version") == version
    assert price.get("version") == (own and f"{own}Z"), "the parent has no price"


def test_a_product_without_an_sku_is_named_unless_its_id_stands_for_it() -> None:
    body = {**read("webhook.product.updated.sale_price")["body"], "sku": ""}
    assert len(mapped(WOOCOMMERCE, "product.updated", body).dropped) == 1
