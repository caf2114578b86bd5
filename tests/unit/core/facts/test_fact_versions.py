"""The order of versions: a version is newer only within its kind."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from support.builders import price, product, review, stock
from tactful.core.facts.fact_versions import (
    UNSEEN,
    HighestVersions,
    VersionOrdinal,
    advance,
    comes_late,
    is_dated,
    ordinal,
    versioned_key,
)

VERSIONS: st.SearchStrategy[VersionOrdinal | None] = st.one_of(
    st.none(), st.tuples(st.sampled_from(("int", "time")), st.integers(0, 5))
)


def test_the_first_version_of_a_kind_is_newer() -> None:
    assert advance(UNSEEN, ("int", 0), 0) == HighestVersions(0, None)
    assert advance(HighestVersions(9, None), ("time", 0), 0) == HighestVersions(9, 0)


def test_an_equal_or_lower_version_is_not_newer() -> None:
    assert advance(HighestVersions(3, 7), ("int", 3), 0) is None
    assert advance(HighestVersions(3, 7), ("time", 6), 0) is None


def test_an_unversioned_report_is_newer_than_everything_before_it() -> None:
    assert advance(HighestVersions(3, 7), None, 5) == HighestVersions(3, 4_999)
    assert advance(HighestVersions(3, 9_999), None, 5) == HighestVersions(3, 9_999)


def test_an_instant_before_the_last_unversioned_report_is_older() -> None:
    arrived = advance(UNSEEN, None, 5)
    assert arrived is not None
    assert advance(arrived, ("time", 4_999), 6) is None
    assert advance(arrived, ("time", 5_000), 6) == HighestVersions(None, 5_000)
    assert advance(arrived, ("int", 1), 6) == HighestVersions(1, 4_999)


def test_only_a_lower_version_of_the_same_kind_comes_late() -> None:
    heads = HighestVersions(3, None)
    assert comes_late(heads, ("int", 2))
    assert not comes_late(heads, ("int", 3))
    assert not comes_late(heads, ("time", 0))
    assert not comes_late(heads, None)


def test_a_version_is_a_number_or_an_instant_in_microseconds() -> None:
    assert ordinal(None) is None
    assert ordinal(7) == ("int", 7)
    assert ordinal(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC)) == ("time", 1_000_005)


def test_only_versions_of_a_review_are_kept_apart() -> None:
    assert versioned_key(product("A", "a"), 5) == "A"
    assert versioned_key(review(version=2), 5) == "v1|int:2"
    assert versioned_key(review(), 5) == "v1|at:5"


def test_only_a_price_with_a_start_is_kept_when_it_comes_late() -> None:
    assert is_dated(price("A", 100, since=datetime(2026, 1, 1, tzinfo=UTC)))
    assert not is_dated(price("A", 100))
    assert not is_dated(stock("A", 1))


@given(versions=st.lists(VERSIONS))
def test_the_highest_version_of_each_kind_does_not_depend_on_the_order(
    versions: list[VersionOrdinal | None],
) -> None:
    heads = UNSEEN
    for version in versions:
        heads = advance(heads, version, 0) or heads
    integers = [one[1] for one in versions if one and one[0] == "int"]
    times = [one[1] for one in versions if one and one[0] == "time"]
    times += [0 for version in versions if version is None]
    assert heads == HighestVersions(max(integers, default=None), max(times, default=None))
