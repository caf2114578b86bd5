"""Batching writer of the signals without a decision, and of the sessions they changed.

Signals that lead to no decision are gathered per session. They are written as one entry after about
one second, after 64 signals, or together with the session's next decision. A crash can lose them. It
never loses a decision, an offer or a redemption, because those are committed before delivery.

The state of a session is written in the same way, so that a restart finds it at most about 1.5
seconds behind.
"""

import asyncio
from collections import deque
from typing import Final

from tactful.core.session.signals import Signal
from tactful.runtime.ports.ledger_rows import Commit, TurnEntry
from tactful.runtime.ports.turn_store import TurnStore
from tactful.runtime.state.browsing_budget import BrowsingBudget
from tactful.runtime.state.client_numbers import encode_taken
from tactful.runtime.state.session_registry import LiveSession, RecordedSignal
from tactful.runtime.state.turn_phase import TurnPhase
from tactful.runtime.turn_log.log_encoding import customers_in, encode, encode_signals

MAX_SIGNALS_PER_ENTRY: Final = 64
"""Signals of one session in one entry. It bounds the memory of a session that is not written."""
BATCH_DELAY_S: Final = 1.0
"""Seconds for which a signal may wait to be written."""
SWEEP_INTERVAL_S: Final = 0.01
"""Seconds between two steps of a sweep over the sessions that are due."""
SWEEP_STEPS: Final = 50
"""Steps in which a sweep writes all waiting sessions; a session may wait half a second longer.

If 1,000 sessions change in one instant, writing them at once blocks the event loop for 15 ms. A
commit behind them waits another 15 ms, until their transaction ends.
"""
MIN_SESSIONS_PER_STEP: Final = 10
"""The least number of sessions written in one step."""


class TurnLogWriter:
    """Gathers the unwritten signals and states of all sessions of one shop."""

    def __init__(self, ledger: TurnStore, budget: BrowsingBudget) -> None:
        """Write to a ledger.

        Args:
            ledger: Where the signals and states are stored.
            budget: Is charged with every byte of them.
        """
        self._ledger = ledger
        self._budget = budget
        self._waiting: deque[tuple[float, LiveSession]] = deque()
        """(loop time in seconds until which the session may wait, session), ordered by time."""
        self._rulebook = ""
        """The rulebook version of all gathered signals. An entry has one version."""
        self._timer: asyncio.TimerHandle | None = None

    def add(self, live: LiveSession, now: int, signal: Signal, rulebook: str) -> None:
        """Gather a signal on which nothing was decided.

        Args:
            live: The session, as the signal left it.
            now: When the signal came, milliseconds since the Unix epoch, UTC.
            signal: What happened.
            rulebook: The version of the rulebook that was active.
        """
        if rulebook != self._rulebook:
            self.flush_all()
            self._rulebook = rulebook
        live.unwritten.append(RecordedSignal(now, signal))
        self.mark_dirty(live, now)
        if len(live.unwritten) == MAX_SIGNALS_PER_ENTRY:
            self.flush_session(live)

    def mark_dirty(self, live: LiveSession, now: int) -> None:
        """Have a session's state written soon, because it differs from the stored one.

        A restart needs the state for the session's place in the shop and for its timers.

        Args:
            live: The session.
            now: When it changed, milliseconds since the Unix epoch, UTC.
        """
        if live.dirty_at is None:
            self._wait(live)
        live.dirty_at = now

    def _wait(self, live: LiveSession) -> None:
        loop = asyncio.get_running_loop()
        self._waiting.append((loop.time() + BATCH_DELAY_S, live))
        if self._timer is None:
            self._timer = loop.call_later(BATCH_DELAY_S, self._write_due)

    def flush_session(self, live: LiveSession) -> None:
        """Queue the gathered signals of one session now, so that a decision comes after them."""
        if live.unwritten:
            last = live.unwritten[-1].at
            self._record(
                live,
                Commit(
                    session=live.state.id,
                    seen_at=last,
                    entry=self._drain_signals(live),
                    epoch=live.epoch,
                ),
            )

    def _record(self, live: LiveSession, commit: Commit) -> None:
        self._ledger.record(commit)
        self._budget.charge(live, commit.browsing_bytes)

    def restart_session(self, live: LiveSession, now: int) -> None:
        """Write the state of a session now, and begin its log anew, without what waits to be written.

        Args:
            live: The session, which waits for nothing.
            now: Milliseconds since the Unix epoch, UTC.
        """
        live.unwritten = []
        live.recorded = False
        if live.persists:
            live.dirty_at = now
            self._write(live)

    def _drain_signals(self, live: LiveSession) -> TurnEntry | None:
        """Return the gathered signals of a session as one entry, and count them as written."""
        signals = live.unwritten
        if not signals:
            return None
        live.unwritten = []
        return TurnEntry(
            session=live.state.id,
            customer=live.state.customer,
            at=signals[0].at,
            rulebook=self._rulebook,
            signal=encode_signals(signals),
        )

    def _write(self, live: LiveSession) -> None:
        """Queue the gathered signals and the state of one session."""
        if live.dirty_at is None:
            self.flush_session(live)
        elif live.phase is not TurnPhase.IDLE:
            # A commit under way may still be refused, which voids its state. Write the state later.
            self.flush_session(live)
            self._wait(live)
        else:
            state = live.state
            self._record(
                live,
                Commit(
                    session=state.id,
                    state=encode(state),
                    resume=live.resume_digest,
                    customer=state.customer,
                    names=customers_in(state),
                    wake_at=state.wake_at,
                    seen_at=live.dirty_at,
                    entry=self._drain_signals(live),
                    taken=encode_taken(live.taken_by_all()),
                    epoch=live.epoch,
                ),
            )
            live.dirty_at = None

    def _write_due(self) -> None:
        """Write the sessions that are due, some at a time.

        A session that was written meanwhile and changed again may be written a little early.
        """
        loop = asyncio.get_running_loop()
        now, waiting = loop.time(), self._waiting
        for _ in range(max(MIN_SESSIONS_PER_STEP, len(waiting) // SWEEP_STEPS)):
            if not waiting or waiting[0][0] > now:
                break
            self._write(waiting.popleft()[1])
        self._timer = loop.call_later(SWEEP_INTERVAL_S, self._write_due) if waiting else None

    def flush_all(self) -> None:
        """Queue the gathered signals and states of all sessions now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for _ in range(len(self._waiting)):
            self._write(self._waiting.popleft()[1])
