"""The mailboxes of all sessions of one shop, and what each session waits for.

A turn is synchronous on memory. It waits for two things only: for facts that are not in memory, and
for the ledger when the decision promises something. Meanwhile signals collect in the session's
mailbox, and other sessions go on. `state.turn_phase` lists the phases and their transitions.

Effects are delivered after the commit. Where an input changed during the commit, the gates are
checked once more before delivery.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from functools import partial
from traceback import extract_tb
from typing import Final

import structlog

from tactful.core.decision import WithdrawOffer
from tactful.core.session.signals import (
    ActivityReported,
    CartChanged,
    ConnectionClosed,
    FactsChanged,
    ItemViewed,
    PageViewed,
    Signal,
    TimerFired,
)
from tactful.core.verdicts.reasons import Reason
from tactful.runtime.background import BackgroundTasks
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.sessions.context_builder import ContextBuilder
from tactful.runtime.sessions.delivery import Delivery
from tactful.runtime.sessions.expiry import SessionExpiry
from tactful.runtime.sessions.turn_processor import StepObserver, TurnProcessor
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.state.turn_phase import TurnEvent, TurnPhase, next_phase
from tactful.runtime.turn_log.log_writer import TurnLogWriter

log = structlog.get_logger("tactful.turn")

MAILBOX: Final = 256
"""Signals that may wait in one session; beyond these, the oldest is dropped for a new one."""
IDLE: Final = TurnPhase.IDLE
_BROWSING: Final = (
    ActivityReported,
    CartChanged,
    ConnectionClosed,
    FactsChanged,
    ItemViewed,
    PageViewed,
    TimerFired,
)
"""Signals that can wait until the shopper comes back: nothing but the next offer depends on them."""


class TurnRunner:
    """Runs the turns of all sessions of one shop; the turns of one session never overlap."""

    def __init__(
        self,
        state: ShopState,
        contexts: ContextBuilder,
        delivery: Delivery,
        expiry: SessionExpiry,
        observers: Sequence[StepObserver],
    ) -> None:
        """Run turns on the memory in `state`.

        Args:
            state: The memory of the shop.
            contexts: Builds what each decision reads.
            delivery: Sends effects and snapshots when a mailbox is empty.
            expiry: Decides, at the same time, whether a session without connections ends.
            observers: Are notified of every recorded offer step.
        """
        self.contexts = contexts
        self.turn_log = TurnLogWriter(state.ledger, state.browsing)
        processor = TurnProcessor(state, contexts, self.turn_log, observers)
        # Local references save time: every signal reads them, and a fold takes only 1.2 µs.
        self._fold = processor.fold
        self._decide = processor.decide
        self._missing = contexts.missing
        self._timers = state.timers
        self._telemetry = state.telemetry
        self._responses = state.telemetry.responses
        self._fact_cache = state.fact_cache
        self._delivery = delivery
        self._expiry = expiry
        self._waits = BackgroundTasks()
        self._loads: dict[str, asyncio.Task[TurnEvent]] = {}
        """Session → its read of facts, while its client has not left."""
        self._crash_sites: set[str] = set()

    def submit(self, live: LiveSession, signal: Signal) -> None:
        """Put a signal into a session's mailbox, and handle it now unless the session waits."""
        is_next = live.phase is IDLE and not live.mailbox
        if is_next and self._fold(live, signal):
            if live.state.wake_at != live.timer_at:
                self.set_timer(live)
            return
        if len(live.mailbox) < MAILBOX:
            live.mailbox.append(signal)
            self._note_receipt(live, signal)
        elif live.mailbox[-1] != signal:
            live.mailbox.pop(0)
            live.mailbox.append(signal)
            self._note_receipt(live, signal)
            self._telemetry.record_dropped_signal()
        if live.phase is IDLE:
            self._run_mailbox(live, needs_decision=is_next)

    def _note_receipt(self, live: LiveSession, signal: Signal) -> None:
        # A session that always has something to do keeps no more of them than its mailbox holds.
        receipt = signal, self._telemetry.clock(), False
        live.received = (*live.received[1 - MAILBOX :], receipt) if live.received else (receipt,)

    def send_early(self, live: LiveSession, withdrawal: WithdrawOffer, reason: Reason) -> None:
        """Send a withdrawal now, and leave its turn for `run_waiting` or the session's next signal.

        Args:
            live: A session that waits for nothing.
            withdrawal: The effect that the turn will have.
            reason: Why the offer ends.
        """
        live.mailbox.append(FactsChanged(withdrawal.offer, reason))
        self._delivery.send_early(live, withdrawal)

    def run_waiting(self, live: LiveSession) -> None:
        """Run the turn that `send_early` left, unless the session waits for something."""
        if live.phase is IDLE:
            self._run_mailbox(live)

    def _run_mailbox(self, live: LiveSession, *, needs_decision: bool = False) -> None:
        """Handle the mailbox until it is empty or the session must wait.

        Args:
            live: The session.
            needs_decision: Whether the first signal was just found to need a decision, so that it is
                not folded in vain again.
        """
        while live.mailbox:
            signal = live.mailbox[0]
            skus, customers = self._missing(live.state, signal)
            if skus or customers:
                if _may_pause(live):
                    break
                # A task of its own: `_run_after` also learns that a read was given up before it began.
                load = asyncio.ensure_future(self._load(skus, customers, live.address))
                self._loads[live.state.id] = load
                self._wait(live, "facts_missing", load)
                return
            live.mailbox.pop(0)
            before = len(live.outbox)
            try:
                commit = None
                if needs_decision or not self._fold(live, signal):
                    needs_decision = False
                    commit = self._decide(live, signal)
            except Exception as error:  # noqa: BLE001 - one signal is lost, not the session
                self._report_crash(error, signal)
                continue
            if commit is not None:
                self._wait(live, "promise_made", self._answered_by(live, signal, commit))
                return
            if len(live.outbox) > before:
                _note_answer(live, signal)
        self._finish(live)

    async def _answered_by(
        self, live: LiveSession, signal: Signal, commit: Awaitable[TurnEvent]
    ) -> TurnEvent:
        """Wait for the commit of a signal's promise, and note that the next frames answer the signal."""
        event = await commit
        if event == "committed":
            _note_answer(live, signal)
        return event

    def _finish(self, live: LiveSession) -> None:
        """Set the timer, and send the outbox and snapshots, once the mailbox is empty."""
        if live.state.wake_at != live.timer_at:
            self.set_timer(live)
        if live.outbox:
            self._delivery.send_outbox(live)
            now = self._telemetry.clock()
            for signal, received, is_answered in live.received:
                if is_answered:
                    self._responses.record_signal(type(signal), now - received)
        live.received = ()
        if live.newcomers:
            self._delivery.send_snapshots(live)
        elif not live.connections:
            self._expiry.check(live)

    # waiting

    def _wait(self, live: LiveSession, event: TurnEvent, work: Awaitable[TurnEvent]) -> None:
        """Let a session wait for `work`, which returns how it ended."""
        if live.state.wake_at != live.timer_at:
            self.set_timer(live)
        live.phase = next_phase(live.phase, event)
        self._waits.start(self._run_after(live, work))

    def release(self, live: LiveSession) -> None:
        """Give up the reads of a session that its last client has left, unless something depends on them.

        Its browsing waits in the mailbox for the next connection, and goes with the session.
        """
        if live.phase is TurnPhase.LOADING and _may_pause(live):
            load = self._loads.pop(live.state.id, None)
            if load is not None:
                load.cancel()

    async def _run_after(self, live: LiveSession, work: Awaitable[TurnEvent]) -> None:
        try:
            event = await work
        except asyncio.CancelledError:
            if live.state.id in self._loads:
                raise
            event = "client_left"
        except Exception as error:  # noqa: BLE001 - a session must not wait for ever
            event = self._give_up(live, error)
        self._loads.pop(live.state.id, None)
        if live.phase is TurnPhase.MOVED:
            return
        live.phase = next_phase(live.phase, event)
        self._run_mailbox(live)

    async def _load(self, skus: Sequence[str], customers: Sequence[str], address: str) -> TurnEvent:
        await self._fact_cache.load(skus, customers, address)
        return "facts_loaded"

    def _give_up(self, live: LiveSession, error: Exception) -> TurnEvent:
        """Report why a wait failed. The signal that waited is lost; the session goes on."""
        loading = live.phase is TurnPhase.LOADING
        signal = live.mailbox.pop(0) if loading else None
        if isinstance(error, LedgerError):
            log.error("turn.failed", session=live.state.id, error=str(error))
            self._telemetry.record_ledger_failure()
        else:
            self._report_crash(error, signal)
        return "load_failed" if loading else "not_committed"

    def _report_crash(self, error: Exception, signal: Signal | None) -> None:
        """Log once where the code failed; the message may quote a shopper, so it is left out."""
        self._telemetry.record_crash()
        where = [f"{f.filename}:{f.lineno} {f.name}" for f in extract_tb(error.__traceback__)]
        if where[-1] not in self._crash_sites:
            self._crash_sites.add(where[-1])
            kind = type(signal).__name__
            log.error("turn.crashed", signal=kind, error=type(error).__name__, where=where)

    async def wait_for_running(self) -> None:
        """Return when the sessions that wait now have gone on; a busy shop always has others."""
        await self._waits.wait_for_running()

    async def wait_until_idle(self) -> None:
        """Return when no session waits and every folded signal is queued for the ledger."""
        await self._waits.wait_until_idle()
        self.turn_log.flush_all()

    # timers

    def set_timer(self, live: LiveSession) -> None:
        """Set the session's timer to the instant at which its rules must be checked next."""
        live.timer_at = live.state.wake_at
        self._timers.set(live.state.id, live.timer_at, partial(self.fire_timer, live))

    def fire_timer(self, live: LiveSession) -> None:
        """Check a session's rules because its time has come."""
        self.submit(live, TimerFired())


def _note_answer(live: LiveSession, signal: Signal) -> None:
    """Note that the next frames of a session answer a signal."""
    live.received = tuple(
        (one, at, is_answered or one is signal) for one, at, is_answered in live.received
    )


def _may_pause(live: LiveSession) -> bool:
    """Return whether nobody is connected to a session, and nothing depends on its next turns."""
    return not (
        live.connections or live.newcomers or live.state.offers or live.state.parked
    ) and all(isinstance(signal, _BROWSING) for signal in live.mailbox)
