"""The phases of a turn: complete, connected, and closed to any other transition."""

from typing import get_args

import pytest

from tactful.runtime.state.turn_phase import TURN_TRANSITIONS, TurnEvent, TurnPhase, next_phase

EVENTS: tuple[TurnEvent, ...] = get_args(TurnEvent)
OTHERS = [
    (phase, event)
    for phase in TurnPhase
    for event in EVENTS
    if (phase, event) not in TURN_TRANSITIONS
]


def test_every_event_has_exactly_one_phase_to_start_from() -> None:
    assert sorted(event for _, event in TURN_TRANSITIONS) == sorted(EVENTS)


def test_a_session_leaves_idle_only_to_wait_and_waits_only_to_come_back() -> None:
    for (phase, event), after in TURN_TRANSITIONS.items():
        assert (phase is TurnPhase.IDLE) is not (after is TurnPhase.IDLE)
        assert next_phase(phase, event) is after


def test_every_phase_but_that_of_a_moved_session_can_be_reached_and_left() -> None:
    ours = set(TurnPhase) - {TurnPhase.MOVED}
    assert {phase for phase, _ in TURN_TRANSITIONS} == ours
    assert set(TURN_TRANSITIONS.values()) == ours


@pytest.mark.parametrize(("phase", "event"), OTHERS)
def test_any_other_event_is_a_programming_error(phase: TurnPhase, event: TurnEvent) -> None:
    with pytest.raises(KeyError):
        next_phase(phase, event)
