"""The states of one attempt to pay for an order, and the table of their transitions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class AttemptState(StrEnum):
    """Where an attempt stands. The values are stored by platforms and never change."""

    ASKED = "asked"
    """The hold was asked for, and its outcome is not known."""
    HELD = "held"
    REFUSED = "refused"
    """Tactful refused the hold; nothing is held."""
    CONFIRMING = "confirming"
    """The order was placed; the outbox has the confirmation."""
    CONFIRMED = "confirmed"
    RELEASING = "releasing"
    """The attempt was abandoned or its order cancelled; the outbox has the cancellation."""
    RELEASED = "released"
    LAPSED = "lapsed"
    """The hold ended by itself, without an order."""
    LOST = "lost"
    """The order was placed at the promised price, but Tactful does not count it as redeemed."""


class AttemptEvent(StrEnum):
    """What can happen to an attempt."""

    HOLD_ANSWERED = "hold_answered"
    HOLD_REFUSED = "hold_refused"
    PLACED = "placed"
    CONFIRM_ANSWERED = "confirm_answered"
    CONFIRM_REFUSED = "confirm_refused"
    ABANDONED = "abandoned"
    RELEASE_ANSWERED = "release_answered"
    EXPIRED = "expired"


_S: Final = AttemptState
_E: Final = AttemptEvent
TRANSITIONS: Final[Mapping[AttemptState, Mapping[AttemptEvent, AttemptState]]] = {
    _S.ASKED: {
        _E.HOLD_ANSWERED: _S.HELD,
        _E.HOLD_REFUSED: _S.REFUSED,
        _E.PLACED: _S.CONFIRMING,
        _E.ABANDONED: _S.RELEASING,
        _E.EXPIRED: _S.LAPSED,
    },
    _S.HELD: {
        _E.HOLD_ANSWERED: _S.HELD,
        _E.PLACED: _S.CONFIRMING,
        _E.ABANDONED: _S.RELEASING,
        _E.EXPIRED: _S.LAPSED,
    },
    _S.REFUSED: {_E.PLACED: _S.LOST},
    _S.CONFIRMING: {
        _E.CONFIRM_ANSWERED: _S.CONFIRMED,
        _E.CONFIRM_REFUSED: _S.LOST,
        _E.ABANDONED: _S.RELEASING,
    },
    _S.CONFIRMED: {_E.ABANDONED: _S.RELEASING},
    # A confirmation that is answered now comes too late: the cancellation follows in the outbox.
    _S.RELEASING: {_E.RELEASE_ANSWERED: _S.RELEASED, _E.PLACED: _S.LOST},
    _S.RELEASED: {_E.PLACED: _S.LOST},
    # A payment may end after the hold. Tactful confirms it if nobody else has used the offer.
    _S.LAPSED: {_E.PLACED: _S.CONFIRMING},
    # The sweep may find the hold at Tactful after all, and confirm it.
    _S.LOST: {_E.ABANDONED: _S.RELEASING, _E.CONFIRM_ANSWERED: _S.CONFIRMED},
}
"""State → event → next state. An event that a state does not list changes nothing."""

OPEN: Final = frozenset({_S.ASKED, _S.HELD})
"""States in which neither an order nor its end is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to pay for an order whose lines use offers."""

    order: str
    """The platform's id of the order, which exists before the payment."""
    number: int
    """1 for the first attempt of an order, at most 1,000."""
    state: AttemptState
    request: Mapping[str, object]
    """The body with which the hold was asked for, to repeat it; empty when the attempt is not open
    any more, because it names the customer."""
    until: int
    """When the hold ends, in milliseconds since the Unix epoch, UTC."""


def next_state(state: AttemptState, event: AttemptEvent) -> AttemptState:
    """Return the state after an event; an event that means nothing in this state changes nothing."""
    return TRANSITIONS[state].get(event, state)


def after(attempt: Attempt, event: AttemptEvent) -> Attempt:
    """Return an attempt after an event, without its request once it is not open any more."""
    state = next_state(attempt.state, event)
    return replace(attempt, state=state, request=attempt.request if state in OPEN else {})
