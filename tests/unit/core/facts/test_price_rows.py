"""Prices by currency, channel and group, and territories that fall back to their country."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.builders import DAY, T0, price, stock
from tactful.core.facts.fact_types import AnyFact, Cost, Gone, ReportedFact
from tactful.core.facts.item import Item
from tactful.core.facts.price_history import GeneralPrice
from tactful.core.facts.price_rows import (
    EVERYBODY,
    Audience,
    RowKey,
    histories,
    plain_rows,
    price_rows,
    versions_by_row,
)
from tactful.core.values.money import Money
from tactful.rulebook.testing.fact_set import FactSet

PLACES = ("US", "US-NY", "US-CA", "DE", "DE-BY")


def item_of(*facts: AnyFact) -> Item:
    found = FactSet()
    for number, fact in enumerate(facts):
        found.add(fact, T0 + number)
    return found.item("A")


def row(amount: int, currency: str = "EUR", **fields: Any) -> AnyFact:
    return price("A", amount, currency=currency, **fields)


def amount_at(
    item: Item, territory: str, audience: Audience = EVERYBODY, now: int = T0 + DAY
) -> int | None:
    found = item.price_at(territory, now, audience)
    return found.fact.price.amount if found else None


MIXED = (
    row(100), row(90, channel="app"), row(80, group="club"), row(70, channel="app", group="club"),
    row(60, group="staff"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("audience", "amount"),
    [
        (EVERYBODY, 100),
        (Audience(channel="app"), 90),
        (Audience(group="club"), 80),
        (Audience(channel="app", group="club"), 70),
        (Audience(channel="app", group="staff"), 90),
        (Audience(channel="shop", group="staff"), 60),
        (Audience(channel="shop", group="other"), 100),
        (Audience(currency="EUR", group="club"), 80),
        (Audience(currency="USD"), None),
    ],
)
def test_the_most_specific_price_applies_a_channel_before_a_group(
    audience: Audience, amount: int | None
) -> None:
    assert amount_at(item_of(*MIXED), "DE", audience) == amount


def test_of_several_currencies_the_page_names_one() -> None:
    both = item_of(row(100), row(110, "CHF"))
    assert amount_at(both, "DE") is None
    assert amount_at(both, "DE", Audience("CHF")) == 110
    assert both.public_prices("DE", T0, Audience("CHF"))[0].currency == "CHF"
    assert both.public_prices("DE", T0) == ()
    assert amount_at(item_of(row(100)), "DE", Audience("CHF")) is None


def test_a_price_of_a_channel_that_is_gone_gives_way_to_the_one_without() -> None:
    gone = Gone(of="price", sku="A", channel="app")
    item = item_of(row(100), row(90, channel="app"), gone)
    assert amount_at(item, "DE", Audience(channel="app")) == 100
    assert amount_at(item_of(row(100), Gone(of="price", sku="A", currency="CHF")), "DE") == 100


def test_an_announced_price_of_a_channel_begins_at_its_instant() -> None:
    item = item_of(row(100), row(90, channel="app", since=T0 + 2 * DAY))
    app = Audience(channel="app")
    assert item.next_price_change("DE", T0 + DAY) == T0 + 2 * DAY
    assert amount_at(item, "DE", app, T0 + DAY) == 100
    assert amount_at(item, "DE", app, T0 + 3 * DAY) == 90


def test_a_subdivision_uses_the_announced_price_of_its_country_until_its_own_begins() -> None:
    item = item_of(row(100, territory="US"), row(80, territory="US-NY", since=T0 + 2 * DAY))
    assert amount_at(item, "US-NY", now=T0 + DAY) == 100
    assert item.next_price_change("US-NY", T0 + DAY) == T0 + 2 * DAY
    assert amount_at(item, "US-NY", now=T0 + 3 * DAY) == 80


@given(
    st.dictionaries(st.sampled_from(PLACES), st.integers(1, 9)),
    st.dictionaries(st.sampled_from(PLACES), st.integers(0, 9)),
    st.sampled_from(PLACES),
)
def test_the_nearer_row_wins_and_a_subdivision_falls_back_to_its_country(
    prices: dict[str, int], units: dict[str, int], place: str
) -> None:
    item = item_of(
        *(row(amount, territory=where) for where, amount in prices.items()),
        *(stock("A", amount, territory=where) for where, amount in units.items()),
    )
    country = place[:2]
    assert amount_at(item, place) == prices.get(place, prices.get(country))
    assert item.available(place) == units.get(place, units.get(country))
    assert item.stock_place(place) == (place if place in units else country)
    expected = prices.get(place, prices.get(country))
    assert [one.amount for one in item.public_prices(place, T0)] == [expected][
        : expected is not None
    ]


def test_a_cost_of_the_country_counts_in_its_subdivisions() -> None:
    here = Cost(sku="A", cost=Money(50, "USD"), territory="US")
    found = item_of(here, Cost(sku="A", cost=Money(40, "USD"))).cost("US-NY", "USD")
    assert found is not None
    assert found.fact == here


def reported(fact: Any, number: int) -> ReportedFact[Any]:
    return ReportedFact(fact, T0 + number, number)


def test_a_price_of_0_1_0_and_its_next_version_are_one_row() -> None:
    old, late, new = row(100, version=5), row(99, version=4), row(90, version=6)
    stored = [[reported(old, 1)], [reported(late, 2), reported(new, 3)]]
    assert [
        one.fact.price.amount for one in versions_by_row(stored)[RowKey("DE", "EUR", None, None)]
    ] == [100, 90]
    (found,) = price_rows([stored[0][0], stored[1][1]], stored, ())
    assert found.price is stored[1][1]
    (same,) = price_rows([stored[1][1], stored[0][0]], stored, ())
    assert same.price is stored[1][1]


def test_of_two_currencies_for_everybody_the_newest_that_is_not_gone_stands_for_the_territory() -> (
    None
):
    euro, franc = reported(row(100), 1), reported(row(110, "CHF"), 2)
    for in_force, currency in (
        ([euro, franc], "CHF"), ([franc, euro], "CHF"), ([euro], "EUR"), ([franc], "CHF"),
    ):  # fmt: skip
        rows = price_rows(in_force, [[euro], [franc]], ())
        assert plain_rows(rows)["DE"].key.currency == currency
        assert plain_rows(reversed(rows))["DE"].key.currency == currency


def test_a_general_offer_in_a_subdivision_is_in_its_public_prices_only() -> None:
    general = GeneralPrice("R1", "US-NY", 80, "USD", T0 + DAY, T0 + 2 * DAY)
    nowhere = GeneralPrice("R1", "FR", 80, "EUR", T0 + DAY, T0 + 2 * DAY)
    one = reported(row(100, "USD", territory="US"), 1)
    rows = price_rows([one], [[one]], [general, nowhere])
    found = histories(plain_rows(rows), [general, nowhere])
    assert [entry.amount for entry in found["US-NY"]] == [100, 80, 100]
    assert [entry.amount for entry in found["US"]] == [100]
    assert "FR" not in found


def test_a_price_that_is_announced_in_another_currency_leaves_the_one_in_force() -> None:
    announced = row(90, "CHF", since=T0 + DAY)
    item = item_of(row(100), announced)
    assert amount_at(item, "DE", now=T0) == 100
    assert item.public_prices("DE", T0)[-1].currency == "EUR"
    # From then on there are two prices for everybody, of which the page must name one.
    assert item.price_at("DE", T0 + DAY) is None
    assert item.public_prices("DE", T0 + DAY) == ()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_a_price_that_is_gone_does_not_fill_the_time_until_an_announced_one(
    order: tuple[int, ...],
) -> None:
    told = [row(100, version=1), Gone(of="price", sku="A", territory="DE", version=2),
            row(90, version=3, since=T0 + DAY)]  # fmt: skip
    item = item_of(*(told[place] for place in order))
    assert item.price_at("DE", T0) is None
    tomorrow = item.price_at("DE", T0 + DAY)
    assert tomorrow is not None
    assert tomorrow.fact.price.amount == 90
