"""The role of the ledger that keeps deliveries of other systems until they are mapped."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol

from msgspec import Struct

from tactful.runtime.ports.ledger_rows import Subject

DeliveryState = Literal["waiting", "done", "failed"]


UNREADABLE: Final = "unreadable"
"""The topic of a signed delivery of no expected form, of which only the problem is kept."""


class InboxDelivery(Struct, frozen=True, kw_only=True):
    """One delivery, with the fields that are kept of its payload."""

    connector: str
    """The name of the connector in the settings."""
    delivery: str
    """The sender's id of the delivery."""
    topic: str
    about: str
    """The object; deliveries about one object are mapped in order of arrival."""
    fields: bytes
    """JSON; it has no contact in clear."""
    subjects: tuple[Subject, ...]
    """The customers, contacts and orders that `fields` names."""
    arrived: int
    """Milliseconds since the Unix epoch, UTC."""
    sent_at: int | None = None
    """When the payload was made, milliseconds since the Unix epoch, UTC; `None`: it does not say."""


class StoredDelivery(Struct, frozen=True, kw_only=True):
    """A delivery as the ledger has it."""

    number: int
    """Its place in the order of arrival."""
    connector: str
    delivery: str
    topic: str
    about: str
    fields: bytes
    arrived: int
    sent_at: int | None
    problem: str
    """Why it could not be mapped; empty: it is not known to fail."""


class InboxStore(Protocol):
    """Keeps each delivery once. A mapped delivery loses its fields, and stays as an id."""

    async def put_delivery(self, delivery: InboxDelivery) -> bool:
        """Store a delivery that waits to be mapped, durably on return.

        Returns:
            Whether it is new. False: the connector's delivery of this id was stored before.

        Raises:
            LedgerError: Nothing is stored.
        """

    async def waiting_deliveries(self, connector: str, limit: int) -> list[StoredDelivery]:
        """Return the deliveries that wait to be mapped, in order of arrival.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def failed_deliveries(self, connector: str, limit: int) -> list[StoredDelivery]:
        """Return the deliveries that could not be mapped, newest first.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def settle_deliveries(self, done: Sequence[int], failed: Mapping[int, str]) -> None:
        """Store what became of deliveries, in one transaction.

        Args:
            done: The numbers of those that were mapped. Their fields are deleted.
            failed: The number of each that cannot be mapped → what is wrong, without personal data.
                It keeps its fields.

        Raises:
            LedgerError: Nothing is stored.
        """

    async def retry_deliveries(self, connector: str) -> int:
        """Let the failed deliveries of a connector wait to be mapped again; return how many.

        Those of which nothing was kept stay as they are.

        Raises:
            LedgerError: Nothing is stored.
        """

    async def delivery_counts(self) -> dict[tuple[str, DeliveryState], int]:
        """Return (connector, state) → the number of its deliveries.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def prune_deliveries(self, before: int) -> int:
        """Delete the deliveries that arrived before an instant and do not wait; return how many.

        Args:
            before: Milliseconds since the Unix epoch, UTC.

        Raises:
            LedgerError: Some may be deleted; the same call may be repeated.
        """

    async def put_cursor(self, connector: str, name: str, value: str) -> None:
        """Store how far a connector has read something, durably on return.

        Raises:
            LedgerError: Nothing is stored.
        """

    async def cursors(self, connector: str) -> dict[str, str]:
        """Return name → value of the cursors of a connector.

        Raises:
            LedgerError: The ledger cannot be read.
        """
