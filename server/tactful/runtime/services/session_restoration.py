"""Sessions that come back into memory after a start, or after the end of another node."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final

from tactful.core.session.signals import TimerFired
from tactful.runtime.disk_room import wait_for_room
from tactful.runtime.services.promise_timers import PromiseTimers
from tactful.runtime.sessions.handover import SessionHandover
from tactful.runtime.sessions.lifecycle import SessionLifecycle
from tactful.runtime.sessions.turn_runner import TurnRunner
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.shop_state import ShopState

RECHECK_CHUNK: Final = 20
"""Restored sessions checked before a pause; each check takes some 100 µs."""
RECHECK_PAUSE_S: Final = 0.01
"""Seconds between two chunks.

The check takes a fifth of a core, for 5 s after a restart with 10,000 offers.
"""


class SessionRestoration:
    """Brings back the sessions that have offers, and gives all sessions away."""

    def __init__(
        self,
        state: ShopState,
        lifecycle: SessionLifecycle,
        turns: TurnRunner,
        handover: SessionHandover,
        promises: PromiseTimers,
    ) -> None:
        """Restore into the memory in `state`.

        Args:
            state: The memory of the shop.
            lifecycle: Makes a session of what is stored.
            turns: Takes the turns of restored sessions.
            handover: Lets go of sessions.
            promises: Expires promises without a session.
        """
        self._state = state
        self._lifecycle = lifecycle
        self._turns = turns
        self._handover = handover
        self._promises = promises
        self._is_stopped = False

    async def restore(self, *, counts: bool) -> list[LiveSession]:
        """Claim and restore the sessions that have offers, unless another node has them.

        Args:
            counts: Whether their offers are not counted yet.

        Returns:
            The sessions whose timer is not due yet. The others take a turn.

        Raises:
            LedgerError: The ledger cannot be read or written.
        """
        now = self._state.clock.now()
        later = []
        for saved in await wait_for_room(partial(self._state.ledger.claim_sessions_to_wake, now)):
            live = self._lifecycle.restore(saved)
            if counts:
                self._lifecycle.count_offers(live)
            if saved.wake_at is not None and saved.wake_at <= now:
                self._turns.submit(live, TimerFired())
            else:
                later.append(live)
        return later

    async def recheck(self, restored: Sequence[LiveSession]) -> None:
        """Check restored sessions under today's rules, in small chunks.

        All clients reconnect just after a restart, so the check must leave processor time for them.
        A session that has had a connection is skipped, because it has run a turn already.
        """
        for start in range(0, len(restored), RECHECK_CHUNK):
            if self._is_stopped:
                return
            for live in restored[start : start + RECHECK_CHUNK]:
                if not live.last_tab and live.state.id in self._state.registry.by_id:
                    self._turns.submit(live, TimerFired())
            await asyncio.sleep(RECHECK_PAUSE_S)

    async def adopt(self) -> int:
        """Become the owner of the sessions that no running node has.

        Returns:
            The number of those whose timer is not due yet.

        Raises:
            LedgerError: The ledger cannot be read or written.
        """
        restored = await self.restore(counts=True)
        for offer in await self._state.ledger.standing_offers():
            self._promises.watch(offer)
        self._state.background.start_ledger_work(self.recheck(restored))
        return len(restored)

    def leave_all(self) -> None:
        """Let go of every session, so that its shopper resumes it at another node."""
        for live in self._state.registry:
            self._handover.let_go(live)

    def stop(self) -> None:
        """Check no further sessions."""
        self._is_stopped = True
