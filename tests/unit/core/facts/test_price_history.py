"""The public prices of an SKU; `test_assembly.py` has their rules."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from support.builders import DAY, T0, price
from tactful.core.facts.fact_types import ReportedFact
from tactful.core.facts.price_history import (
    GeneralPrice,
    PublicPrice,
    public_prices,
    with_general_prices,
)


def test_a_general_offer_is_public_while_it_runs() -> None:
    public = public_prices([ReportedFact(price("A", 100), T0)])
    assert with_general_prices(public, []) is public
    offer = GeneralPrice("R1", "DE", 80, "EUR", T0 + 1, T0 + 2)
    assert [one.amount for one in with_general_prices(public, [offer])] == [100, 80, 100]
    assert [one.amount for one in with_general_prices((), [offer])] == [80]


def test_an_unchanged_price_that_is_reported_again_is_no_new_price() -> None:
    """Found in use: each report of the same price made the history of the price longer."""
    versions = [
        ReportedFact(price("A", 100, version=1), T0),
        ReportedFact(price("A", 100, target=90, version=2), T0 + DAY),
        ReportedFact(price("A", 100, since=T0 + 2 * DAY, version=3), T0 + 2 * DAY),
    ]
    assert public_prices(versions) == (PublicPrice(T0, 100, "EUR"),)
    sale = ReportedFact(price("A", 80, version=4), T0 + 3 * DAY)
    back = ReportedFact(price("A", 100, version=5), T0 + 4 * DAY)
    assert [one.amount for one in public_prices([*versions, sale, back])] == [100, 80, 100]


@given(
    st.lists(st.tuples(st.sampled_from([80, 100]), st.integers(0, 5)), min_size=1, max_size=8),
    st.integers(0, 6),
)
def test_the_prices_of_every_instant_are_those_that_were_reported(
    reports: list[tuple[int, int]], at: int
) -> None:
    ordered = sorted(reports, key=lambda one: one[1])
    versions = [
        ReportedFact(price("A", amount, version=number), T0 + day * DAY)
        for number, (amount, day) in enumerate(ordered)
    ]
    found = public_prices(versions)
    now = T0 + at * DAY
    told = [amount for amount, day in ordered if day <= at]
    assert [one.amount for one in found if one.since <= now][-1:] == told[-1:]
    assert all(one.amount != other.amount for one, other in pairwise(found))
