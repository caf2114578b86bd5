"""What WooCommerce 11.0.1 really sent, and the facts that it means."""

from typing import Any

import pytest

from support.deliveries import CONTACTS, TERMS, facts_of, mapped, read_payload, valid_fact
from tactful.connectors.allow_list import strip
from tactful.connectors.connector import Mapped, UnreadableDeliveryError
from tactful.connectors.shops.woocommerce import WOOCOMMERCE
from tactful.core.facts.fact_types import Gone, Order, Price, Product, Return, Review, Stock
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
    assert stock.version is None, "its stamp does not move with every sale"


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
    assert (fetch.path, fetch.topic) == ("/wp-json/wc/v3/products/11", "product.updated")
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
    result = mapped(WOOCOMMERCE, "product.updated", parent)
    assert result.facts == ()
    (fetch,) = result.fetch
    rows = read("rest.variations")["body"]
    for row, size in zip(rows, ("43", "42"), strict=True):
        fields = strip(row, WOOCOMMERCE.kept[fetch.topic], CONTACTS).fields
        product, _, _ = facts_of(WOOCOMMERCE.map(fetch.topic, {**fields, **fetch.base}, TERMS))
        assert isinstance(product, Product)
        assert (product.product, product.title) == ("11", f"Trail - {size}")
        assert (product.categories, product.brand) == (("Shoes",), "Acme")


def test_an_order_is_read_with_tax_and_its_offer() -> None:
    (order,) = facts_of(found("order.updated.processing"))
    assert isinstance(order, Order)
    assert (order.order, order.status, order.paid) == ("15", "placed", True)
    assert (order.territory, order.customer) == ("DE", None)
    assert [line.unit for line in order.lines] == [Money(10_965, "EUR"), Money(12_900, "EUR")]
    assert order.lines[0].offer == "of_UgB2EKfL53dnPxvhCe02GQ"
    assert order.lines[0].line == "2"
    assert order.contact is not None
    assert "ada" not in str(order)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("pending", ("placed", False)),
        ("on-hold", ("placed", False)),
        ("completed", ("shipped", True)),
        ("cancelled", ("cancelled", True)),
        ("failed", ("cancelled", True)),
    ],
)
def test_the_states_of_an_order(status: str, expected: tuple[str, bool]) -> None:
    body = {**read("webhook.order.updated.processing")["body"], "status": status}
    (order,) = facts_of(mapped(WOOCOMMERCE, "order.updated", body))
    assert isinstance(order, Order)
    assert (order.status, order.paid) == expected


def test_a_draft_of_the_checkout_is_no_purchase() -> None:
    body = {**read("webhook.order.updated.processing")["body"], "status": "checkout-draft"}
    result = mapped(WOOCOMMERCE, "order.updated", body)
    assert result.facts == ()
    assert result.dropped == ("An order in the state checkout-draft is no purchase.",)


def test_the_lines_of_refunds_are_fetched_and_their_amounts_stand_without_that() -> None:
    (fetch,) = found("order.updated.partial_refund").fetch
    assert fetch.path == "/wp-json/wc/v3/orders/15/refunds?per_page=100"
    known = valid_fact(fetch.otherwise[0])
    assert isinstance(known, Return)
    assert (known.order, known.amount, known.lines) == ("15", Money(10_965, "EUR"), ())
    row = strip(read("rest.refund")["body"], WOOCOMMERCE.kept["refund"], CONTACTS).fields
    (refund,) = facts_of(WOOCOMMERCE.map("refund", {**row, **fetch.base}, TERMS))
    assert isinstance(refund, Return)
    assert refund.return_ == known.return_
    assert [(line.sku, line.qty, line.reason) for line in refund.lines] == [("W-RUN", 1, "unknown")]


def test_a_review_names_the_contact_of_the_reviewer_and_its_product_is_fetched() -> None:
    row = read("rest.reviews")["body"][0]
    (fetch,) = mapped(WOOCOMMERCE, "review", row).fetch
    assert fetch.topic == "reviewed"
    (review,) = facts_of(WOOCOMMERCE.map(fetch.topic, {"sku": "W-RUN", **fetch.base}, TERMS))
    assert isinstance(review, Review)
    assert (review.sku, review.rating) == ("W-RUN", 1)
    assert review.contact is not None


def test_a_signed_error_and_an_unknown_topic_are_unreadable() -> None:
    capture = read("webhook.signed_garbage")
    with pytest.raises(UnreadableDeliveryError, match="no `id`"):
        WOOCOMMERCE.envelope(capture["headers"], capture["body"])
    with pytest.raises(UnreadableDeliveryError, match="coupon"):
        WOOCOMMERCE.envelope(
            {"x-wc-webhook-topic": "coupon.created", "x-wc-webhook-delivery-id": "1"}, {"id": 1}
        )


def test_the_unsigned_ping_is_recognised_and_nothing_else() -> None:
    assert WOOCOMMERCE.is_ping({}, read("webhook.ping")["body"].encode())
    assert not WOOCOMMERCE.is_ping({}, b"webhook_id=5&order=1")


def test_deliveries_about_one_object_share_its_name_and_are_fetched_by_it() -> None:
    capture = read("webhook.order.created")
    envelope = WOOCOMMERCE.envelope(capture["headers"], capture["body"])
    assert envelope.about == "order 20"
    fetch = WOOCOMMERCE.refetch(envelope)
    assert fetch is not None
    assert (fetch.path, fetch.topic) == ("/wp-json/wc/v3/orders/20", "order.updated")
    capture = read("webhook.product.deleted")
    assert WOOCOMMERCE.refetch(WOOCOMMERCE.envelope(capture["headers"], capture["body"])) is None


def test_a_product_without_an_sku_is_named_unless_its_id_stands_for_it() -> None:
    body = {**read("webhook.product.updated.sale_price")["body"], "sku": ""}
    assert len(mapped(WOOCOMMERCE, "product.updated", body).dropped) == 1
