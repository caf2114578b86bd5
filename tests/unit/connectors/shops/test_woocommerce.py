"""What WooCommerce 11.0.1 really sent, and the facts that it means."""

from typing import Any

import pytest

from support.deliveries import CONTACTS, TERMS, facts_of, mapped, read_payload, valid_fact
from tactful.connectors.allow_list import strip
from tactful.connectors.connector import Mapped, UnreadableDeliveryError
from tactful.connectors.shops.woocommerce import WOOCOMMERCE
from tactful.core.facts.fact_types import Order, Return, Review
from tactful.core.values.money import Money


def read(name: str) -> Any:
    return read_payload("shops/woocommerce", name)


def found(name: str) -> Mapped:
    capture = read(f"webhook.{name}")
    topic = capture["headers"]["x-wc-webhook-topic"]
    return mapped(WOOCOMMERCE, topic, capture["body"])


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


def test_an_order_names_the_coupons_that_it_used() -> None:
    body = read("webhook.order.updated.processing")["body"]
    (plain,) = facts_of(mapped(WOOCOMMERCE, "order.updated", body))
    # As WooCommerce's documentation has them; it writes codes in small letters.
    coupons = [
        {"id": 9, "code": "spring-1", "discount": "16.26", "discount_tax": "3.09", "meta_data": []},
        {"id": 10, "code": "free-parcel", "discount": "0", "discount_tax": "0", "meta_data": []},
    ]
    (order,) = facts_of(mapped(WOOCOMMERCE, "order.updated", {**body, "coupon_lines": coupons}))
    assert isinstance(plain, Order)
    assert isinstance(order, Order)
    assert (plain.codes, order.codes) == ((), ("spring-1", "free-parcel"))


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
