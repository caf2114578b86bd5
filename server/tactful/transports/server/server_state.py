"""State that all connections of one listener share, and each connection's slot in it."""

import asyncio
from collections.abc import Callable

from tactful.transports.admission.limits import Admission
from tactful.transports.server.deadlines import DeadlineSweep, Expirable
from tactful.transports.server.handshake_queue import HandshakeQueue
from tactful.transports.server.http_protocol import HttpProtocol
from tactful.transports.sessions.connection_hub import ConnectionHub


class ListenerState:
    """The parts that every connection of one listener uses."""

    def __init__(
        self,
        hub: ConnectionHub,
        new_http_protocol: Callable[[], HttpProtocol],
        *,
        conformance_echo: bool = False,
    ) -> None:
        self.hub = hub
        self.policy = hub.policy
        self.limits = hub.policy.limits
        self.clock = hub.clock
        self.new_http_protocol = new_http_protocol
        self.conformance_echo = conformance_echo
        self.admission = Admission(self.limits)
        self.handshakes = HandshakeQueue()
        self.deadlines = DeadlineSweep(self.clock, self.limits.sweep_ms)
        self.pending_heads: dict[Expirable, int] = {}
        """Connections without a complete request head, each with the time of its accept (ms)."""
        self.idle = asyncio.Event()
        """Set while no connection is open."""
        self.idle.set()

    def has_pending_head(self, within_ms: int) -> bool:
        """Return whether a connection accepted in the last `within_ms` has sent no request yet."""
        since = self.clock() - within_ms
        return any(accepted > since for accepted in self.pending_heads.values())


class ConnectionSlot:
    """One connection's entries in the counts, under its address and in the deadline sweep."""

    __slots__ = ("_key", "_ring", "_state")

    def __init__(self, state: ListenerState, holder: Expirable) -> None:
        self._state = state
        self._key: str | None = None
        self._ring = state.deadlines.add(holder)
        state.idle.clear()

    def claim_address(self, key: str) -> bool:
        """Charge the connection to a `limit_key`, once; `False` if that address has its maximum."""
        if not self._state.admission.claim_address(key):
            return False
        self._key = key
        return True

    def transfer(self, old: Expirable, new: Expirable) -> None:
        """Replace the object that is checked for deadlines; the connection stays the same."""
        self._state.deadlines.replace(self._ring, old, new)

    def release(self, holder: Expirable) -> None:
        """Remove all entries of a connection that is closed."""
        state = self._state
        state.deadlines.remove(self._ring, holder)
        state.admission.count_out()
        if not state.admission.connections:
            state.idle.set()
        if self._key is not None:
            state.admission.release_address(self._key)
