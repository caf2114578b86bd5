"""Names in rule files against the facts."""

from typing import Any

import pytest

from support.rule_files import check, item, one_rule
from tactful.core.facts.fact_types import Customer

CATALOGUE = {
    "RUN-42": item("RUN-42", categories=("shoes/Running", "sale")),
    "BOOT-1": item("BOOT-1", product="boot", brand="Nordek", categories=("boots/winter",)),
    "BOOT-2": item("BOOT-2", product="boot", brand="Nordek", categories=("boots",), price=None),
}
CUSTOMERS = (Customer(customer="c1", tier="Gold", segments=("Runners",)), Customer(customer="c2"))


def messages(text: str, rest: str = "", **more: Any) -> list[tuple[str, str, str]]:
    known = {"catalogue": CATALOGUE, "customers": CUSTOMERS, **more}
    found = check(one_rule(f"{text}\noffer: {{percent: 10%}}", rest), **known).diagnostics
    return [(one.code, one.message, one.help) for one in found]


@pytest.mark.parametrize(
    ("text", "what", "help_text"),
    [
        ("when: [item.brand: Vello]", "brand 'Vello'", "did you mean 'Velo'?"),
        ("when: [item.sku: RUN-43]", "sku 'RUN-43'", "did you mean 'RUN-42'?"),
        ("when: [item.sku: run-42]", "sku 'run-42'", "did you mean 'RUN-42'?"),
        ("when: [item.product: {not: bots}]", "product 'bots'", "did you mean 'boot'?"),
        (
            "when: [item.category: {under: shoes/walking}]",
            "category 'shoes/walking'",
            "did you mean",
        ),
        ("when: [cart.has_brand: Qqq]", "brand 'Qqq'", "correct it, or report the facts"),
        ("when: [customer.tier: platinum]", "tier 'platinum'", "correct it"),
        ("when: [customer.segment: runer]", "segment 'runer'", "did you mean 'Runners'?"),
        ("unless: [item.brand: Vello]", "brand 'Vello'", "did you mean 'Velo'?"),
    ],
)
def test_a_value_that_no_fact_has_is_reported_with_the_nearest(
    text: str, what: str, help_text: str
) -> None:
    [(code, message, found)] = messages(text)
    assert (code, message) == ("R320", f"no fact has the {what}")
    assert help_text in found


@pytest.mark.parametrize(
    "text",
    [
        "when: [item.brand: [VELO, nordek]]",
        "when: [item.category: {under: SHOES}]",
        "when: [item.category: [sale, shoes/running]]",
        "when: [item.category: {matches: '*hiking*'}]",
        "when: [customer.tier: gold, customer.segment: RUNNERS]",
        "when: [item.attributes.colour: red]",
        "territories: [DE, DE-BY]",
    ],
)
def test_a_value_that_a_fact_has_is_not_reported(text: str) -> None:
    assert messages(text) == []


def test_without_facts_nothing_is_known_to_be_unknown() -> None:
    text = "when: [item.brand: Vello, customer.tier: platinum]\nterritories: [CH]"
    assert messages(text, catalogue={}, customers=()) == []
    [(code, message, _)] = messages("when: [customer.tier: x, item.brand: Vello]", customers=())
    assert (code, message) == ("R320", "no fact has the brand 'Vello'")


def test_a_territory_without_prices_and_names_of_exclusions_and_suppress_blocks_are_reported() -> (
    None
):
    [(_, message, help_text)] = messages("territories: [DE, CH]")
    assert message == "no item has a price in the territory 'CH'"
    assert help_text.endswith("there are prices in DE")
    rest = """
exclude:
  - {note: n, owner: o, categories: [ Shoes / running , glass], skus: [GIFT], segments: [runners]}
suppress: [{id: s, when: [item.brand: Vello], after: 120d}]
"""
    assert [message for _, message, _ in messages("note: x", rest)] == [
        "no fact has the category 'glass'",
        "no fact has the sku 'GIFT'",
        "no fact has the brand 'Vello'",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("item.category: shoes", "'shoes' is this category alone; 1 item is only under it"),
        ("item.category: {not: BOOTS}", "'boots' is this category alone; 1 item is only under it"),
    ],
)
def test_a_category_that_leaves_out_what_is_under_it_is_reported(text: str, message: str) -> None:
    [(code, found, help_text)] = messages(f"when: [{text}]")
    assert (code, found) == ("R321", message)
    assert help_text.startswith("write {under: ")
