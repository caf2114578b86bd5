"""The phases of a session's turn, and every transition between them."""

from enum import StrEnum
from typing import Final, Literal


class TurnPhase(StrEnum):
    """What a session waits for between two steps of its mailbox.

    | phase | mailbox | outbox | newcomers |
    |---|---|---|---|
    | `IDLE` | empty, or browsing that waits for the next connection, or a turn whose withdrawal was sent ahead | empty | none |
    | `LOADING` | first the signal that needs the facts, then the signals since | effects of earlier signals | wait |
    | `COMMITTING` | the signals since; the decided one is no longer in it | effects of earlier signals | wait |
    | `MOVED` | ignored | empty | none |

    The runner handles a mailbox in one synchronous step, in which the phase is `IDLE` and nothing
    else runs. At the end of the step it sends the outbox and the snapshots for newcomers, and a
    session without connections may expire.
    """

    IDLE = "idle"
    """Nothing is awaited: the next signal is handled at once, unless it needs facts for nobody."""
    LOADING = "loading"
    """The first signal of the mailbox needs facts that are not in memory."""
    COMMITTING = "committing"
    """A decision with a promise is being recorded; it is in memory and not yet sent."""
    MOVED = "moved"
    """Another process has claimed the session; whatever this one still awaits changes nothing."""


TurnEvent = Literal[
    "facts_missing",
    "facts_loaded",
    "load_failed",
    "client_left",
    "promise_made",
    "committed",
    "not_committed",
]

TURN_TRANSITIONS: Final[dict[tuple[TurnPhase, TurnEvent], TurnPhase]] = {
    (TurnPhase.IDLE, "facts_missing"): TurnPhase.LOADING,
    (TurnPhase.IDLE, "promise_made"): TurnPhase.COMMITTING,
    (TurnPhase.LOADING, "facts_loaded"): TurnPhase.IDLE,
    (TurnPhase.LOADING, "load_failed"): TurnPhase.IDLE,
    (TurnPhase.LOADING, "client_left"): TurnPhase.IDLE,
    (TurnPhase.COMMITTING, "committed"): TurnPhase.IDLE,
    (TurnPhase.COMMITTING, "not_committed"): TurnPhase.IDLE,
}
"""Every transition of a turn that waits; any other pair is a programming error.

| event | what happens |
|---|---|
| `facts_missing` | The read starts. The signal stays first in the mailbox. |
| `facts_loaded` | The runner handles the mailbox again, from the same signal. |
| `load_failed` | The signal is dropped. The runner goes on with the next one. |
| `client_left` | The read is given up. The mailbox waits for the next connection of the session. |
| `promise_made` | Memory takes over the decision. The write starts. |
| `committed` | The effects join the outbox. The gates are checked once more where an input changed meanwhile. |
| `not_committed` | Memory goes back to the state before. The signal becomes the first of the mailbox again. |

`MOVED` is entered from any phase and never left.
A signal that arrives in `LOADING` or `COMMITTING` waits in the mailbox.
"""


def next_phase(phase: TurnPhase, event: TurnEvent) -> TurnPhase:
    """Return the phase that follows an event.

    Raises:
        KeyError: The event cannot happen in this phase.
    """
    return TURN_TRANSITIONS[phase, event]
