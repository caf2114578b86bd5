"""Contact history: approaches, cooldowns, and the union of two histories at a login."""

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

approaches = st.builds(
    Approach,
    offer=st.sampled_from("abcde"),
    rule=st.just("R"),
    session=st.sampled_from(["s1", "s2"]),
    at=st.integers(0, 3),
    shown=st.booleans(),
)
cooldowns = st.builds(
    Cooldown, scope=st.sampled_from(["rule", "product"]), key=st.sampled_from("xy"), until=st.integers(1, 9)
)  # fmt: skip


def _contact(found: list[Approach], cooling: list[Cooldown], quiet: int) -> ContactHistory:
    """Build a history with one approach per offer and one cooldown per key."""
    by_offer = {
        approach.offer: Approach(approach.offer, "R", "s1", ord(approach.offer), approach.shown)
        for approach in found
    }
    contact = ContactHistory(tuple(by_offer.values()), (), quiet)
    for cooldown in cooling:
        contact = contact.with_cooldown(cooldown.scope, cooldown.key, cooldown.until)
    return contact


contacts = st.builds(
    _contact, st.lists(approaches, max_size=5), st.lists(cooldowns, max_size=4), st.integers(0, 9)
)


def essence(contact: ContactHistory) -> tuple[object, ...]:
    return set(contact.approaches), set(contact.cooldowns), contact.quiet_until


@given(contacts, contacts)
def test_merging_is_commutative(one: ContactHistory, other: ContactHistory) -> None:
    assert essence(merge_histories(one, other)) == essence(merge_histories(other, one))


@given(contacts, contacts)
def test_merging_is_idempotent(one: ContactHistory, other: ContactHistory) -> None:
    once = merge_histories(one, other)
    assert essence(merge_histories(once, other)) == essence(once)
    assert essence(merge_histories(one, one)) == essence(one)


@given(contacts, contacts)
def test_merged_cooldowns_end_at_the_later_instant(
    one: ContactHistory, other: ContactHistory
) -> None:
    both = merge_histories(one, other)
    for scope in ("rule", "product"):
        for key in "xy":
            longest = max(one.cooldown_until(scope, key), other.cooldown_until(scope, key))
            assert both.cooldown_until(scope, key) == longest
    assert both.quiet_until == max(one.quiet_until, other.quiet_until)


@given(contacts, contacts)
def test_merged_approaches_unite_by_offer_and_stay_shown(
    one: ContactHistory, other: ContactHistory
) -> None:
    both = {approach.offer: approach.shown for approach in merge_histories(one, other).approaches}
    for part in (one, other):
        for approach in part.approaches:
            assert both[approach.offer] >= approach.shown
    assert len(both) == len({approach.offer for approach in (*one.approaches, *other.approaches)})


def test_an_approach_is_reserved_at_the_push_and_released_unless_shown() -> None:
    reserved = NO_CONTACT.with_approach("o1", "R", "s1", T0)
    assert reserved.without_reservation("o1") == NO_CONTACT
    seen = reserved.with_shown("o1")
    assert seen.without_reservation("o1") is seen
    assert seen.with_shown("o1") is seen
    assert seen.without_reservation("o2") is seen
    both = seen.with_approach("o2", "R", "s1", T0)
    assert both.with_shown("o2").approaches[0] is both.approaches[0]


def test_a_cooldown_is_never_shortened_and_can_be_removed() -> None:
    history = (
        NO_CONTACT.with_cooldown("rule", "R", 9)
        .with_cooldown("rule", "R", 5)
        .with_cooldown("product", "p", 7)
    )
    assert [history.cooldown_until("rule", "R"), history.cooldown_until("product", "p")] == [9, 7]
    assert history.without_cooldown("rule", "R").cooldown_until("rule", "R") == 0
    assert history.with_quiet_until(5).with_quiet_until(3).quiet_until == 5


def test_pruning_removes_ended_cooldowns_and_uncounted_approaches() -> None:
    old = NO_CONTACT.with_approach("o1", "R", "s0", T0 - DAY).with_approach("o2", "R", "s1", T0)
    old = old.with_cooldown("rule", "R", T0).with_cooldown("product", "p", T0 + 1)
    left = old.pruned(T0, lambda approach: approach.at == T0)
    assert [approach.offer for approach in left.approaches] == ["o2"]
    assert left.cooldowns == (Cooldown("product", "p", T0 + 1),)


def test_an_accepted_voucher_is_free_for_the_offer_that_holds_it_alone() -> None:
    held = NO_CONTACT.with_accepted_voucher("m1/2", "of1", 9)
    assert (held.voucher_frees_at("m1/2"), held.voucher_frees_at("m1/2", "of2")) == (9, 9)
    assert (held.voucher_frees_at("m1/2", "of1"), held.voucher_frees_at("m1")) == (0, 0)
    used = held.with_cooldown("remedy", "m1/2", 99)
    assert used.voucher_frees_at("m1/2", "of1") == 99
    assert held.with_cooldown("rule", "m1/2", 99).voucher_frees_at("m1/2", "of1") == 0
