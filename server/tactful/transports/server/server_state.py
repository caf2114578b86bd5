"""What all doors of one listener share, and the seat that each connection holds in it."""

import asyncio
from collections.abc import Callable

from tactful.transports.admission.kernel_filter import KernelFilter
from tactful.transports.admission.limits import Admission
from tactful.transports.admission.rejections import RATE_LIMITED
from tactful.transports.server.deadlines import DeadlineSweep, Expirable
from tactful.transports.server.handshake_queue import HandshakeQueue
from tactful.transports.server.http_protocol import HttpProtocol
from tactful.transports.sessions.connection_hub import ConnectionHub


class ListenerState:
    """The rooms behind the doors."""

    def __init__(
        self,
        reception: ConnectionHub,
        http: Callable[[], HttpProtocol],
        *,
        conformance_echo: bool = False,
    ) -> None:
        self.hub = reception
        self.policy = reception.policy
        self.limits = reception.policy.limits
        self.clock = reception.clock
        self.new_http_protocol = http
        self.conformance_echo = conformance_echo
        self.admission = Admission(self.limits)
        self.handshakes = HandshakeQueue()
        self.deadlines = DeadlineSweep(self.clock, self.limits.sweep_ms)
        self.pending_heads: dict[
            Expirable, int
        ] = {}  # who has not said yet what they want, and since when
        self.barrier: KernelFilter | None = None  # until there is a socket to put it on
        self.idle = asyncio.Event()
        self.idle.set()

    def reject_silently(self, address: str) -> None:
        """Somebody comes too often; if they do not heed it, hear them no more for a while."""
        self.hub.rejections[RATE_LIMITED.code] += 1
        now = self.clock()
        if self.barrier is not None and self.hub.address_limiter.record_flood(address, now):
            self.barrier.bar(address, now)

    def has_pending_head(self, lately_ms: int) -> bool:
        """Whether somebody who came within this time has not said yet what they want."""
        since = self.clock() - lately_ms
        return any(came > since for came in self.pending_heads.values())


class ConnectionSlot:
    """One connection's place: in the count, under its address and in the sweep."""

    __slots__ = ("_address", "_house", "_ring")

    def __init__(self, house: ListenerState, holder: Expirable) -> None:
        self._house = house
        self._address: str | None = None
        self._ring = house.deadlines.add(holder)
        house.idle.clear()

    def claim_address(self, address: str) -> bool:
        """Charge the connection to an address, once."""
        if not self._house.admission.claim_address(address):
            return False
        self._address = address
        return True

    def transfer(self, old: Expirable, new: Expirable) -> None:
        """The same connection has a new holder."""
        self._house.deadlines.replace(self._ring, old, new)

    def release(self, holder: Expirable) -> None:
        """The connection is gone."""
        house = self._house
        house.deadlines.remove(self._ring, holder)
        house.admission.count_out()
        if not house.admission.connections:
            house.idle.set()
        if self._address is not None:
            house.admission.release_address(self._address)
