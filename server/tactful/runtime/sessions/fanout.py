"""Notification of many sessions about one change of facts or rules."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from tactful.core.session.signals import FactsChanged
from tactful.runtime.sessions.early_withdrawals import EarlyWithdrawals
from tactful.runtime.sessions.turn_runner import TurnRunner
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.shop_state import ShopState

CHUNK: Final = 50
"""Sessions notified before the event loop runs other work; they take some milliseconds."""
EARLY_CHUNK: Final = 200
"""The same where only a withdrawal is sent."""


class Fanout:
    """Lets the sessions of one shop pass their gates again."""

    def __init__(self, state: ShopState, turns: TurnRunner) -> None:
        self._state = state
        self._ledger = state.ledger
        self._registry = state.registry
        self._turns = turns

    async def notify(self, sessions: Iterable[LiveSession]) -> None:
        """Submit `FactsChanged` to each session, to those with an offer on the screen first.

        The records of these turns are written only when all sessions are notified. The ledger's writer
        thread takes as much of the processor as the fan-out, so the last session would otherwise wait
        twice as long. For the same reason, withdrawals that are certain are sent ahead of the turns
        where there are more than one chunk of sessions.
        """
        ordered = sorted(sessions, key=lambda live: not live.state.offers)
        with self._ledger.deferred_writes():
            if len(ordered) > CHUNK:
                await self._send_early(ordered)
            for start in range(0, len(ordered), CHUNK):
                for live in ordered[start : start + CHUNK]:
                    self._notify_one(live)
                await asyncio.sleep(0)

    async def _send_early(self, ordered: Sequence[LiveSession]) -> None:
        """Send the withdrawals that are certain; the turns that decide them follow."""
        for start in range(0, len(ordered), EARLY_CHUNK):
            early = EarlyWithdrawals(self._state, self._turns)
            for live in ordered[start : start + EARLY_CHUNK]:
                if self._registry.by_id.get(live.state.id) is live:
                    early.send(live)
            await asyncio.sleep(0)

    def _notify_one(self, live: LiveSession) -> None:
        """Notify a session, unless it has ended or its last waiting signal says the same."""
        if self._registry.by_id.get(live.state.id) is not live:
            return
        if live.mailbox and isinstance(live.mailbox[-1], FactsChanged):
            self._turns.run_waiting(live)
        else:
            self._turns.submit(live, FactsChanged())
