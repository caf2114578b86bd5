"""Queue of WebSocket handshakes, so that a storm of them does not delay other connections.

Handshakes are served last in, first out. Under overload the oldest clients have already timed out,
so serving them first would be useless. A handshake that waits too long is rejected by its
connection's deadline.
"""

import asyncio
from collections.abc import Callable

# A handshake takes 20 µs, and its `hello` another 20 µs. Other connections wait some 3 ms.
PER_TURN = 32
"""Handshakes served in one iteration of the event loop."""


class HandshakeQueue:
    """A stack of callbacks; reads and writes of other connections run between its batches."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []
        self._scheduled = False

    def submit(self, complete: Callable[[], None]) -> None:
        """Call `complete` in one of the next iterations of the event loop, never within `submit`."""
        self._waiting.append(complete)
        if not self._scheduled:
            self._schedule()

    def _schedule(self) -> None:
        self._scheduled = True
        asyncio.get_running_loop().call_soon(self._run_batch)

    def _run_batch(self) -> None:
        try:
            for _ in range(min(PER_TURN, len(self._waiting))):
                self._waiting.pop()()
        finally:
            self._scheduled = False
            if self._waiting:
                self._schedule()
