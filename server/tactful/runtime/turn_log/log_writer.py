"""How is written down what shoppers did between two decisions?

What a session became by them is written in the same way, so that a restart finds it where it was.
An act that can only be folded promises nothing, so it waits for company: a session's acts become
one entry when there are many, when its next decision is recorded, or after a second or a little
more. A crash may lose so much browsing on which nothing was decided, and nothing else.
"""

import asyncio
from collections import deque
from typing import Final

from tactful.core.session.signals import Signal
from tactful.runtime.ports.ledger_rows import Commit, TurnEntry
from tactful.runtime.ports.turn_store import TurnStore
from tactful.runtime.state.session_registry import LiveSession, RecordedSignal
from tactful.runtime.turn_log.log_encoding import encode, encode_signals

MAX_SIGNALS_PER_ENTRY: Final = 64
"""Acts of one session in one entry; bounds its memory."""
BATCH_DELAY_S: Final = 1.0
"""Seconds for which an act waits for company."""
SWEEP_INTERVAL_S: Final = 0.01
"""Seconds between two looks at who has waited."""
SWEEP_STEPS: Final = 50
"""In so many steps all are written who wait: half a second more, where everybody waits since one instant.

All at once, 1,000 sessions hold up the loop for 15 ms, and whoever is promised something waits for
as long again until the transaction ends in which they are written.
"""
MIN_SESSIONS_PER_STEP: Final = 10
"""Sessions in one step, however few wait."""


class TurnLogWriter:
    """The acts of all sessions of one shop that are not recorded yet."""

    def __init__(self, ledger: TurnStore) -> None:
        self._ledger = ledger
        self._waiting: deque[tuple[float, LiveSession]] = deque()
        """Who has acts that are not recorded, and until when these may wait, in that order."""
        self._rulebook = ""
        """The version under which all that waits was done."""
        self._timer: asyncio.TimerHandle | None = None

    def add(self, live: LiveSession, now: int, signal: Signal, rulebook: str) -> None:
        """A session did something on which nothing was decided."""
        if rulebook != self._rulebook:
            self.flush_all()
            self._rulebook = rulebook
        live.unwritten.append(RecordedSignal(now, signal))
        self.mark_dirty(live, now)
        if len(live.unwritten) == MAX_SIGNALS_PER_ENTRY:
            self.flush_session(live)

    def mark_dirty(self, live: LiveSession, now: int) -> None:
        """A session is not as the ledger has it: a crash must not lose where it was, nor its timers."""
        if live.dirty_at is None:
            self._wait(live)
        live.dirty_at = now

    def _wait(self, live: LiveSession) -> None:
        loop = asyncio.get_running_loop()
        self._waiting.append((loop.time() + BATCH_DELAY_S, live))
        if self._timer is None:
            self._timer = loop.call_later(BATCH_DELAY_S, self._write_due)

    def flush_session(self, live: LiveSession) -> None:
        """Record what a session did so far."""
        if live.unwritten:
            last = live.unwritten[-1].at
            self._ledger.record(
                Commit(session=live.state.id, seen_at=last, entry=self._take_acts(live))
            )

    def _take_acts(self, live: LiveSession) -> TurnEntry | None:
        """What a session did since its last record, in one entry; from here on that is written."""
        acts = live.unwritten
        if not acts:
            return None
        live.unwritten = []
        return TurnEntry(
            session=live.state.id,
            customer=live.state.customer,
            at=acts[0].at,
            rulebook=self._rulebook,
            signal=encode_signals(acts),
        )

    def _settle(self, live: LiveSession) -> None:
        """Record what a session did, and what it became; not what it would be by a promise under way."""
        if live.dirty_at is None:
            self.flush_session(live)
        elif live.busy:
            self.flush_session(live)
            self._wait(live)
        else:
            state = live.state
            self._ledger.record(
                Commit(
                    session=state.id,
                    state=encode(state),
                    resume=live.resume_digest,
                    customer=state.customer,
                    wake_at=state.wake_at,
                    seen_at=live.dirty_at,
                    entry=self._take_acts(live),
                )
            )
            live.dirty_at = None

    def _write_due(self) -> None:
        """Record who has waited long enough, some at a time; who was written meanwhile may come a little early."""
        loop = asyncio.get_running_loop()
        now, waiting = loop.time(), self._waiting
        for _ in range(max(MIN_SESSIONS_PER_STEP, len(waiting) // SWEEP_STEPS)):
            if not waiting or waiting[0][0] > now:
                break
            self._settle(waiting.popleft()[1])
        self._timer = loop.call_later(SWEEP_INTERVAL_S, self._write_due) if waiting else None

    def flush_all(self) -> None:
        """Record what everybody did so far."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for _ in range(len(self._waiting)):
            self._settle(self._waiting.popleft()[1])
