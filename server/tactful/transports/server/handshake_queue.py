"""Lets handshakes through a few at a time, so that a storm of them does not hold up the others.

The newest first: where more come than can be served, the oldest have given up by the time that it is
their turn, and whoever served them in order would serve nobody. Who waits too long is refused.
"""

import asyncio
from collections.abc import Callable

PER_TURN = 32  # of 20 us each, and as much again when they say hello: others wait some 3 ms


class HandshakeQueue:
    """A stack that moves with the loop: reads and writes of others go on between its turns."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []
        self._moving = False

    def submit(self, come_in: Callable[[], None]) -> None:
        """Let somebody in at their turn, not before the caller returns."""
        self._waiting.append(come_in)
        if not self._moving:
            self._move()

    def _move(self) -> None:
        self._moving = True
        asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        try:
            for _ in range(min(PER_TURN, len(self._waiting))):
                self._waiting.pop()()
        finally:
            self._moving = False
            if self._waiting:
                self._move()
