"""Sessions that another process of the shop has taken over."""

from collections.abc import Coroutine
from typing import Any

import structlog

from tactful.runtime.changes.change_feed import ChangeHandler
from tactful.runtime.ports.ledger_rows import Change
from tactful.runtime.sessions.expiry import end_timer_key
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.state.turn_phase import TurnPhase

log = structlog.get_logger("tactful.session")


class SessionHandover(ChangeHandler):
    """Lets go of each session that another process has claimed, and closes its connections.

    The ledger refuses every later write of this process about such a session, so nothing that it
    still decides can be promised. The clients resume where their next connection leads.
    """

    def __init__(self, state: ShopState) -> None:
        """Let go of the sessions of `state`."""
        self._registry = state.registry
        self._commitments = state.stock_commitments
        self._codes = state.codes
        self._promises = state.promises
        self._timers = state.timers
        self._telemetry = state.telemetry

    def apply(self, change: Change) -> None:
        """Let go of a session whose epoch is older than the claim's."""
        epoch = int(change.body)
        for kind, session in change.subjects:
            live = self._registry.by_id.get(session) if kind == "session" else None
            if live is not None and live.epoch < epoch:
                self.let_go(live)

    def propagate(self) -> Coroutine[Any, Any, None] | None:
        """Return None: no other session is concerned."""
        return None

    async def start_over(self) -> None:
        """Do nothing: the next write of a session that has moved is refused."""

    def let_go(self, live: LiveSession) -> None:
        """Drop a session from memory without writing it, and close its connections."""
        if live.phase is TurnPhase.MOVED:
            return
        live.phase = TurnPhase.MOVED
        session = live.state.id
        self._registry.remove(live)
        for offer in (*live.state.offers, *live.state.parked):
            # Nothing reports to this process when they end.
            self._commitments.drop(offer)
            self._codes.drop(offer)
            self._promises.drop(offer)
        self._timers.cancel(session)
        self._timers.cancel(end_timer_key(live))
        live.mailbox.clear()
        live.outbox.clear()
        live.unwritten, live.dirty_at = [], None
        connections = [*live.connections.values(), *live.newcomers]
        live.connections.clear()
        live.newcomers.clear()
        self._telemetry.record_moved_session()
        log.info("session.moved", session=session)
        for connection in dict.fromkeys(connections):
            connection.subscriber.close_moved()
