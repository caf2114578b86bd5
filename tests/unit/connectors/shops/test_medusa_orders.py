"""Orders, returns and claims of a real Medusa 2.21.2, and the facts that they mean."""

from typing import Any

import pytest
from msgspec import structs

from support.deliveries import TERMS, facts_of, mapped, read_payload
from tactful.connectors.shops.medusa import MEDUSA
from tactful.core.facts.fact_types import Case, Order, Return
from tactful.core.values.money import Money


def read(name: str, field: str) -> dict[str, Any]:
    found: dict[str, Any] = read_payload("shops/medusa", name)[field][0]
    return found


def order(**fields: Any) -> dict[str, Any]:
    return {**read("orders", "orders"), **fields}


def fact_of(topic: str, row: dict[str, Any]) -> Any:
    return facts_of(mapped(MEDUSA, topic, row))[0]


def test_a_delivered_order_of_a_guest_has_its_contact_and_what_was_paid() -> None:
    fact = fact_of("orders", {"orders": [order()]})
    assert isinstance(fact, Order)
    assert (fact.customer, fact.territory, fact.status, fact.paid) == (
        None,
        "DE",
        "delivered",
        True,
    )
    assert fact.contact is not None
    assert fact.also == ("2",)
    (line,) = fact.lines
    assert (line.sku, line.qty, line.unit) == ("M-RUN-42", 2, Money(9_900, "EUR"))
    assert fact.delivered_at is not None


def test_an_order_names_the_codes_of_promotions_that_it_used() -> None:
    (item,) = order()["items"]
    assert fact_of("orders", {"orders": [order()]}).codes == ()
    # As Medusa's documentation has them: one adjustment for each line that a promotion reduces.
    reduced = {**item, "adjustments": [{"amount": 9.9, "code": "SPRING-1"}, {"amount": 1}]}
    fact = fact_of("orders", {"orders": [order(items=[reduced, {**reduced, "id": "2"}])]})
    assert fact.codes == ("SPRING-1",)


def test_a_cancelled_order_has_no_refunds() -> None:
    row = read("orders.cancelled", "orders")
    (fact,) = facts_of(mapped(MEDUSA, "order", row))
    assert isinstance(fact, Order)
    assert fact.status == "cancelled"


@pytest.mark.parametrize(
    ("fields", "status", "paid"),
    [
        ({"fulfillment_status": "not_fulfilled", "payment_status": "authorized"}, "placed", False),
        ({"fulfillment_status": "fulfilled", "payment_status": "captured"}, "placed", True),
        ({"fulfillment_status": "partially_shipped"}, "shipped", True),
        ({"fulfillment_status": "shipped", "payment_status": "not_paid"}, "shipped", False),
        ({"fulfillment_status": "delivered"}, "delivered", True),
        ({"status": "canceled"}, "cancelled", True),
    ],
)
def test_the_states_of_an_order(fields: dict[str, Any], status: str, paid: bool) -> None:
    fact = fact_of("order", order(**fields))
    assert (fact.status, fact.paid) == (status, paid)


def test_an_order_of_an_account_names_its_customer_and_a_draft_is_no_purchase() -> None:
    assert (
        fact_of("order", order(customer={"id": "cus_1", "has_account": True})).customer == "cus_1"
    )
    assert len(mapped(MEDUSA, "order", order(status="draft")).dropped) == 1
    terms = structs.replace(TERMS, territory=None)
    nowhere = order(shipping_address=None, billing_address=None)
    assert len(mapped(MEDUSA, "order", nowhere, terms).dropped) == 1
    assert (
        fact_of(
            "order", order(shipping_address=None, billing_address={"country_code": "at"})
        ).territory
        == "AT"
    )


@pytest.mark.parametrize(
    ("fields", "unit"),
    [
        ({"unit_price": "99", "quantity": 1}, 9_900),
        ({"unit_price": "99", "quantity": 2, "adjustments": [{"amount": "19.8"}]}, 8_910),
        ({"unit_price": "100", "quantity": 1, "is_tax_inclusive": False}, 11_900),
        ({"unit_price": "100", "quantity": 3, "is_tax_inclusive": False, "adjustments": [{"amount": 30}]}, 10_710),
        ({"unit_price": "99", "quantity": None, "detail": {"quantity": 2}}, 9_900),
    ],
)  # fmt: skip
def test_a_unit_costs_what_was_paid_for_it_with_tax(fields: dict[str, Any], unit: int) -> None:
    line = {
        **order()["items"][0],
        "tax_lines": [{"rate": 19}],
        "metadata": {"tactful_offer": "of_1"},
    }
    (found,) = fact_of("order", order(items=[{**line, **fields}])).lines
    assert (found.unit, found.offer) == (Money(unit, "EUR"), "of_1")


def test_lines_without_units_or_sku_are_named() -> None:
    line = order()["items"][0]
    rows = [{**line, "quantity": 0, "detail": {"quantity": 0}}, {**line, "variant_sku": None}]
    result = mapped(MEDUSA, "order", order(items=rows))
    assert len(result.dropped) == 2
    assert len(result.facts[0]["lines"]) == 1
    by_id = structs.replace(TERMS, sku_from_id=True)
    (fact, *_) = facts_of(mapped(MEDUSA, "order", order(), by_id))
    assert isinstance(fact, Order)
    assert fact.lines[0].sku == line["variant_id"]


def test_a_refund_counts_only_where_nothing_came_back() -> None:
    assert len(mapped(MEDUSA, "order", order()).facts) == 1
    for returns in ([], [{"id": "r", "status": "open"}]):
        _, refund = facts_of(mapped(MEDUSA, "order", order(returns=returns)))
        assert isinstance(refund, Return)
        assert refund.amount == Money(12_900, "EUR")
        assert refund.lines == ()


@pytest.mark.parametrize(
    ("fields", "status", "at"),
    [
        ({}, "received", "2026-12-01T03:55:25"),
        ({"status": "requested"}, "announced", "2026-12-01T03:55:18"),
        ({"status": "canceled"}, "cancelled", "2026-12-01T03:55:18"),
        ({"status": "requested", "requested_at": None}, "announced", "2026-12-01T03:55:15"),
    ],
)
def test_the_states_of_a_return(fields: dict[str, Any], status: str, at: str) -> None:
    fact = fact_of("return", {**read("returns", "returns"), **fields})
    assert (fact.status, fact.at.isoformat()[:19]) == (status, at)
    assert [(line.sku, line.qty, line.reason) for line in fact.lines] == [
        ("M-RUN-42", 1, "unknown")
    ]


@pytest.mark.parametrize(
    ("value", "reason"),
    [("defect0", "quality"), ("Fit", "fit"), ("late", "unknown"), (None, "unknown")],
)
def test_the_shop_says_what_its_reasons_mean(value: str | None, reason: str) -> None:
    row = read("returns", "returns")
    row["items"][0]["reason"] = value and {"value": value}
    terms = structs.replace(TERMS, words={"defect0": "quality"})
    (fact,) = facts_of(mapped(MEDUSA, "return", row, terms))
    assert isinstance(fact, Return)
    assert fact.lines[0].reason == reason


def test_a_return_that_is_being_made_or_names_nothing_is_none() -> None:
    row = read("returns", "returns")
    assert mapped(MEDUSA, "return", {**row, "status": "open"}).facts == ()
    nothing = mapped(MEDUSA, "return", {**row, "items": [{**row["items"][0], "item": None}]})
    assert (nothing.facts, len(nothing.dropped)) == ((), 1)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("production_failure", "defect"),
        ("wrong_item", "wrong_item"),
        ("missing_item", "lost"),
        ("other", "other"),
        ("our_own", "unknown"),
    ],
)
def test_a_claim_is_a_complaint_about_a_line(reason: str, kind: str) -> None:
    row = read("claims", "claims")
    row["claim_items"][0]["reason"] = reason
    fact = fact_of("claim", row)
    assert isinstance(fact, Case)
    assert (fact.kind, fact.skus, fact.order) == (kind, ("M-RUN-42",), row["order_id"])
    assert [line.line for line in fact.lines] == [row["claim_items"][0]["item_id"]]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "resolved"),
        ({"return": {"status": "requested", "received_at": None}}, "open"),
        ({"return": {"status": "received", "received_at": "2026-12-01T05:00:00Z"}}, "resolved"),
        ({"canceled_at": "2026-12-01T05:00:00Z"}, "rejected"),
    ],
)
def test_a_claim_is_open_while_its_return_is_under_way(fields: dict[str, Any], status: str) -> None:
    fact = fact_of("claim", {**read("claims", "claims"), **fields})
    assert fact.status == status
    assert (fact.resolved_at is None) == (status == "open")


def test_a_claim_of_two_kinds_is_two_cases_and_one_without_items_is_none() -> None:
    row = read("claims", "claims")
    (item,) = row["claim_items"]
    items = [item, {**item, "reason": "missing_item"}, {**item, "is_additional_item": True}]
    cases = facts_of(mapped(MEDUSA, "claim", {**row, "claim_items": items}))
    assert [(one.case, one.kind) for one in cases] == [  # type: ignore[union-attr]
        (f"medusa-{row['id']}", "defect"),
        (f"medusa-{row['id']}-lost", "lost"),
    ]
    assert mapped(MEDUSA, "claim", {**row, "claim_items": []}).facts == ()
