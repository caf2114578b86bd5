"""Limits of one connection, one address and the whole server."""

import resource
from collections import Counter
from enum import Enum

import msgspec

from tactful.protocol.conversation import ProtocolTiming


class AdmissionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Every limit of the listener, each with its reason. `_ms` fields are milliseconds."""

    head_bytes: int = 16_384
    """Maximum size of a request head. Browsers send 1 to 2 KiB, and a shop's other cookies add to it."""
    head_ms: int = 5_000
    """Time for a complete request head. A head fits into one packet, so a slow one is an attack or a dead client."""
    queue_ms: int = 30_000
    """Longest wait of a queued handshake. After that the client is asked to come back later."""
    body_grace_ms: int = 10_000
    """Time before `body_bytes_per_s` applies to a request body, which may start slowly."""
    body_bytes_per_s: int = 1_024
    """Minimum rate of a body after `body_grace_ms`. An attack that sends single bytes is slower."""
    message_bytes: int = 65_536
    """Maximum size of one message. A cart of 200 lines has 12 KiB."""
    fragments: int = 64
    """Maximum fragments of one message. Browsers send one fragment; proxies may split it."""
    slow_bytes: int = 16_384
    """Unsent bytes from which a client counts as lagging: about 40 offers."""
    buffer_bytes: int = 65_536
    """Maximum unsent bytes per client. 1,000 clients that never read cost at most 64 MiB."""
    stalled_ms: int = 30_000
    """Time after which a client that reads nothing is dropped. By then its widget has hidden the offers."""
    linger_ms: int = 2_000
    """Time for a close frame or a rejection to arrive before the socket is closed."""
    sweep_ms: int = 1_000
    """Period in which every connection's deadlines are checked once. Deadlines act up to this much late."""
    connections: int = 20_000
    """Maximum connections of the server, also limited by the file descriptors of the process."""
    memory_bytes: int | None = None
    """Memory that the process may use. At 90 % no new session is admitted. `None` means no limit."""
    headroom: int = 32
    """Connections above the capacity that are accepted for health checks and metrics only."""
    per_address: int = 256
    """Maximum connections of one address: an office or a carrier's NAT. An IPv6 /64 counts as one."""
    request_burst: int = 256
    """Maximum connections and requests of one address at once: the same number as `per_address`."""
    requests_per_s: int = 64
    """Connections and requests of one address a second. A shopper's first page makes three."""
    unlimited: frozenset[str] = frozenset()
    """`limit_key`s of the addresses to which the limits per address do not apply."""
    send_buffer: int = 32_768
    """The kernel's send buffer per connection, in bytes. The default occupied 4 MB per connection."""
    backlog: int = 4_096
    """Length of the listening socket's queue. The default of 100 failed when 10,000 connected at once."""
    timing: ProtocolTiming = ProtocolTiming()
    """Times and rates of the session protocol."""

    def capacity(self) -> int:
        """Return how many connections are accepted.

        A tenth of the process's descriptors stays free for files.
        """
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return min(self.connections, max(1, soft * 9 // 10 - self.headroom))


class AdmissionResult(Enum):
    """What a new connection may do."""

    ADMITTED = 0
    HEALTH_ONLY = 1
    FULL = 503


class Admission:
    """Counts of open connections, in total and per address."""

    def __init__(self, limits: AdmissionLimits) -> None:
        self._limits = limits
        self._capacity = limits.capacity()
        self._by_address: Counter[str] = Counter()
        self.connections = 0
        """Open connections, rejected ones included until they are closed."""

    @property
    def address_count(self) -> int:
        """Addresses with at least one open connection."""
        return len(self._by_address)

    def count_in(self) -> AdmissionResult:
        """Count one new connection; return what it may do."""
        self.connections += 1
        if self.connections <= self._capacity:
            return AdmissionResult.ADMITTED
        if self.connections <= self._capacity + self._limits.headroom:
            return AdmissionResult.HEALTH_ONLY
        return AdmissionResult.FULL

    def claim_address(self, key: str) -> bool:
        """Charge a connection to the `limit_key` of an address; `False` if it has its maximum."""
        if key in self._limits.unlimited:
            return True
        if self._by_address[key] >= self._limits.per_address:
            return False
        self._by_address[key] += 1
        return True

    def release_address(self, key: str) -> None:
        """Undo one `claim_address`; an address without connections is forgotten."""
        if key in self._limits.unlimited:
            return
        self._by_address[key] -= 1
        if self._by_address[key] <= 0:
            del self._by_address[key]

    def count_out(self) -> None:
        """Count one closed connection."""
        self.connections -= 1


def raise_descriptor_limit() -> int:
    """Raise the process's soft limit of descriptors to its hard limit, and return it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
