"""Orders and refunds in Shopify's form, and the facts that they mean."""

from typing import Any

import pytest
from msgspec import structs

from support.deliveries import TERMS, facts_of, mapped, read_payload
from tactful.connectors.connector import Terms
from tactful.connectors.shops.shopify import SHOPIFY
from tactful.core.facts.fact_types import Order, Return
from tactful.core.values.money import Money

US = Terms(territory="US", currency="USD", tax_included=False)
# The example of Shopify's documentation: discounts, taxes on top, and a refund of two lines.
ORDER: dict[str, Any] = read_payload("shops/shopify", "order")


def order_of(terms: Terms = US, **changes: Any) -> Order:
    found = facts_of(mapped(SHOPIFY, "orders/updated", {**ORDER, **changes}, terms))[0]
    assert isinstance(found, Order)
    return found


def test_a_line_costs_what_was_paid_after_discounts_with_tax_where_prices_have_it() -> None:
    assert order_of().lines[0].unit == Money(19_566, "USD")
    assert order_of(structs.replace(US, tax_included=True)).lines[0].unit == Money(19_964, "USD")
    included = order_of(structs.replace(US, tax_included=True), taxes_included=True)
    assert included.lines[0].unit == Money(19_566, "USD")


def test_the_currency_is_that_in_which_the_shopper_paid() -> None:
    line = {
        **ORDER["line_items"][0],
        "price_set": {
            "shop_money": {"amount": "199.00", "currency_code": "USD"},
            "presentment_money": {"amount": "180.00", "currency_code": "EUR"},
        },
        "discount_allocations": [],
    }
    order = order_of(presentment_currency="EUR", line_items=[line])
    assert order.lines[0].unit == Money(18_000, "EUR")


def test_an_order_names_its_customer_contact_territory_and_other_ids() -> None:
    order = order_of()
    assert (order.order, order.customer, order.territory) == ("450789469", "207119551", "US-KY")
    assert order.also == ("1001", ORDER["checkout_token"], ORDER["cart_token"])
    assert order.contact is not None
    assert order.contact.phone_hash is not None
    assert order.paid


@pytest.mark.parametrize(
    ("changes", "status", "by"),
    [
        ({}, "placed", None),
        ({"fulfillment_status": "partial"}, "placed", None),
        ({"fulfillment_status": "fulfilled"}, "shipped", None),
        ({"fulfillment_status": "fulfilled", "fulfillments": []}, "shipped", None),
        (
            {"cancelled_at": "2024-04-02T09:00:00Z", "cancel_reason": "customer"},
            "cancelled",
            "customer",
        ),
        (
            {"cancelled_at": "2024-04-02T09:00:00Z", "cancel_reason": "inventory"},
            "cancelled",
            "shop",
        ),
        ({"cancelled_at": "2024-04-02T09:00:00Z", "cancel_reason": "fraud"}, "cancelled", None),
    ],
)
def test_the_states_of_an_order(changes: dict[str, Any], status: str, by: str | None) -> None:
    order = order_of(**changes)
    assert (order.status, order.cancelled_by) == (status, by)


def test_an_order_is_delivered_when_its_last_parcel_is() -> None:
    parcels = [
        {"shipment_status": "delivered", "updated_at": f"2024-04-0{day}T09:00:00Z"}
        for day in (4, 3)
    ]
    order = order_of(fulfillment_status="fulfilled", fulfillments=parcels)
    assert order.status == "delivered"
    assert order.delivered_at is not None
    assert order.delivered_at.day == 4
    parcels[0]["shipment_status"] = "in_transit"
    assert order_of(fulfillment_status="fulfilled", fulfillments=parcels).status == "shipped"


@pytest.mark.parametrize(
    ("state", "paid"),
    [("pending", False), ("authorized", False), ("voided", False), ("paid", True)],
)
def test_an_order_is_paid_when_the_money_is_there(state: str, paid: bool) -> None:
    assert order_of(financial_status=state).paid is paid


def test_units_that_an_edit_took_off_are_cancelled_and_returned_ones_are_not() -> None:
    assert [line.cancelled_qty for line in order_of().lines] == [0, 0, 0]
    assert [line.cancelled_qty for line in order_of(refunds=[]).lines] == [1, 0, 1]
    never_shipped = {**ORDER["refunds"][0]}
    never_shipped["refund_line_items"] = [
        {**line, "restock_type": "cancel"} for line in never_shipped["refund_line_items"]
    ]
    result = mapped(SHOPIFY, "orders/updated", {**ORDER, "refunds": [never_shipped]}, US)
    (order,) = facts_of(result)
    assert isinstance(order, Order)
    assert [line.cancelled_qty for line in order.lines] == [1, 0, 1]


def test_a_refund_is_the_same_fact_from_the_order_and_from_its_own_delivery() -> None:
    _, of_order = facts_of(mapped(SHOPIFY, "orders/updated", ORDER, US))
    (alone,) = facts_of(mapped(SHOPIFY, "refunds/create", ORDER["refunds"][0], US))
    assert alone == of_order
    assert isinstance(alone, Return)
    assert (alone.order, alone.amount) == ("450789469", Money(20_900, "USD"))
    assert [line.sku for line in alone.lines] == ["IPOD2008BLACK", "IPOD2008GREEN"]


def test_the_note_of_a_refund_is_a_reason_if_the_settings_say_so() -> None:
    refund = read_payload("shops/shopify", "refund")
    (fact,) = facts_of(mapped(SHOPIFY, "refunds/create", refund, TERMS))
    assert isinstance(fact, Return)
    assert [line.reason for line in fact.lines] == ["unknown"]
    known = structs.replace(TERMS, words={"wrong size": "fit"})
    (fact,) = facts_of(mapped(SHOPIFY, "refunds/create", refund, known))
    assert isinstance(fact, Return)
    assert [line.reason for line in fact.lines] == ["fit"]


def test_a_refund_without_lines_has_its_amount() -> None:
    refund = {**read_payload("shops/shopify", "refund"), "refund_line_items": []}
    (fact,) = facts_of(mapped(SHOPIFY, "refunds/create", refund, TERMS))
    assert isinstance(fact, Return)
    assert (fact.lines, fact.amount) == ((), Money(4_194, "USD"))


def test_a_test_order_and_one_without_a_country_are_no_purchases() -> None:
    assert mapped(SHOPIFY, "orders/create", {**ORDER, "test": True}).facts == ()
    nowhere = mapped(SHOPIFY, "orders/create", {**ORDER, "shipping_address": None}, Terms())
    assert nowhere.facts == ()
    assert len(nowhere.dropped) == 1


def test_an_order_names_the_codes_that_it_used_and_the_session_of_its_cart() -> None:
    # As Shopify's documentation has them.
    codes = [{"code": "SPRING-1", "amount": "19.90", "type": "percentage"}, {"code": "SPRING-1"}]
    attributes = [
        {"name": "gift note", "value": "For Mia"},
        {"name": "_tactful_session", "value": "se_1"},
    ]
    found = order_of(discount_codes=codes, note_attributes=attributes)
    assert (found.codes, found.session) == (("SPRING-1",), "se_1")
    plain = order_of(discount_codes=[], note_attributes=[])
    assert (plain.codes, plain.session) == ((), None)
    many = order_of(discount_codes=[{"code": f"C{number}"} for number in range(30)])
    assert len(many.codes) == 20
    assert order_of(discount_codes=[{"code": "x" * 300}, {"code": ""}]).codes == ("x" * 255,)
