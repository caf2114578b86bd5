"""The order of versions: a version is newer only within its kind."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from support.builders import order, price, product, review, stock
from tactful.core.facts.fact_codec import encode
from tactful.core.facts.fact_types import AnyFact, kind_of
from tactful.core.facts.fact_versions import (
    DIGEST_BYTES,
    MAX_CONTENTS,
    UNSEEN,
    FactHead,
    FactOutcome,
    HighestVersions,
    VersionOrdinal,
    advance,
    comes_late,
    content_digest,
    is_dated,
    ordinal,
    stored_content_digest,
    versioned_key,
)

VERSIONS: st.SearchStrategy[VersionOrdinal | None] = st.one_of(
    st.none(), st.tuples(st.sampled_from(("int", "time")), st.integers(0, 5))
)


HERE, THERE = stock("A", 5), stock("A", 4)


def head(versions: HighestVersions, body: AnyFact = HERE, contents: bytes = b"") -> FactHead:
    return FactHead(versions, kind_of(body), encode(body), contents)


def highest(
    versions: HighestVersions, version: VersionOrdinal | None, at: int = 0
) -> HighestVersions | None:
    """The highest versions after a report of another content; None: it is ignored."""
    found = advance(head(versions), version, content_digest(THERE), encode(THERE), at)
    return None if found.outcome is FactOutcome.IGNORED else found.versions


def test_the_first_version_of_a_kind_is_newer() -> None:
    first = advance(None, ("int", 0), content_digest(HERE), encode(HERE), 0)
    assert (first.outcome, first.versions) == (FactOutcome.ACCEPTED, HighestVersions(0, None))
    assert highest(HighestVersions(9, None), ("time", 0)) == HighestVersions(9, 0)


def test_a_lower_version_is_ignored() -> None:
    assert highest(HighestVersions(3, 7), ("int", 2)) is None
    assert highest(HighestVersions(3, 7), ("time", 6)) is None


def test_an_equal_version_with_another_content_is_accepted() -> None:
    assert highest(HighestVersions(3, 7), ("int", 3)) == HighestVersions(3, 7)
    assert highest(HighestVersions(3, 7), ("time", 7)) == HighestVersions(3, 7)


def test_the_content_of_a_row_without_digests_is_a_duplicate_under_its_version() -> None:
    body = stock("A", 5, version=3)
    again = advance(
        head(HighestVersions(3, 7), body), ("int", 3), content_digest(body), encode(body), 0
    )
    assert again.outcome is FactOutcome.IGNORED


def test_a_content_is_remembered_while_its_version_is_the_highest() -> None:
    contents, versions, body = b"", UNSEEN, HERE
    seen = []
    for one, version in ((HERE, 1), (THERE, 1), (HERE, 1), (HERE, 2), (THERE, 1), (THERE, 2)):
        known = head(versions, body, contents) if contents else None
        found = advance(known, ("int", version), content_digest(one), encode(one), 0)
        seen.append(found.outcome.value)
        versions, contents = found.versions, found.contents
        body = one if found.outcome is FactOutcome.ACCEPTED else body
    accepted, ignored = "accepted", "ignored"
    assert seen == [accepted, accepted, ignored, accepted, ignored, accepted]


def test_a_content_is_remembered_across_reports_of_the_other_kind_of_version() -> None:
    first = advance(None, ("int", 5), content_digest(HERE), encode(HERE), 0)
    known = head(first.versions, HERE, first.contents)
    other = advance(known, None, content_digest(THERE), encode(THERE), 1)
    known = head(other.versions, THERE, other.contents)
    again = advance(known, ("int", 5), content_digest(HERE), encode(HERE), 2)
    assert again.outcome is FactOutcome.IGNORED


def test_the_number_of_remembered_contents_is_bounded() -> None:
    contents, body = b"", stock("A", 0)
    for available in range(1, 200):
        known = head(HighestVersions(1, None), body, contents)
        body = stock("A", available)
        contents = advance(known, ("int", 1), content_digest(body), encode(body), 0).contents
    assert len(contents) == DIGEST_BYTES + MAX_CONTENTS * (DIGEST_BYTES + 1)


def test_a_content_does_not_depend_on_the_version() -> None:
    assert content_digest(stock("A", 1, version=3)) == content_digest(stock("A", 1))
    assert content_digest(stock("A", 1)) != content_digest(stock("A", 2))
    fact = stock("A", 1, version=3)
    assert stored_content_digest("stock", encode(fact)) == content_digest(fact)


def test_a_row_that_is_no_fact_or_damaged_has_a_content_too() -> None:
    assert len(stored_content_digest("general", b"{}")) == DIGEST_BYTES
    assert len(stored_content_digest("stock", b"damaged")) == DIGEST_BYTES


def test_an_unversioned_report_is_newer_than_everything_before_it() -> None:
    assert highest(HighestVersions(3, 7), None, 5) == HighestVersions(3, 4_999)
    assert highest(HighestVersions(3, 9_999), None, 5) == HighestVersions(3, 9_999)


def test_an_instant_before_the_last_unversioned_report_is_older() -> None:
    arrived = highest(UNSEEN, None, 5)
    assert arrived is not None
    assert highest(arrived, ("time", 4_998), 6) is None
    assert highest(arrived, ("time", 5_000), 6) == HighestVersions(None, 5_000)
    assert highest(arrived, ("int", 1), 6) == HighestVersions(1, 4_999)


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
        heads = highest(heads, version) or heads
    integers = [one[1] for one in versions if one and one[0] == "int"]
    times = [one[1] for one in versions if one and one[0] == "time"]
    times += [0 for version in versions if version is None]
    assert heads == HighestVersions(max(integers, default=None), max(times, default=None))


@given(states=st.permutations(["placed", "shipped", "delivered", "cancelled"]))
def test_the_states_of_an_order_under_one_version_end_in_the_latest(states: list[str]) -> None:
    known: FactHead | None = None
    for state in states:
        fact = order("o1", "A", status=state, version=1)
        found = advance(known, ("int", 1), content_digest(fact), encode(fact), 0)
        if found.outcome is FactOutcome.ACCEPTED:
            known = head(found.versions, fact, found.contents)
    assert known is not None
    assert b'"cancelled"' in known.body
