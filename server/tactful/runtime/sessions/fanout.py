"""Notification of many sessions about one change of facts or rules."""

import asyncio
from collections.abc import Iterable
from typing import Final

from tactful.core.session.signals import FactsChanged
from tactful.runtime.sessions.turn_runner import TurnRunner
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.shop_state import ShopState

CHUNK: Final = 50
"""Sessions notified before the event loop runs other work; they take some milliseconds."""


class Fanout:
    """Lets the sessions of one shop pass their gates again."""

    def __init__(self, state: ShopState, turns: TurnRunner) -> None:
        self._ledger = state.ledger
        self._registry = state.registry
        self._turns = turns

    async def notify(self, sessions: Iterable[LiveSession]) -> None:
        """Submit `FactsChanged` to each session, to those with an offer on the screen first.

        The records of these turns are written only when all sessions are notified. The ledger's writer
        thread takes as much of the processor as the fan-out, so the last session would otherwise wait
        twice as long.
        """
        ordered = sorted(sessions, key=lambda live: not live.state.offers)
        with self._ledger.deferred_writes():
            for start in range(0, len(ordered), CHUNK):
                for live in ordered[start : start + CHUNK]:
                    self._notify_one(live)
                await asyncio.sleep(0)

    def _notify_one(self, live: LiveSession) -> None:
        """Notify a session, unless it has ended or its last waiting signal says the same."""
        if self._registry.by_id.get(live.state.id) is not live:
            return
        if not live.mailbox or not isinstance(live.mailbox[-1], FactsChanged):
            self._turns.submit(live, FactsChanged())
