"""A push, a standing offer and an explanation give one answer, for every field of a rule."""

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support import rule_files
from support.builders import (
    T0,
    cost,
    customer,
    line,
    order,
    price,
    product,
    returned,
    stock,
)
from support.in_memory_shop import InMemoryShop, Shopper
from tactful.core.session import signals
from tactful.core.values.calendar import DAY
from tactful.rulebook.fields.field_registry import FIELDS

FACTS: Final[tuple[Any, ...]] = (
    product(brand="Velo", categories=("shoes/running",), attributes={"colour": "red"}),
    product("SOCK-3", "socks", brand="Velo", categories=("socks",), consumable_days=90),
    price(list=14900, target=9900),
    price("SOCK-3", 1990),
    cost(),
    cost("SOCK-3", 600),
    stock(available=50),
    stock("SOCK-3", 50),
    customer("c1", tier="silver", segments=("runners",), birth_year=1990),
    customer("c2"),
    order("o1", line("SOCK-3"), placed_at=T0 - 100 * DAY),
    returned("r1", ("SOCK-3", "changed_mind"), order="o1", at=T0 - 80 * DAY),
)
GROUPS: Final = (
    "[{clause}]",
    "[{{any: [{clause}, {{session.views: {{at_least: 1}}}}]}}]",
    "[{{session.views: {{at_least: 1}}}}, {{none: [{clause}]}}]",
    (
        "[{{any: [{{all: [{clause}, {{session.views: {{at_least: 9}}}}]}}, "
        "{{session.dwell: {{at_least: 10s}}}}]}}]"
    ),
)
SHOPPERS: Final = [
    (consent, gpc, customer)
    for consent in ("anonymous", "personal")
    for gpc in (False, True)
    for customer in (None, "c1", "c2")
]


def _clause(name: str) -> str:
    example = FIELDS[name].example
    return f"{name.replace('*', 'colour')}: {example}"


def _pushed(condition: str, shopper: tuple[str, bool, str | None], more: str = "") -> Shopper:
    """Let a shopper look at a shoe for a minute, and return them."""
    consent, gpc, customer = shopper
    by = rule_files.rule(condition, more)
    shop = InMemoryShop(by, told=FACTS)
    one = shop.open_session(consent=consent, gpc=gpc, page="home")
    if customer:
        one.send(signals.CustomerIdentified(customer))
    one.send(signals.CartChanged((signals.CartLine("SOCK-3", 1),)))
    one.view("RUN-42", 60)
    return one


def _check(one: Shopper) -> bool:
    """Check that what was pushed stands; return whether anything was."""
    if not one.pushed:
        return False
    standing = one.offers
    assert [offer.id for offer in standing] == [one.pushed[-1].id]
    assert one.why("RUN-42", "one").outcome == "standing"
    assert one.reasons("RUN-42", "one") == []
    one.send(signals.FactsChanged())
    assert (one.offers, one.withdrawn) == (standing, [])
    offer = standing[0]
    assert not offer.personal or one.session.personal
    return True


@settings(max_examples=400)
@given(
    name=st.sampled_from(sorted(name for name, one in FIELDS.items() if not one.protected)),
    group=st.sampled_from(GROUPS),
    unless=st.booleans(),
    shopper=st.sampled_from(SHOPPERS),
)
def test_right_after_a_push_every_standing_gate_passes(
    name: str, group: str, unless: bool, shopper: tuple[str, bool, str | None]
) -> None:
    clause = "{" + _clause(name) + "}"
    if unless:
        _check(_pushed("[{session.views: {at_least: 1}}]", shopper, f"unless: [{clause}]"))
    else:
        _check(_pushed(group.format(clause=clause), shopper))


@pytest.mark.parametrize("gpc", [False, True])
def test_an_offer_that_reads_nothing_personal_is_not_personal(gpc: bool) -> None:
    """The rule excludes gold customers; the shopper is nobody that it could know."""
    dwell = "[{session.dwell: {at_least: 30s}}]"
    one = _pushed(dwell, ("anonymous", gpc, None), "unless: [{customer.tier: gold}]")
    assert _check(one)
    assert one.offers[0].personal is False
    one.shop.report(cost(amount=5201, version=2))
    assert (len(one.offers), one.withdrawn) == (1, [])


def test_an_offer_that_reads_a_known_tier_is_personal() -> None:
    one = _pushed(
        "[{session.views: {at_least: 1}}]",
        ("personal", False, "c1"),
        "unless: [{customer.tier: gold}]",
    )
    assert _check(one)
    assert one.offers[0].personal
    one.send(signals.ConsentChanged("anonymous"))
    assert [reason for _, reason in one.withdrawn] == ["consent.missing"]


def test_an_offer_that_held_through_the_campaign_outlives_another_page() -> None:
    """An `any` of a personal field and the campaign: the campaign alone made it hold."""
    condition = "[{any: [{customer.orders: {at_least: 1}}, {session.page: product}]}]"
    one = _pushed(condition, ("anonymous", False, None))
    assert _check(one)
    one.send(signals.PageViewed("home"))
    one.send(signals.FactsChanged())
    assert (len(one.offers), one.withdrawn) == (1, [])


def test_a_gift_stands_after_a_fact() -> None:
    by = rule_files.rulebook(
        "rules:\n  - id: one\n    when: [{session.views: {at_least: 1}}]\n    offer: {gift: true}\n"
    ).rules["one"]
    one = InMemoryShop(by, told=FACTS).open_session(page="home")
    assert _check(one.view("RUN-42", 60))
