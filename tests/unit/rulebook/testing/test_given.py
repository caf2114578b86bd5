"""Facts that `given` and the steps of a scenario stand for."""

from datetime import timedelta
from typing import Any

import pytest

from support.rule_files import NOW
from support.value_types import node
from tactful.core.facts.fact_types import (
    AnyFact,
    Case,
    Cost,
    Customer,
    Order,
    Price,
    Product,
    Remedy,
    Return,
    Review,
    Stock,
)
from tactful.core.pricing.conversion_rates import NO_OFFER, Tally
from tactful.core.values.money import Money
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.testing.given import (
    GivenFacts,
    as_builtins,
    as_datetime,
    attributes,
    single_amount,
)
from tactful.rulebook.testing.scenario_grammar import GIVEN

HERE = as_datetime(NOW)


def given(text: str) -> GivenFacts:
    findings = Findings()
    block = GIVEN.read(node(text), findings)
    assert findings.sorted() == ()
    return GivenFacts(block, NOW)


def facts(text: str) -> dict[type[AnyFact], Any]:
    """The last fact of each kind."""
    return {type(fact): fact for fact in given(text).initial_facts()}


def test_nothing_given_is_nothing_known() -> None:
    assert list(GivenFacts(None, NOW).initial_facts()) == []
    assert GivenFacts(None, NOW).territory == "DE"
    assert GivenFacts(None, NOW).conversion_rates().log == {}


def test_an_item_without_keys_is_a_product_with_its_sku_as_name() -> None:
    assert facts("{items: {A: {}}}") == {Product: Product(sku="A", product="A", title="A")}


def test_an_item_with_all_keys_is_a_product_with_price_cost_and_stock() -> None:
    found = facts(
        "{territory: AT, tax: 20%, items: {A: {product: p, title: T, brand: B, categories: [c/d],"
        " components: [X], consumable: 30d, min_age: 18, attributes: {size: 42}, price: 9.00 EUR,"
        " price_since: 1d, list: 12.00 EUR, target: 8.00 EUR, minimum_advertised: 7.00 EUR,"
        " cost: 3.00 EUR, stock: 0}}}"
    )
    assert found[Product] == Product(
        sku="A",
        product="p",
        title="T",
        brand="B",
        categories=("c/d",),
        components=("X",),
        consumable_days=30,
        min_age=18,
        attributes={"size": 42},
    )
    assert found[Price] == Price(
        sku="A",
        territory="AT",
        price=Money(900, "EUR"),
        tax_included=True,
        tax_rate_bp=2000,
        since=HERE - timedelta(days=1),
        list=Money(1200, "EUR"),
        target=Money(800, "EUR"),
        minimum_advertised=Money(700, "EUR"),
    )
    assert found[Cost] == Cost(sku="A", cost=Money(300, "EUR"))
    assert found[Stock] == Stock(sku="A", territory="AT", available=0)


def test_a_price_is_net_and_200_days_old_by_default() -> None:
    price = facts("{items: {A: {price: 9.00 EUR}}}")[Price]
    assert (price.tax_included, price.tax_rate_bp) == (False, 0)
    assert price.since == HERE - timedelta(days=200)


def test_a_customer_comes_with_orders_cases_returns_reviews_and_vouchers() -> None:
    found = facts(
        "{items: {A: {price: 9.00 EUR}}, customers: {c1: {tier: gold, segments: [s],"
        " opted_out: true, orders: [{id: o1, items: [A], ago: 2d}],"
        " cases: [{id: k1, kind: defect, items: [A], order: o1, ago: 1d}],"
        " returns: [{items: [A], reason: fit, order: o1}], reviews: [{item: A, rating: 2}],"
        " remedies: [{value: 5%, items: [A]}]}}}"
    )
    assert (found[Customer].tier, found[Customer].segments) == ("gold", ("s",))
    assert found[Customer].opted_out
    order = found[Order]
    assert (order.order, order.status, order.placed_at) == (
        "o1",
        "delivered",
        HERE - timedelta(days=2),
    )
    assert order.delivered_at == order.placed_at
    assert [(line.sku, line.unit) for line in order.lines] == [("A", Money(900, "EUR"))]
    assert (found[Case].status, found[Case].opened_at) == ("open", HERE - timedelta(days=1))
    assert (found[Return].order, found[Return].lines[0].reason) == ("o1", "fit")
    assert (found[Review].review, found[Review].rating) == ("c1/A", 2)
    assert found[Remedy].value.percent_bp == 500
    assert found[Remedy].expires_at == HERE + timedelta(days=30)


def test_an_order_that_somebody_cancelled_is_cancelled() -> None:
    order = facts("{customers: {c1: {orders: [{items: [A], cancelled_by: shop}]}}}")[Order]
    assert (order.status, order.cancelled_by) == ("cancelled", "shop")


def test_a_late_order_is_shipped_and_past_its_promised_date() -> None:
    order = facts("{customers: {c1: {orders: [{items: [A], late: 2d}]}}}")[Order]
    assert (order.status, order.delivered_at) == ("shipped", None)
    assert order.promised_by == HERE - timedelta(days=2)


def test_what_was_paid_is_the_price_of_the_item_unless_it_is_named() -> None:
    paid = facts("{customers: {c1: {orders: [{items: [A], paid: 5.00 EUR}]}}}")[Order]
    assert paid.lines[0].unit == Money(500, "EUR")
    unknown = facts("{customers: {c1: {orders: [{items: [A]}]}}}")[Order]
    assert unknown.lines[0].unit == Money(1, "EUR")


def test_a_case_with_a_time_of_resolution_is_resolved() -> None:
    case = facts("{customers: {c1: {cases: [{kind: late, ago: 3d, resolved: 1d}]}}}")[Case]
    assert (case.status, case.resolved_at) == ("resolved", HERE - timedelta(days=1))


def test_a_voucher_is_worth_an_amount_or_a_percentage() -> None:
    text = "{customers: {c1: {remedies: [{value: 10.00 EUR, items: [A], expires: 3d}]}}}"
    remedy = facts(text)[Remedy]
    assert (remedy.value.amount, remedy.value.currency) == (1000, "EUR")
    assert remedy.expires_at == HERE + timedelta(days=3)


def test_facts_without_an_id_get_one_each() -> None:
    text = "{customers: {c1: {orders: [{items: [A]}, {items: [B]}], cases: [{kind: late}]}}}"
    made = list(given(text).initial_facts())
    ids = [fact.order for fact in made if isinstance(fact, Order)]
    ids += [fact.case for fact in made if isinstance(fact, Case)]
    assert ids == ["order-1", "order-2", "case-3"]


def test_time_moves_on_with_the_steps() -> None:
    maker = given("{}")
    maker.now += 60_000
    block = ParsedMapping(node("{}"), {"kind": "late"})
    assert maker.case("c1", block).opened_at == HERE + timedelta(minutes=1)


def test_the_log_counts_per_product_and_territory() -> None:
    rates = given(
        "{territory: AT, items: {A: {product: p}}, log: {A: {silence: {shoppers: 10, bought: 1},"
        " r: {shoppers: 5, bought: 2}}, OTHER: {r: {shoppers: 1, bought: 0}}}}"
    ).conversion_rates()
    assert rates.log == {
        ("p", "AT"): {NO_OFFER: Tally(10, 1), "r": Tally(5, 2)},
        ("OTHER", "AT"): {"r": Tally(1, 0)},
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("42", 42),
        ("'42'", "42"),
        ("'true'", "true"),
        ("4.5", "4.5"),
        ("red", "red"),
    ],
)
def test_an_attribute_is_a_flag_a_number_or_a_text(text: str, value: object) -> None:
    assert as_builtins(node(text)) == value
    block = ParsedMapping(node("{}"), nodes={"attributes": node(f"{{a: {text}}}")})
    assert attributes(block) == {"a": value}


def test_other_facts_are_plain_data() -> None:
    text = "{type: recall, skus: [A, B], status: active}"
    assert as_builtins(node(text)) == {"type": "recall", "skus": ["A", "B"], "status": "active"}


def test_the_one_amount_of_a_mapping_is_money() -> None:
    assert single_amount({"EUR": 5}) == Money(5, "EUR")
    assert single_amount({}) is None
    assert single_amount(None) is None
