"""Queue of unsent messages for a connection whose socket belongs to another server's stack."""

import asyncio
from collections import deque

from tactful.protocol import close_codes
from tactful.protocol.close_codes import CloseCode
from tactful.protocol.codec import truncate_reason
from tactful.transports.sessions.connection_hub import ClientConnection, ConnectionHub

TICK_S = 1.0
"""Seconds between two deadline checks of an idle connection."""


class SendQueue:
    """A `MessageTransport` with a bounded queue and one reader, which takes all messages at once."""

    def __init__(self, hub: ConnectionHub) -> None:
        self._limits = hub.policy.limits
        self._clock = hub.clock
        self._waiting: deque[bytes] = deque()
        self._changed = asyncio.Event()
        self._lagging = False
        self.connection: ClientConnection
        """The connection that this queue carries; set right after its creation."""
        self.buffered = 0
        """Bytes that have not been sent."""
        self.closed: tuple[CloseCode, str] | None = None
        """The close code and reason, once the connection has ended."""

    def send(self, payload: bytes) -> None:
        """Queue a message; a client that leaves too many bytes unread is closed."""
        if self.closed is not None:
            return
        self._waiting.append(payload)
        self.buffered += len(payload)
        self._changed.set()
        if self.buffered > self._limits.buffer_bytes:
            self._waiting.clear()
            self.close(close_codes.SLOW, "Too much is unread.")
        elif self.buffered > self._limits.slow_bytes and not self._lagging:
            self._lagging = True
            self.connection.client_lagging()

    def send_heartbeat(self, heartbeat: bytes) -> None:
        """Queue a heartbeat, unless the client lags and has enough to read already."""
        if not self._lagging:
            self.send(heartbeat)

    def close(self, code: CloseCode, reason: str = "") -> None:
        """End the connection after the queued messages; a second call does nothing."""
        if self.closed is None:
            self.closed = (code, truncate_reason(reason))
            self._changed.set()

    async def next_batch(self) -> list[bytes]:
        """Wait for messages and return all of them; an empty list means that `closed` is set.

        A call also means that the previous batch has been sent. Deadlines are checked meanwhile.
        """
        self._batch_sent()
        while not self._waiting and self.closed is None:
            self._changed.clear()
            try:
                async with asyncio.timeout(TICK_S):
                    await self._changed.wait()
            except TimeoutError:
                self.connection.tick(self._clock())
        batch = list(self._waiting)
        self._waiting.clear()
        return batch

    def _batch_sent(self) -> None:
        """Record that the client is there, and that it may have caught up."""
        self.connection.begin_read(self._clock())
        self.connection.tick(self._clock())
        self.buffered = sum(map(len, self._waiting))
        if self._lagging and self.buffered <= self._limits.slow_bytes:
            self._lagging = False
            self.connection.client_caught_up()
