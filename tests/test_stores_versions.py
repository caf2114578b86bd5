"""A version is newer only within its kind."""

from hypothesis import given
from hypothesis import strategies as st

from tactful.stores.versions import UNSEEN, Heads, advance

VERSIONS = st.one_of(st.none(), st.tuples(st.sampled_from(["int", "time"]), st.integers(0, 5)))


def test_the_first_version_of_a_kind_is_newer():
    assert advance(UNSEEN, ("int", 0)) == Heads(0, None)
    assert advance(Heads(9, None), ("time", 0)) == Heads(9, 0)


def test_an_equal_or_lower_version_is_not_newer():
    assert advance(Heads(3, 7), ("int", 3)) is None
    assert advance(Heads(3, 7), ("time", 6)) is None


def test_arrival_is_always_newer_and_moves_no_head():
    assert advance(Heads(3, 7), None) == Heads(3, 7)


@given(versions=st.lists(VERSIONS))
def test_heads_are_the_highest_of_each_kind_whatever_the_order(versions):
    heads = UNSEEN
    for version in versions:
        heads = advance(heads, version) or heads
    integers = [value for kind, value in filter(None, versions) if kind == "int"]
    times = [value for kind, value in filter(None, versions) if kind == "time"]
    assert heads == Heads(max(integers, default=None), max(times, default=None))
