"""How do many sessions hear of one change, withdrawals first, while others get their turns?"""

import asyncio
from collections.abc import Iterable
from typing import Final

from tactful.core.session.signals import FactsChanged
from tactful.runtime.sessions.turn_runner import TurnRunner
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.shop_state import ShopState

CHUNK: Final = 50
"""Sessions told before others get a turn: some milliseconds."""


class Fanout:
    """Lets the sessions of one shop pass their gates again."""

    def __init__(self, shared: ShopState, turns: TurnRunner) -> None:
        self._ledger = shared.ledger
        self._registry = shared.registry
        self._turns = turns

    async def notify(self, sessions: Iterable[LiveSession]) -> None:
        """Return when each has been told, those with an offer on the screen first.

        What follows is written down when all have been told: the thread that writes takes as much of
        the processor as the telling, and the last one would wait twice as long.
        """
        told = sorted(sessions, key=lambda live: not live.state.offers)
        with self._ledger.deferred_writes():
            for start in range(0, len(told), CHUNK):
                for live in told[start : start + CHUNK]:
                    self._tell(live)
                await asyncio.sleep(0)

    def _tell(self, live: LiveSession) -> None:
        """A session that ended meanwhile, or is about to look anyway, need not be told."""
        if self._registry.by_id.get(live.state.id) is not live:
            return
        if not live.mailbox or not isinstance(live.mailbox[-1], FactsChanged):
            self._turns.submit(live, FactsChanged())
