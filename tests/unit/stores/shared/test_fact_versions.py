"""A version is newer only within its kind."""

from hypothesis import given
from hypothesis import strategies as st

from tactful.stores.shared.fact_versions import UNSEEN, HighestVersions, advance

VERSIONS = st.one_of(st.none(), st.tuples(st.sampled_from(["int", "time"]), st.integers(0, 5)))


def test_the_first_version_of_a_kind_is_newer():
    assert advance(UNSEEN, ("int", 0), 0) == HighestVersions(0, None)
    assert advance(HighestVersions(9, None), ("time", 0), 0) == HighestVersions(9, 0)


def test_an_equal_or_lower_version_is_not_newer():
    assert advance(HighestVersions(3, 7), ("int", 3), 0) is None
    assert advance(HighestVersions(3, 7), ("time", 6), 0) is None


def test_arrival_is_newer_than_what_came_before():
    assert advance(HighestVersions(3, 7), None, 5) == HighestVersions(3, 4_999)
    assert advance(HighestVersions(3, 9_999), None, 5) == HighestVersions(3, 9_999)


def test_what_bears_an_instant_before_the_last_arrival_is_late():
    arrived = advance(UNSEEN, None, 5)
    assert arrived is not None
    assert advance(arrived, ("time", 4_999), 6) is None
    assert advance(arrived, ("time", 5_000), 6) == HighestVersions(None, 5_000)
    assert advance(arrived, ("int", 1), 6) == HighestVersions(1, 4_999)


@given(versions=st.lists(VERSIONS))
def test_heads_are_the_highest_of_each_kind_whatever_the_order(versions):
    heads = UNSEEN
    for version in versions:
        heads = advance(heads, version, 0) or heads
    integers = [value for kind, value in filter(None, versions) if kind == "int"]
    times = [value for kind, value in filter(None, versions) if kind == "time"]
    times += [0 for version in versions if version is None]
    assert heads == HighestVersions(max(integers, default=None), max(times, default=None))
