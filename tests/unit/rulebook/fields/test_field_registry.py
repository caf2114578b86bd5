"""Every field reads its value, and is unknown where the shop has not reported it."""

from typing import Any

import pytest

from support.field_scenes import EMPTY_SCENE, full_scene
from support.rule_files import check, rule
from tactful.core.rules.condition_evaluation import clauses
from tactful.rulebook.fields.field_registry import FIELDS, find_field, is_protected

READS: dict[str, tuple[str, Any]] = {
    "item.sku": ("RUN-42", "RUN-42"),
    "item.product": ("aero-runner", "aero-runner"),
    "item.category": ("shoes/running", ["shoes/running"]),
    "item.brand": ("Velo", "Velo"),
    "item.title": ("Aero Runner", "Aero Runner"),
    "item.attributes.colour": ("red", "red"),
    "item.stock": ("6", 6),
    "item.stock_reported": ("{within: 1h}", "2026-03-10T12:00:00Z"),
    "item.price": ("129.00 EUR", "129.00 EUR"),
    "item.list_price": ("149.00 EUR", "149.00 EUR"),
    "item.target_price": ("1.00 EUR", None),
    "item.discount": ("13.42%", "13.42%"),
    "item.on_sale": ("true", True),
    "item.price_since": ("{within: 1h}", "2026-03-10T12:00:00Z"),
    "item.consumable": ("false", False),
    "item.is_bundle": ("false", False),
    "session.dwell": ("{at_most: 40s}", "40s"),
    "session.age": ("{at_least: 90s}", "90s"),
    "session.views": ("3", 3),
    "session.views_of_item": ("2", 2),
    "session.items_viewed": ("2", 2),
    "session.returned_to_item": ("true", True),
    "session.pages": ("6", 6),
    "session.searches": ("1", 1),
    "session.compares": ("2", 2),
    "session.exits": ("1", 1),
    "session.page": ("cart", "cart"),
    "session.query": ("trail shoes", "trail shoes"),
    "session.locale": ("de-DE", "de-DE"),
    "session.consent": ("personal", "personal"),
    "cart.total": ("277.90 EUR", "277.90 EUR"),
    "cart.items": ("3", 3),
    "cart.lines": ("2", 2),
    "cart.quantity": ("2", 2),
    "cart.has_item": ("SOCK-3", ["RUN-42", "SOCK-3"]),
    "cart.has_product": ("socks", ["aero-runner", "socks"]),
    "cart.has_brand": ("Velo", ["Velo", "Velo"]),
    "cart.has_category": ("socks", ["shoes/running", "socks"]),
    "visit.source": ("newsletter", "newsletter"),
    "visit.campaign": ("spring-mail", "spring-mail"),
    "visit.medium": ("email", "email"),
    "visit.referrer": ("blog.example", "blog.example"),
    "visit.link": ("apology", "apology"),
    "customer.known": ("true", True),
    "customer.tier": ("gold", "gold"),
    "customer.segment": ("runners", ["runners", "early"]),
    "customer.orders": ("2", 2),
    "customer.spent": ("40.00 EUR", "40.00 EUR"),
    "customer.last_order": ("{within: 11d}", "2026-02-28T12:00:00Z"),
    "customer.attributes.wholesale": ("true", True),
    "history.bought_item": ("SOCK-3", ["SOCK-3"]),
    "history.bought_product": ("socks", ["socks"]),
    "history.bought_brand": ("Velo", ["Velo"]),
    "history.bought_category": ("socks", ["socks"]),
    "history.bought_this": ("{within: 1d}", None),
    "history.returned_item": ("RUN-42", ["RUN-42"]),
    "history.returns": ("1", 1),
    "shop.territory": ("DE", "DE"),
    "shop.currency": ("EUR", "EUR"),
}


@pytest.mark.parametrize("name", READS)
def test_a_field_reads_its_value(name: str) -> None:
    text, expected = READS[name]
    one = rule(f"[{{{name}: {text}}}]")
    [clause] = clauses(one.condition)
    assert clause.read(full_scene()) == expected
    assert (one.holds_from(full_scene()) == 0) == (expected is not None)


def test_every_field_has_a_row_in_these_tables() -> None:
    clocks = {"time.weekday", "time.of_day", "time.date"}
    tried = {name.replace("colour", "*").replace("wholesale", "*") for name in READS}
    assert tried | clocks | {"customer.age"} == set(FIELDS)


@pytest.mark.parametrize("name", FIELDS)
def test_the_example_of_a_field_is_a_condition(name: str) -> None:
    field = FIELDS[name]
    full_name = name.replace("*", "colour")
    compiled = check(
        f"rules:\n  - id: a\n    when: [{{{full_name}: {field.example}}}]\n"
        "    offer: {percent: 10%}\n"
    )
    codes = {one.code for one in compiled.diagnostics}
    assert codes == ({"R311"} if field.protected else set())


ALWAYS_KNOWN = {
    "item.sku", "item.product", "session.dwell", "session.age", "session.views",
    "session.views_of_item", "session.items_viewed", "session.returned_to_item", "session.pages",
    "session.searches", "session.compares", "session.exits", "session.consent", "cart.items",
    "cart.lines", "cart.quantity", "cart.has_item", "cart.has_product", "cart.has_brand",
    "cart.has_category",
}  # fmt: skip


@pytest.mark.parametrize("name", READS)
def test_a_field_without_a_report_is_unknown(name: str) -> None:
    one = rule(f"[{{{name}: {READS[name][0]}}}]")
    [clause] = clauses(one.condition)
    shown = clause.read(EMPTY_SCENE)
    assert (shown is not None) == (name in ALWAYS_KNOWN)


def test_a_name_with_a_star_matches_every_attribute_and_is_no_name_itself() -> None:
    assert find_field("item.attributes.*") is None
    assert find_field("item.attributes.") is None
    assert find_field("item.colour") is None
    found = find_field("item.attributes.colour")
    assert found is not None
    assert found[1] == "colour"


@pytest.mark.parametrize(
    ("name", "protected"),
    [
        ("customer.age", True),
        ("customer.attributes.age_band", True),
        ("customer.attributes.Gender", True),
        ("customer.attributes.shoe_size", False),
        ("customer.attributes.language", False),
        ("item.attributes.age", False),
    ],
)
def test_protected_attributes_are_recognized_by_their_names(name: str, protected: bool) -> None:
    found = find_field(name)
    assert found is not None
    assert is_protected(found[0], name) is protected
