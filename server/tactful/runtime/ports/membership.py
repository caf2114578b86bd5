"""The role of the ledger that knows the nodes: the servers that share it."""

from typing import Final, Protocol

from msgspec import Struct

CLOCK_WARNING_MS: Final = 1_000
"""Milliseconds by which clocks may differ before a node warns."""
CLOCK_LIMIT_MS: Final = 30_000
"""Milliseconds by which clocks may differ before a node writes nothing: its offers would end at wrong instants."""


class NodeRow(Struct, frozen=True, kw_only=True):
    """One of the servers that share a ledger."""

    name: str
    version: str
    """The version of its program."""
    address: str
    """Where it listens."""
    joined_at: int
    """When it joined, in milliseconds since the Unix epoch, UTC, by the clock of the database."""
    seen_at: int
    """When its lease was last renewed, in the same way; 0: it has left."""
    is_running: bool
    """Whether its lease is in force."""
    is_self: bool
    """Whether it is the caller."""


class Membership(Protocol):
    """Says which servers share the ledger."""

    @property
    def clock_apart_ms(self) -> int:
        """Milliseconds by which the machine's clock is ahead of the ledger's, when the nodes were last read.

        What the read itself takes is left out, so clocks that agree differ by 0.
        """

    async def nodes(self) -> list[NodeRow] | None:
        """Return the nodes in the order in which they joined; None: one server has the ledger alone.

        Nodes that have left stay listed until one of the same name joins.

        Raises:
            LedgerError: The ledger cannot be read.
        """
