"""The table of an attempt's states."""

import pytest

from tactful_bridge.attempts import OPEN, TRANSITIONS, AttemptEvent, AttemptState, next_state


def reached_from(start: AttemptState) -> set[AttemptState]:
    seen = {start}
    while more := {to for state in seen for to in TRANSITIONS[state].values()} - seen:
        seen |= more
    return seen


def test_every_state_has_its_row() -> None:
    assert set(TRANSITIONS) == set(AttemptState)


def test_every_state_is_reached_from_the_first() -> None:
    assert reached_from(AttemptState.ASKED) == set(AttemptState)


def test_every_event_means_something() -> None:
    assert {event for row in TRANSITIONS.values() for event in row} == set(AttemptEvent)


def test_no_attempt_becomes_open_again() -> None:
    for state in set(AttemptState) - OPEN:
        assert not reached_from(state) & OPEN


@pytest.mark.parametrize("state", [AttemptState.CONFIRMED, AttemptState.CONFIRMING])
def test_an_order_that_was_placed_is_released_only_when_it_is_abandoned(
    state: AttemptState,
) -> None:
    ways = [event for event in AttemptEvent if next_state(state, event) == AttemptState.RELEASING]
    assert ways == [AttemptEvent.ABANDONED]


def test_an_event_that_a_state_does_not_list_changes_nothing() -> None:
    assert next_state(AttemptState.RELEASED, AttemptEvent.EXPIRED) == AttemptState.RELEASED
