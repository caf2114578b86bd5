"""End of sessions that have no connections left."""

from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.state.turn_phase import TurnPhase


class SessionExpiry:
    """Ends a session after its time to live, or at once where it may not be kept."""

    def __init__(self, state: ShopState, session_ttl: int) -> None:
        """Expire the sessions of `state`.

        Args:
            state: The memory of the shop.
            session_ttl: Milliseconds from the last disconnect to the end of a session.
        """
        self._state = state
        self._ttl = session_ttl

    def check(self, live: LiveSession) -> None:
        """End a session without connections if its time has come; else set a timer for then.

        A session with a standing or parked offer stays: the turn that ends its last offer checks again.
        """
        if live.connections or live.newcomers or live.phase is not TurnPhase.IDLE:
            return
        now = self._state.clock.now()
        if live.ends_at is None:
            live.ends_at = now + (self._ttl if live.persists else 0)
        if live.ends_at > now:
            self._state.timers.set(end_timer_key(live), live.ends_at, lambda: self.check(live))
        elif not live.state.offers and not live.state.parked:
            self._end(live)

    def shift(self, live: LiveSession, step: int) -> None:
        """Keep what is left of a session's time to live after a step of the clock.

        Args:
            live: The session.
            step: Milliseconds by which the clock was set, negative backwards.
        """
        if live.ends_at is not None:
            live.ends_at += step
            self.check(live)

    def is_over(self, seen_at: int) -> bool:
        """Return whether a session last seen at `seen_at` (ms since the Unix epoch) has expired."""
        return seen_at + self._ttl <= self._state.clock.now()

    def _end(self, live: LiveSession) -> None:
        """Drop a session from memory; without personal consent, from the ledger as well."""
        state, session = self._state, live.state.id
        state.registry.remove(live)
        state.timers.cancel(session)
        state.timers.cancel(end_timer_key(live))
        if live.persists and live.state.consent != "personal":
            state.conversions.forget_session(session)
            state.background.start_ledger_work(state.ledger.forget_session(session))


def end_timer_key(live: LiveSession) -> str:
    """Return the key of the timer that ends a session without connections."""
    return f"end:{live.state.id}"
