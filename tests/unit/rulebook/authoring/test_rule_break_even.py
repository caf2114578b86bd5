"""The break-even of rules at the margins of their items."""

import pytest
from msgspec import structs

from support.rule_files import NOW, item, rulebook
from tactful.core.facts.fact_types import Cost, ReportedFact
from tactful.core.facts.item import Item
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import PriceTerms
from tactful.core.values.money import Money
from tactful.rulebook.authoring.rule_break_even import (
    break_evens,
    describe_break_evens,
    describe_typical,
)

EARN = "to earn as much as without the offer, it needs"
SHOES = "[item.category: {under: shoes}, session.dwell: {at_least: 5s}]"


def shoe(sku: str, cost: int | None, *, category: str = "shoes/running") -> Item:
    """An item of 119.00 EUR with 19 % tax, whose net price is 100.00 EUR."""
    found = item(sku, price=11900, categories=(category,))
    costs = {"EUR": ReportedFact(Cost(sku=sku, cost=Money(cost, "EUR")), NOW)} if cost else {}
    return Item(sku=sku, product=found.product, prices=found.prices, stock=found.stock, costs=costs)


def lines(offer: str, *items: Item, when: str = SHOES) -> list[str]:
    book = rulebook(f"rules: [{{id: one, when: {when}, offer: {offer}}}]")
    catalogue = {one.sku: one for one in items}
    return describe_break_evens(*break_evens(book.rules["one"], Policy(), catalogue, NOW))


def test_fifteen_percent_off_at_thirty_percent_margin_needs_twice_the_buyers() -> None:
    assert lines("{percent: 15%}", shoe("A", 7000)) == [
        f"{EARN} 2.0 times the buyers (A in DE, margin 30%)"
    ]


def test_only_the_items_of_the_rule_count_and_the_extremes_are_named() -> None:
    found = lines(
        "{percent: 15%}",
        shoe("A", 7000),
        shoe("B", 5000),
        shoe("C", 6000),
        shoe("D", 1000, category="socks"),
        shoe("E", 9000),
        shoe("F", None),
    )
    assert found == [
        f"{EARN} 1.5 times the buyers (B in DE, margin 50%) up to 2.0 times the buyers (A in DE, margin 30%)",
        "no number of buyers makes up for it at 1 item, such as E in DE",
        "how many buyers it needs is not known for 1 item without a cost",
    ]


@pytest.mark.parametrize(
    ("offer", "when", "count"),
    [
        ("{percent: 15%, floor: {margin: 20%}}", SHOES, 1),
        ("{amount: {GBP: 5.00}}", SHOES, 0),
        ("{percent: 10%, off_the: order, at_most: 5.00 EUR}", SHOES, 0),
        ("{gift: true}", SHOES, 0),
        ("{percent: 15%}", "[{any: [item.brand: Nordek, item.category: shoes/running]}]", 1),
        ("{percent: 15%}", "[{none: [item.brand: Velo]}]", 0),
        ("{percent: 15%}", "{item.stock: {at_least: 99}}", 0),
    ],
)
def test_an_item_counts_where_the_rule_makes_an_offer_on_it(
    offer: str, when: str, count: int
) -> None:
    assert len(lines(offer, shoe("A", 7000), when=when)) == count


def test_a_rule_of_another_territory_has_no_break_even_here() -> None:
    book = rulebook("rules: [{id: one, territories: [AT], offer: {percent: 15%}}]")
    assert break_evens(book.rules["one"], Policy(), {"A": shoe("A", 7000)}, NOW) == ([], 0)
    many = {sku: shoe(sku, None) for sku in "AB"}
    book = rulebook("rules: [{id: one, offer: {percent: 15%}}]")
    found = break_evens(book.rules["one"], Policy(), many, NOW)
    assert found == ([], 2)
    assert "2 items without a cost" in describe_break_evens(*found)[0]


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        (PriceTerms("percent", percent_bp=1500), "15% off needs 2.0 times the buyers at a margin of 30%, 1.5 times the buyers at a margin of 50%"),
        (PriceTerms("percent", percent_bp=3000), "30% off needs 2.5 times the buyers at a margin of 50%"),
        (PriceTerms("percent", percent_bp=6000), "60% off is more than most margins"),
        (PriceTerms("fixed", amounts={"EUR": 5}), ""),
        (PriceTerms("percent", percent_bp=1000, level="order"), ""),
    ],
)  # fmt: skip
def test_the_break_even_at_typical_margins_is_known_for_a_percentage(
    terms: PriceTerms, text: str
) -> None:
    found = describe_typical(terms)
    assert text in found
    assert bool(found) == bool(text)


def test_an_item_whose_price_mixes_currencies_does_not_count() -> None:
    priced = shoe("A", 7000).prices["DE"]
    mixed = structs.replace(priced, fact=structs.replace(priced.fact, list=Money(1, "GBP")))
    odd = structs.replace(shoe("A", 7000), prices={"DE": mixed})
    assert lines("{percent: 15%}", odd) == []
