"""How much one peer, one address and all peers together may take."""

import resource
from collections import Counter
from enum import Enum

import msgspec

from tactful.protocol.conversation import ProtocolTiming


class AdmissionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Every limit of the front door, each with its reason."""

    head_bytes: int = 16_384  # browsers send 1-2 KiB; cookies of a shop's other software add up
    head_ms: int = 5_000  # a request head fits into one packet; a slow one is an attack or a corpse
    queue_ms: int = (
        30_000  # in a storm: who still holds the line after so long is told to come again
    )
    body_grace_ms: int = 10_000  # a body may start slowly ...
    body_bytes_per_s: int = 1_024  # ... but must then come faster than anybody drips
    message_bytes: int = 65_536  # a cart of 200 lines is 12 KiB
    fragments: int = 64  # browsers send one; proxies may cut
    slow_bytes: int = 16_384  # about 40 offers: more unsent means that the peer lags
    buffer_bytes: int = 65_536  # 1,000 peers that never read then cost 64 MiB at most
    stalled_ms: int = 30_000  # a peer that took nothing for so long hides its offers anyway
    linger_ms: int = 2_000  # time for a close frame or a refusal to arrive before the socket dies
    sweep_ms: int = 1_000  # every deadline above is kept to within one sweep
    connections: int = 20_000  # further bounded by the descriptors the process may have
    memory_bytes: int | None = None  # at 90 % of it nobody new comes in; None: no such limit
    headroom: int = 32  # kept for health checks and metrics when all else is taken
    per_address: int = 256  # an office or a carrier's NAT; an IPv6 /64 counts as one address
    request_burst: int = (
        256  # connections and requests of an address: as many at once as it has places ...
    )
    requests_per_s: int = (
        64  # ... and so many later; a shopper makes three on the first page, then one
    )
    unlimited: frozenset[str] = frozenset()  # keys of addresses that have no such share
    send_buffer: int = 32_768  # the kernel's share per peer; the default pinned 4 MB each
    backlog: int = 4_096  # 100, the default, failed in a storm of 10,000
    timing: ProtocolTiming = ProtocolTiming()

    def capacity(self) -> int:
        """How many connections there may be: 90 % of the descriptors leave room for files."""
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return min(self.connections, max(1, soft * 9 // 10 - self.headroom))


class AdmissionResult(Enum):
    """What happens to a new connection."""

    ADMITTED = 0
    HEALTH_ONLY = 1
    FULL = 503


class Admission:
    """Who is inside, by address and in total."""

    def __init__(self, limits: AdmissionLimits) -> None:
        self._limits = limits
        self._room = limits.capacity()
        self._by_address: Counter[str] = Counter()
        self.connections = 0

    @property
    def address_count(self) -> int:
        """How many addresses are remembered."""
        return len(self._by_address)

    def count_in(self) -> AdmissionResult:
        """Count one connection in, and say what it may do."""
        self.connections += 1
        if self.connections <= self._room:
            return AdmissionResult.ADMITTED
        if self.connections <= self._room + self._limits.headroom:
            return AdmissionResult.HEALTH_ONLY
        return AdmissionResult.FULL

    def claim_address(self, address: str) -> bool:
        """Charge a connection to its address; no if the address has its share already."""
        if address in self._limits.unlimited:
            return True
        if self._by_address[address] >= self._limits.per_address:
            return False
        self._by_address[address] += 1
        return True

    def release_address(self, address: str) -> None:
        """Give back what `claim` took; an address with nothing left is forgotten."""
        if address in self._limits.unlimited:
            return
        self._by_address[address] -= 1
        if self._by_address[address] <= 0:
            del self._by_address[address]

    def count_out(self) -> None:
        """Count one connection out."""
        self.connections -= 1


def raise_descriptor_limit() -> int:
    """Allow the process as many descriptors as it may allow itself, and say how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
