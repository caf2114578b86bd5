"""The lifecycle is one table, and everything that is not in it is a programming error."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import offer
from tactful.core.offers import ADVERTISED, STANDING, TRANSITIONS, Event, State, after

EVENTS: tuple[Event, ...] = get_args(Event)
ENDS = frozenset(State) - STANDING - {State.REDEEMED}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", EVENTS)
def test_a_move_is_in_the_table_or_an_error(state: State, event: Event) -> None:
    if (state, event) in TRANSITIONS:
        assert after(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(LookupError):
            after(state, event)


@pytest.mark.parametrize("state", sorted(ENDS))
def test_an_exit_is_for_good(state: State) -> None:
    assert not [event for event in EVENTS if (state, event) in TRANSITIONS]


@given(st.lists(st.sampled_from(EVENTS), max_size=12))
def test_no_path_shows_again_what_ended_or_promises_what_was_never_pushed(
    events: list[Event],
) -> None:
    state, path = State.PUSHED, [State.PUSHED]
    for event in events:
        if (state, event) in TRANSITIONS:
            state = after(state, event)
            path.append(state)
    assert State.HELD_OUT not in path
    promised = path.index(State.ACCEPTED) if State.ACCEPTED in path else len(path)
    assert not ADVERTISED & set(path[promised:])
    assert all(State.ACCEPTED in path[:n] for n, one in enumerate(path) if one is State.REDEEMED)


def test_only_what_is_pushed_or_shown_is_advertised_and_a_promise_stands() -> None:
    assert {state for state in State if offer(state=state).advertised} == ADVERTISED
    assert {state for state in State if offer(state=state).standing} == STANDING
    assert {State.ACCEPTED} == STANDING - ADVERTISED
