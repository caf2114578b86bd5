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
        self.reception = reception
        self.policy = reception.policy
        self.limits = reception.policy.limits
        self.clock = reception.clock
        self.http = http
        self.conformance_echo = conformance_echo
        self.admission = Admission(self.limits)
        self.turnstile = HandshakeQueue()
        self.sweep = DeadlineSweep(self.clock, self.limits.sweep_ms)
        self.knocking: dict[
            Expirable, int
        ] = {}  # who has not said yet what they want, and since when
        self.barrier: KernelFilter | None = None  # until there is a socket to put it on
        self.empty = asyncio.Event()
        self.empty.set()

    def reject_silently(self, address: str) -> None:
        """Somebody comes too often; if they do not heed it, hear them no more for a while."""
        self.reception.refusals[RATE_LIMITED.code] += 1
        now = self.clock()
        if self.barrier is not None and self.reception.callers.record_flood(address, now):
            self.barrier.bar(address, now)

    def has_unidentified(self, lately_ms: int) -> bool:
        """Whether somebody who came within this time has not said yet what they want."""
        since = self.clock() - lately_ms
        return any(came > since for came in self.knocking.values())


class ConnectionSlot:
    """One connection's place: in the count, under its address and in the sweep."""

    __slots__ = ("_address", "_house", "_ring")

    def __init__(self, house: ListenerState, holder: Expirable) -> None:
        self._house = house
        self._address: str | None = None
        self._ring = house.sweep.add(holder)
        house.empty.clear()

    def claim(self, address: str) -> bool:
        """Charge the connection to an address, once."""
        if not self._house.admission.claim(address):
            return False
        self._address = address
        return True

    def pass_on(self, old: Expirable, new: Expirable) -> None:
        """The same connection has a new holder."""
        self._house.sweep.replace(self._ring, old, new)

    def release(self, holder: Expirable) -> None:
        """The connection is gone."""
        house = self._house
        house.sweep.remove(self._ring, holder)
        house.admission.exit()
        if not house.admission.inside:
            house.empty.set()
        if self._address is not None:
            house.admission.release(self._address)
