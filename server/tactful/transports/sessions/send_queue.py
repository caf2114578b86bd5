"""What waits to be sent on a connection whose socket belongs to another server's stack."""

import asyncio
from collections import deque

from tactful.protocol import close_codes
from tactful.protocol.close_codes import CloseCode
from tactful.protocol.codec import truncate_reason as shorten
from tactful.transports.sessions.connection_hub import ClientConnection, ConnectionHub

TICK_S = 1.0


class SendQueue:
    """A bounded queue with one reader, who takes all that waits at once."""

    def __init__(self, reception: ConnectionHub) -> None:
        self._limits = reception.policy.limits
        self._clock = reception.clock
        self._waiting: deque[bytes] = deque()
        self._stirred = asyncio.Event()
        self._lagging = False
        self.connection: ClientConnection
        self.buffered = 0
        self.closed: tuple[CloseCode, str] | None = None

    def send(self, payload: bytes) -> None:
        """Queue a message; a client that leaves too many unread is closed."""
        if self.closed is not None:
            return
        self._waiting.append(payload)
        self.buffered += len(payload)
        self._stirred.set()
        if self.buffered > self._limits.buffer_bytes:
            self._waiting.clear()
            self.close(close_codes.SLOW, "Too much is unread.")
        elif self.buffered > self._limits.slow_bytes and not self._lagging:
            self._lagging = True
            self.connection.client_lagging()

    def send_heartbeat(self, heartbeat: bytes) -> None:
        """Queue a sign of life, unless there is enough to read already."""
        if not self._lagging:
            self.send(heartbeat)

    def close(self, code: CloseCode, reason: str = "") -> None:
        """End the connection after what is queued."""
        if self.closed is None:
            self.closed = (code, shorten(reason))
            self._stirred.set()

    async def next_batch(self) -> list[bytes]:
        """Wait for messages, and let the clock come by meanwhile; none means closed."""
        self._delivered()
        while not self._waiting and self.closed is None:
            self._stirred.clear()
            try:
                async with asyncio.timeout(TICK_S):
                    await self._stirred.wait()
            except TimeoutError:
                self.connection.tick(self._clock())
        batch = list(self._waiting)
        self._waiting.clear()
        return batch

    def _delivered(self) -> None:
        """What was taken before has gone out: the client lives, and may have caught up."""
        self.connection.begin_read(self._clock())
        self.connection.tick(self._clock())
        self.buffered = sum(map(len, self._waiting))
        if self._lagging and self.buffered <= self._limits.slow_bytes:
            self._lagging = False
            self.connection.client_caught_up()
