"""The port by which deliveries of other systems come in."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from msgspec import Struct


class Receipt(StrEnum):
    """What became of a delivery when it arrived."""

    STORED = "stored"
    """It is durable and waits to be mapped."""
    KNOWN = "known"
    """It was stored before."""
    PING = "ping"
    """It only tests the address."""
    UNKNOWN = "unknown"
    """No connector has this name."""
    FORGED = "forged"
    """Its signature is missing, wrong or stale."""


class DeliveryProblem(Struct, frozen=True):
    """A delivery that could not be mapped."""

    delivery: str
    """The sender's id."""
    topic: str
    at: int
    """When it arrived, milliseconds since the Unix epoch, UTC."""
    problem: str


class ListStatus(Struct, frozen=True, kw_only=True):
    """How far one list of another system is read. Instants are milliseconds since the Unix epoch, UTC."""

    name: str
    whole_at: int | None
    """When the last reading of the whole list began; `None`: it was never read to its end."""
    changed_at: int | None
    """When the last reading of the whole list or of its changes began."""
    rows: int
    """The objects of the whole list."""
    reading: int | None
    """The objects that are read so far; `None`: it is not being read."""
    total: int | None
    """The objects of the list that is being read; `None`: not known."""
    next_at: int | None
    """When it is read next; `None`: now."""


class ConnectorStatus(Struct, frozen=True, kw_only=True):
    """How one connector is. Counts begin at the start of the server."""

    name: str
    kind: str
    receipts: Mapping[str, int]
    """What became of deliveries on arrival → their number."""
    mapped: int
    """Deliveries that were mapped."""
    waiting: int
    """Deliveries that wait to be mapped."""
    failed: int
    """Deliveries that could not be mapped, and are kept."""
    last_arrival: int | None
    """Milliseconds since the Unix epoch, UTC; `None`: none since the start."""
    lag_ms: int | None
    """Milliseconds from the arrival to the facts of the latest delivery that was mapped."""
    left_out: Mapping[str, int]
    """What mappers left out or assumed, one sentence each → how often."""
    problems: tuple[DeliveryProblem, ...]
    """The latest deliveries that could not be mapped, newest first."""
    drift: Mapping[str, int]
    """Kind of fact → facts that no delivery had reported when a list was read again."""
    missing: int | None
    """SKUs that the other system no longer lists, and that are too many to be reported as gone."""
    activated: int
    """Subscriptions that the other system had switched off, and that were switched on again."""
    lists: tuple[ListStatus, ...]
    """How far each list of the other system is read; empty: it is not read."""
    fetch_problem: str | None
    """Why the other system cannot be read at the moment; `None`: it can, or was not asked."""


class DeliveryReceiver(Protocol):
    """Takes deliveries, and says how the connectors are."""

    def knows(self, connector: str) -> bool:
        """Return whether a connector has this name."""

    async def receive(self, connector: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Check and store a delivery, durably on return.

        Args:
            connector: The name of the connector.
            headers: Name in lower case → value; `:secret` is the secret in the path.
            body: The raw body.

        Raises:
            LedgerError: It is not stored. The sender may repeat it.
        """

    async def retry(self, connector: str) -> int:
        """Map the failed deliveries of a known connector again.

        Returns:
            How many are mapped again. Those of no expected form, of which nothing was kept, are not.

        Raises:
            LedgerError: Nothing is changed.
        """

    async def reconcile(self, connector: str, *, accept_missing: bool) -> bool:
        """Read all lists of a known connector as soon as possible.

        Args:
            connector: The name of the connector.
            accept_missing: Whether what a whole list no longer has is gone, however much it is.

        Returns:
            Whether the other system can be read at all.
        """

    async def statuses(self) -> list[ConnectorStatus]:
        """Return how each connector is, by name.

        Raises:
            LedgerError: The ledger cannot be read.
        """
