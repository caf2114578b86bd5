"""Prices and budgets are checked against floors, the policy and the catalogue."""

import pytest

from support.rule_files import NOW, check, codes, item, one_rule
from tactful.core.facts.fact_types import Cost, Price, ReportedFact
from tactful.core.facts.item import Item
from tactful.core.values.money import Money

CATALOGUE = {"RUN-42": item(), "OTHER": item("OTHER", product="other")}


def priced(**more: int) -> dict[str, Item]:
    """RUN-42 at 129.00 EUR, with a target price or a cost."""
    base = item()
    fact: Price = base.prices["DE"].fact
    money = {name: Money(amount, "EUR") for name, amount in more.items() if name == "target"}
    price = Price(
        sku="RUN-42",
        territory="DE",
        price=fact.price,
        tax_included=False,
        tax_rate_bp=0,
        **money,  # type: ignore[arg-type]
    )
    costs = {}
    if "cost" in more:
        cost = Cost(sku="RUN-42", cost=Money(more["cost"], "EUR"))
        costs = {"EUR": ReportedFact(cost, NOW)}
    return {
        "RUN-42": Item(
            sku="RUN-42", product=base.product, prices={"DE": ReportedFact(price, NOW)}, costs=costs
        )
    }


def named(offer: str, more: str = "") -> str:
    return one_rule(f"when: [item.sku: RUN-42]\n{more}offer: {offer}")


def test_prices_of_named_items_are_checked_against_the_catalogue() -> None:
    tight = priced(target=12800)
    assert codes(named("{percent: 10%, on_floor: withhold}"), catalogue=tight) == ["R306"]
    assert codes(named("{percent: 10%}"), catalogue=tight) == []
    assert codes(named("{fixed: 200.00 EUR}"), catalogue=CATALOGUE) == ["R306"]
    assert codes(named("{percent: 10%, floor: {margin: 20%}}"), catalogue=CATALOGUE) == []
    assert codes(named("{percent: 10%}", "territories: [DE]\n"), catalogue=CATALOGUE) == []
    elsewhere = named("{fixed: 200.00 EUR}", "territories: [AT]\n")
    assert codes(elsewhere, catalogue=CATALOGUE) == ["R308"]
    product = one_rule("when: [item.product: aero-runner]\noffer: {fixed: 200.00 EUR}")
    assert codes(product, catalogue=CATALOGUE) == ["R306"]
    message = check(named("{amount: 200.00 EUR, on_floor: withhold}"), catalogue=CATALOGUE)
    assert "RUN-42 in DE" in message.diagnostics[0].message


def test_an_item_must_satisfy_every_comparison_that_names_items() -> None:
    offer = "offer: {fixed: 200.00 EUR}"
    both = one_rule(f"when: [item.sku: RUN-42, item.product: other]\n{offer}")
    assert codes(both, catalogue=CATALOGUE) == []
    twice = one_rule(f"when: [item.sku: [RUN-42, OTHER], item.sku: OTHER]\n{offer}")
    assert len(codes(twice, catalogue=CATALOGUE)) == 1
    fits = one_rule(f"when: [item.sku: [RUN-42, OTHER], item.product: aero-runner]\n{offer}")
    (found,) = check(fits, catalogue=CATALOGUE).diagnostics
    assert "RUN-42 in DE" in found.message


def test_an_item_that_no_rule_names_is_not_checked() -> None:
    assert (
        codes(one_rule("when: [item.brand: Velo]\noffer: {fixed: 200.00 EUR}"), catalogue=CATALOGUE)
        == []
    )


def test_the_budget_must_pay_for_one_offer_on_a_named_item() -> None:
    campaign = "campaigns: {c: {budget: 10.00 EUR}}\n"
    dear = named("{percent: 10%, max_qty: 2}", "campaign: c\n")
    assert codes(dear + campaign, catalogue=priced(cost=1000)) == ["R307"]
    cheap = named("{percent: 5%}", "campaign: c\n")
    assert codes(cheap + campaign, catalogue=priced()) == []
    refused = named("{fixed: 500.00 EUR}", "campaign: c\n")
    assert codes(refused + campaign, catalogue=priced()) == ["R306"]


@pytest.mark.parametrize(
    ("offer", "expected"),
    [
        ("{percent: 10%, off_the: order, at_most: 10.01 EUR}", ["R307"]),
        ("{percent: 10%, off_the: order, at_most: 10.00 EUR}", []),
        ("{amount: 10.01 EUR, off_the: shipping}", ["R307"]),
        ("{amount: 10.00 EUR, off_the: shipping}", []),
    ],
)
def test_the_budget_must_pay_for_the_most_that_comes_off_an_order(
    offer: str, expected: list[str]
) -> None:
    campaign = "campaigns: {c: {budget: 10.00 EUR}}\n"
    assert codes(one_rule(f"campaign: c\noffer: {offer}", campaign)) == expected
    for named_in in (priced(), {}):
        text = named(offer, "campaign: c\n") + campaign
        assert codes(text, catalogue=named_in) == expected


def test_an_order_that_would_sell_a_named_item_below_its_floor_is_found() -> None:
    tight = priced(target=12800)
    order = "{percent: 10%, off_the: order, at_most: 50.00 EUR}"
    assert codes(named(order), catalogue=tight) == ["R306"]
    free = "{percent: 100%, off_the: shipping, at_most: 6.90 EUR}"
    assert codes(named(free), catalogue=tight) == []


def test_the_bound_of_a_percentage_is_named_in_the_currency_of_every_territory() -> None:
    order = "offer: {percent: 10%, off_the: order, at_most: 5.00 GBP}"
    assert codes(one_rule(f"territories: [DE]\n{order}"), catalogue=CATALOGUE) == ["R308"]
    paid = "campaigns: {c: {budget: 100.00 EUR}}"
    assert codes(one_rule(f"campaign: c\n{order}", paid)) == ["R308"]


def test_amounts_are_named_in_the_currency_of_every_territory() -> None:
    text = one_rule("territories: [DE]\noffer: {amount: 5.00 GBP}")
    assert codes(text, catalogue=CATALOGUE) == ["R308"]
    assert codes(text) == []
    nowhere = named("{percent: 10%}", "territories: [DE, AT]\n")
    assert codes(nowhere, catalogue=CATALOGUE) == ["R308"]
    counted = one_rule("campaign: c\noffer: {amount: 5.00 GBP}", "campaigns: {c: {count: 5}}")
    assert codes(counted) == []


def test_a_price_at_which_nothing_is_saved_is_above_its_limit() -> None:
    [one] = check(named("{fixed: 200.00 EUR}"), catalogue=CATALOGUE).diagnostics
    assert one.message == (
        "for RUN-42 in DE, the price of 200.00 EUR is above the limit of 128.99 EUR"
        " (price.no_improvement)"
    )


def test_a_price_below_the_floor_of_an_item_names_both() -> None:
    text = named("{percent: 10%, on_floor: withhold}")
    [one] = check(text, catalogue=priced(target=12800)).diagnostics
    assert one.message == (
        "for RUN-42 in DE, the price of 116.10 EUR is below the limit of 128.00 EUR (price.floor)"
    )


def test_an_item_whose_price_cannot_be_computed_is_not_judged() -> None:
    assert codes(named("{to_target: true}"), catalogue=CATALOGUE) == []


def test_a_forced_rule_is_a_warning() -> None:
    [one] = check(one_rule("force: true\noffer: {percent: 1%}")).diagnostics
    assert (one.code, one.severity) == ("R314", "warning")
    assert codes(one_rule("force: false\noffer: {percent: 1%}")) == []


def test_a_share_above_the_largest_discount_of_the_policy_is_found() -> None:
    text = "policy: {max_total_discount: 20%}\n"
    assert codes(one_rule("offer: {percent: 20%}", text)) == []
    [one] = check(one_rule("offer: {percent: 21%}", text)).diagnostics
    assert (one.message, one.help) == (
        "21% off is more than the 20% of the policy",
        "write 20% or less",
    )
