"""A shopper's contact history: what counts, what rests, and what a login makes of two."""

from hypothesis import given
from hypothesis import strategies as st

from support.builders import DAY, T0
from tactful.core.session.contact_history import (
    NO_CONTACT,
    Approach,
    ContactHistory,
    Cooldown,
    merge_histories,
)

marks = st.builds(
    Approach,
    offer=st.sampled_from("abcde"),
    rule=st.just("R"),
    session=st.sampled_from(["s1", "s2"]),
    at=st.integers(0, 3),
    shown=st.booleans(),
)
rests = st.builds(
    Cooldown, scope=st.sampled_from(["rule", "product"]), key=st.sampled_from("xy"), until=st.integers(1, 9)
)  # fmt: skip


def _contact(found: list[Approach], resting: list[Cooldown], quiet: int) -> ContactHistory:
    """One mark an offer, one rest a key, as they come about."""
    by_offer = {
        mark.offer: Approach(mark.offer, "R", "s1", ord(mark.offer), mark.shown) for mark in found
    }
    contact = ContactHistory(tuple(by_offer.values()), (), quiet)
    for rest in resting:
        contact = contact.with_cooldown(rest.scope, rest.key, rest.until)
    return contact


contacts = st.builds(
    _contact, st.lists(marks, max_size=5), st.lists(rests, max_size=4), st.integers(0, 9)
)


def essence(contact: ContactHistory) -> tuple[object, ...]:
    return set(contact.approaches), set(contact.cooldowns), contact.quiet_until


@given(contacts, contacts)
def test_merging_is_commutative_in_all_that_counts(
    one: ContactHistory, other: ContactHistory
) -> None:
    assert essence(merge_histories(one, other)) == essence(merge_histories(other, one))


@given(contacts, contacts)
def test_merging_twice_is_merging_once(one: ContactHistory, other: ContactHistory) -> None:
    once = merge_histories(one, other)
    assert essence(merge_histories(once, other)) == essence(once)
    assert essence(merge_histories(one, one)) == essence(one)


@given(contacts, contacts)
def test_a_rest_lasts_as_long_as_the_longer_of_the_two(
    one: ContactHistory, other: ContactHistory
) -> None:
    both = merge_histories(one, other)
    for scope in ("rule", "product"):
        for key in "xy":
            longest = max(one.cooldown_until(scope, key), other.cooldown_until(scope, key))
            assert both.cooldown_until(scope, key) == longest
    assert both.quiet_until == max(one.quiet_until, other.quiet_until)


@given(contacts, contacts)
def test_approaches_sum_by_offer_and_what_was_seen_stays_seen(
    one: ContactHistory, other: ContactHistory
) -> None:
    both = {mark.offer: mark.shown for mark in merge_histories(one, other).approaches}
    for part in (one, other):
        for mark in part.approaches:
            assert both[mark.offer] >= mark.shown
    assert len(both) == len({mark.offer for mark in (*one.approaches, *other.approaches)})


def test_an_approach_counts_from_the_push_and_is_released_unless_it_was_seen() -> None:
    reserved = NO_CONTACT.with_approach("o1", "R", "s1", T0)
    assert reserved.without_reservation("o1") == NO_CONTACT
    seen = reserved.with_shown("o1")
    assert seen.without_reservation("o1") is seen
    assert seen.with_shown("o1") is seen
    assert seen.without_reservation("o2") is seen
    both = seen.with_approach("o2", "R", "s1", T0)
    assert both.with_shown("o2").approaches[0] is both.approaches[0]


def test_a_rest_is_never_shortened_until_it_is_ended() -> None:
    rested = (
        NO_CONTACT.with_cooldown("rule", "R", 9)
        .with_cooldown("rule", "R", 5)
        .with_cooldown("product", "p", 7)
    )
    assert [rested.cooldown_until("rule", "R"), rested.cooldown_until("product", "p")] == [9, 7]
    assert rested.without_cooldown("rule", "R").cooldown_until("rule", "R") == 0
    assert rested.with_quiet_until(5).with_quiet_until(3).quiet_until == 5


def test_what_no_cap_counts_any_more_is_forgotten() -> None:
    old = NO_CONTACT.with_approach("o1", "R", "s0", T0 - DAY).with_approach("o2", "R", "s1", T0)
    old = old.with_cooldown("rule", "R", T0).with_cooldown("product", "p", T0 + 1)
    left = old.pruned(T0, lambda mark: mark.at == T0)
    assert [mark.offer for mark in left.approaches] == ["o2"]
    assert left.cooldowns == (Cooldown("product", "p", T0 + 1),)
