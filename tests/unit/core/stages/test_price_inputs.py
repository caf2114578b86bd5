"""The kinds of inputs that a shopper is told about."""

from typing import Any, get_args

import pytest

from support.builders import (
    DAY,
    T0,
    case,
    category,
    clause,
    dwell,
    kept,
    order,
    orders_at_least,
    review,
    rule,
    scene,
    stock_at_least,
)
from tactful.core.context import Scene
from tactful.core.customer.profile import profile
from tactful.core.facts.history import History
from tactful.core.offers.offer import InputKind
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NoneOf, PriceTerms
from tactful.core.stages.price_inputs import inputs_of
from tactful.protocol import messages
from tactful.rulebook.fields.field_registry import FIELDS

BUYER = History(customer="c1", orders=(kept(order(customer="c1", placed_at=T0 - DAY)),))


def known() -> Scene:
    return scene(profile=profile(BUYER, Policy()))


def test_every_offer_rests_on_the_shops_price() -> None:
    assert inputs_of(rule(), scene(), Policy()) == ("price",)


def test_each_kind_is_named_once_in_the_order_of_the_rule() -> None:
    by = rule("R1", stock_at_least(1), dwell(1), category("shoes"), stock_at_least(2), dwell(2))
    assert inputs_of(by, scene(), Policy()) == ("price", "stock", "browsing", "item")


def test_a_customers_data_counts_only_where_it_was_known() -> None:
    by = rule("R1", orders_at_least(0))
    assert inputs_of(by, scene(), Policy()) == ("price",)
    assert inputs_of(by, known(), Policy()) == ("price", "purchases")


def test_an_excluding_condition_is_an_input_as_well() -> None:
    by = rule("R1", NoneOf((orders_at_least(9),)))
    assert inputs_of(by, known(), Policy()) == ("price", "purchases")


@pytest.mark.parametrize(
    ("fields", "policy", "kind"),
    [
        ({"price": PriceTerms("ladder", ladder=(PriceTerms("percent", percent_bp=500),))}, Policy(), "earlier_offers"),
        ({"price": PriceTerms("remedy"), "remedy": True}, Policy(), "voucher"),
        ({}, Policy(arbitration="expected_value"), "averages"),
    ],
)  # fmt: skip
def test_what_is_no_condition_is_an_input_as_well(
    fields: dict[str, Any], policy: Policy, kind: InputKind
) -> None:
    assert inputs_of(rule(**fields), scene(), policy) == ("price", kind)


@pytest.mark.parametrize("field", [*FIELDS, "moment"])
def test_every_field_of_the_rule_language_has_a_kind(field: str) -> None:
    def value(_: Any) -> str:
        return "canary"

    provenance = FIELDS[field].provenance if field in FIELDS else "contextual"
    one = clause(field, value, bool, provenance=provenance)
    _, kind = inputs_of(rule("canary-rule", one), known(), Policy())
    assert kind in get_args(InputKind)


def test_the_kinds_of_the_wire_are_those_of_the_core() -> None:
    assert get_args(messages.InputKind) == get_args(InputKind)


@pytest.mark.parametrize(
    "history",
    [
        History(customer="c1", cases=(kept(case("canary", customer="c1")),)),
        History(customer="c1", reviews=(kept(review(customer="c1")),)),
    ],
    ids=["case", "review"],
)
def test_a_case_or_a_review_is_never_among_the_inputs(history: History) -> None:
    by = rule("R1", dwell(1), orders_at_least(0))
    let_down = scene(profile=profile(history, Policy()))
    assert inputs_of(by, let_down, Policy()) == inputs_of(by, known(), Policy())
