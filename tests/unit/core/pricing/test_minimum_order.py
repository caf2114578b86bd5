"""The least order that a discount on the order or its shipping needs."""

import pytest

from support.rule_files import check, one_rule
from tactful.core.pricing.minimum_order import minimum_order
from tactful.core.rules.rule import Rule

ORDER = "offer: {amount: {EUR: 15.00}, off_the: order"


def compiled(body: str) -> Rule:
    found = check(one_rule(body)).rulebook
    assert found is not None
    return found.rules["one"]


@pytest.mark.parametrize(
    ("when", "least"),
    [
        ("[cart.total: {at_least: {EUR: 200.00}}]", 20_000),
        ("[cart.total: {at_least: {EUR: 200.00}}, item.stock: {at_least: 5}]", 20_000),
        ("[{all: [cart.total: {at_least: {EUR: 200.00}}]}]", 20_000),
        ("[cart.total: {between: [200.00 EUR, 300.00 EUR]}]", 20_000),
        ("[cart.total: {at_least: {GBP: 200.00}}]", None),
        ("[cart.total: {at_most: {EUR: 200.00}}]", None),
        ("[{any: [cart.total: {at_least: {EUR: 200.00}}, session.page: cart]}]", None),
        ("[session.page: cart]", None),
    ],
)
def test_an_offer_on_the_order_needs_the_cart_that_its_rule_asks_for(
    when: str, least: int | None
) -> None:
    assert minimum_order(compiled(f"when: {when}\n{ORDER}}}"), "EUR") == least


def test_what_the_rule_states_comes_first() -> None:
    when = "when: [cart.total: {at_least: {EUR: 200.00, GBP: 150.00}}]"
    stated = compiled(f"{when}\n{ORDER}, min_order: {{EUR: 50.00}}}}")
    assert minimum_order(stated, "EUR") == 5_000
    assert minimum_order(stated, "GBP") is None


def test_the_shipping_has_a_minimum_too_and_an_item_has_none() -> None:
    when = "when: [cart.total: {at_least: {EUR: 50.00}}]"
    parcel = "offer: {percent: 100%, off_the: shipping, at_most: {EUR: 6.90}}"
    assert minimum_order(compiled(f"{when}\n{parcel}"), "EUR") == 5_000
    assert minimum_order(compiled(f"{when}\noffer: {{percent: 10%}}"), "EUR") is None


def test_a_rule_keeps_its_digest_unless_it_states_a_minimum() -> None:
    one, other = compiled(f"{ORDER}}}"), compiled(f"{ORDER}, min_order: {{EUR: 50.00}}}}")
    assert one.digest != other.digest
    assert one.price.min_order == {}
