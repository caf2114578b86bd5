"""Lets handshakes through a few at a time, so that a storm of them does not hold up the others."""

import asyncio
from collections import deque
from collections.abc import Callable

PER_TURN = 32  # of 60 us each: whoever is inside waits 2 ms for those who come


class Turnstile:
    """A queue that moves with the loop: reads and writes of others go on between its turns."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def queue(self, come_in: Callable[[], None]) -> None:
        """Let somebody in at their turn, not before the caller returns."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._turn)
        self._waiting.append(come_in)

    def _turn(self) -> None:
        for _ in range(min(PER_TURN, len(self._waiting))):
            self._waiting[0]()
            self._waiting.popleft()
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._turn)
