"""Codes of countries and subdivisions, and what a wrong one probably means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.core.values.territories import (
    countries,
    country_of,
    is_territory,
    nearest_territory,
    overlap,
    territory_problem,
)


def test_the_table_holds_every_country_and_its_subdivisions() -> None:
    assert len(countries()) == 250
    assert countries()["DE"].alpha3 == "DEU"
    assert len(countries()["US"].subdivisions) > 50
    assert sum(len(one.subdivisions) for one in countries().values()) > 5_000


@pytest.mark.parametrize("code", ["DE", "US", "US-NY", "GB-ENG", "CA-QC", "XK"])
def test_a_code_of_the_table_is_a_territory(code: str) -> None:
    assert is_territory(code)
    assert territory_problem(code) is None
    assert nearest_territory(code) == code


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("UK", "GB"), ("de", "DE"), ("us_ny", "US-NY"), ("DEU", "DE"), ("Germany", "DE"),
        ("Schweiz", "CH"), ("Switzerlnd", "CH"), ("UK-ENG", "GB-ENG"), ("US-NX", "US-NV"),
        ("AD-ZZZ", "AD"), ("ZZ", None), ("ZZ-ZZ", None), ("nowhere at all", None), ("", None),
    ],
)  # fmt: skip
def test_a_wrong_code_gets_the_one_that_is_meant(text: str, near: str | None) -> None:
    found = nearest_territory(text)
    assert found == near or (text == "US-NX" and found in countries()["US"].subdivisions)
    assert not is_territory(text)
    problem = territory_problem(text)
    assert problem is not None
    assert ("Did you mean" in problem) == (near is not None)


def test_the_union_is_told_to_name_its_countries() -> None:
    assert "each country" in str(territory_problem("EU"))


def test_the_country_of_a_subdivision_is_its_first_part() -> None:
    assert country_of("US-NY") == "US"
    assert country_of("DE") == "DE"


def test_a_country_overlaps_with_its_subdivisions_only() -> None:
    assert overlap("US", "US-NY")
    assert overlap("US-NY", "US")
    assert overlap("US-NY", "US-NY")
    assert not overlap("US-CA", "US-NY")
    assert not overlap("", "US")


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert (territory_problem(text) is None) == is_territory(text)
