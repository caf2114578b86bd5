"""Exclusions of the shop, and bans of inputs in a territory."""

from typing import Any

import pytest

from support.builders import (
    DAY,
    T0,
    category,
    customer,
    dwell,
    item,
    kept,
    orders_at_least,
    product,
    rule,
    scene,
    session,
)
from support.naive_assembly import NaiveShop
from tactful.core.context import Scene
from tactful.core.customer.profile import profile
from tactful.core.gates.prohibition import (
    check_exclusions,
    check_input_bans,
    inputs_of,
    next_exclusion,
)
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NEVER, Exclusion, InputBan, PriceTerms, Rule

BOOT = item("BOOT-42", product=kept(product("BOOT-42", "boot", brand="Velo", categories=("Boots/Winter",))))  # fmt: skip
GIFT = item("GIFT-50", product=kept(product("GIFT-50", "gift-card")))


def excluding(**keys: Any) -> Exclusion:
    sets = {name: frozenset(value) for name, value in keys.items() if isinstance(value, list)}
    return Exclusion("x", "bound price", "books", **{**keys, **sets})


def codes(here: Scene, one: Exclusion, *, with_cart: bool = False) -> list[str]:
    return [found.reason for found in check_exclusions(here, (one,), with_cart=with_cart)]


@pytest.mark.parametrize(
    ("keys", "applies"),
    [
        ({"skus": ["BOOT-42"]}, True),
        ({"skus": ["BOOT-43"]}, False),
        ({"products": ["boot"]}, True),
        ({"products": ["shoe"]}, False),
        ({"brands": ["velo"]}, True),
        ({"brands": ["nordek"]}, False),
        ({"categories": ["boots"]}, True),
        ({"categories": ["boots/winter"]}, True),
        ({"categories": ["boots/summer", "boot"]}, False),
        ({"territories": ["DE"]}, True),
        ({"territories": ["DE-BY"]}, True),
        ({"territories": ["AT"]}, False),
        ({"brands": ["velo"], "territories": ["AT"]}, False),
        ({"brands": ["velo"], "territories": ["AT", "DE"]}, True),
        ({"starts": T0}, True),
        ({"starts": T0 + 1}, False),
        ({"ends": T0 + 1}, True),
        ({"ends": T0}, False),
    ],
)
def test_an_exclusion_applies_where_all_its_keys_match(keys: dict[str, Any], applies: bool) -> None:
    assert codes(scene(item=BOOT), excluding(**keys)) == ["excluded.by_shop"] * applies


def test_the_finding_names_the_exclusion_and_its_end() -> None:
    [found] = check_exclusions(scene(), (excluding(ends=T0 + DAY),), with_cart=False)
    assert found.actual == {"exclusion": "x", "note": "bound price", "owner": "books"}
    assert found.until == T0 + DAY
    [lasting] = check_exclusions(scene(), (excluding(),), with_cart=False)
    assert lasting.until is None


def test_an_item_without_product_data_is_in_no_brand_and_in_no_category() -> None:
    nameless = scene(item=item(product=None))
    assert codes(nameless, excluding(brands=["velo"])) == []
    assert codes(nameless, excluding(categories=["boots"])) == []


def test_a_segment_is_excluded_only_for_verified_customers_in_it() -> None:
    one = excluding(segments=["wholesale"])
    assert codes(scene(), one) == []
    for segments, applies in ((("Wholesale",), True), (("runners",), False)):
        shop = NaiveShop([(customer(segments=segments), T0)])
        known = profile(shop.history("c1"), Policy())
        here = scene(session=session(customer="c1", consent="personal"), profile=known)
        assert bool(codes(here, one)) == applies
    stranger = profile(NaiveShop([]).history("c1"), Policy())
    assert codes(scene(profile=stranger), one) == []


def test_a_discount_on_the_order_is_excluded_by_an_item_of_the_cart() -> None:
    here, one = scene(item=BOOT, cart=((GIFT, 1),)), excluding(products=["gift-card"])
    assert codes(here, one, with_cart=True) == ["excluded.by_shop"]
    assert codes(here, one) == []


def test_the_next_exclusion_is_the_earliest_ahead_that_covers_the_item() -> None:
    ahead = [
        excluding(starts=T0 - DAY),
        excluding(starts=T0 + 2 * DAY),
        excluding(starts=T0 + DAY, brands=["nordek"]),
        excluding(starts=T0 + 3 * DAY),
    ]
    assert next_exclusion(scene(), ahead) == T0 + 2 * DAY
    assert next_exclusion(scene(), ahead[:1]) == NEVER


# bans of inputs

PERSONAL = InputBan("US-NY", frozenset({"personal", "pseudonymous"}))
LOYAL = rule("L", orders_at_least(1))
BROWSING = rule("D", dwell(30))
PLAIN = rule("P", category("running"))
LADDER = rule("S", price=PriceTerms("ladder", ladder=(PriceTerms("percent", percent_bp=500),)))
REMEDY = rule("R", remedy=True, price=PriceTerms("remedy"))


@pytest.mark.parametrize(
    ("by", "fields"),
    [
        (LOYAL, ["customer.orders"]),
        (BROWSING, ["session.dwell"]),
        (PLAIN, []),
        (LADDER, ["ladder"]),
        (REMEDY, ["remedy"]),
    ],
)
def test_a_ban_names_every_input_that_the_rule_must_not_read(by: Rule, fields: list[str]) -> None:
    found = list(check_input_bans(scene(territory="US-NY"), by, (PERSONAL,)))
    assert [one.actual for one in found] == [fields] * bool(fields)
    assert all(one.reason == "consent.territory" for one in found)


@pytest.mark.parametrize(
    ("territory", "banned", "applies"),
    [
        ("US-NY", "US-NY", True),
        ("US-NY", "US", True),
        ("US", "US-NY", True),
        ("US-CA", "US-NY", False),
        ("DE", "US-NY", False),
        (None, "US-NY", False),
    ],
)
def test_a_country_and_its_subdivisions_add_up(
    territory: str | None, banned: str, applies: bool
) -> None:
    ban = InputBan(banned, frozenset({"personal"}))
    found = list(check_input_bans(scene(territory=territory), LOYAL, (ban,)))
    assert bool(found) == applies


def test_a_ban_begins_at_its_instant() -> None:
    here = scene(territory="US-NY")
    for start, applies in ((T0, True), (T0 + 1, False)):
        ban = InputBan("US-NY", frozenset({"personal"}), start)
        assert bool(list(check_input_bans(here, LOYAL, (ban,)))) == applies


def test_a_legal_basis_is_an_exception() -> None:
    allowed = InputBan("US-NY", PERSONAL.inputs, legal_bases=frozenset({"remedy"}))
    here = scene(territory="US-NY")
    assert not list(check_input_bans(here, REMEDY, (allowed,)))
    assert list(check_input_bans(here, LOYAL, (allowed,)))
    assert list(inputs_of(REMEDY)) == [("remedy", "personal", "remedy")]
