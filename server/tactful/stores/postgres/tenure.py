"""The right of a server to write: alone, or as one of several nodes.

A server that is alone holds the row `writer` by its name. Nodes share it: each transaction updates the
row first, so transactions of all nodes come one after the other, and each finds what the one before has
written. A node has a row of its own in `nodes` beside it, which answers for its lost transactions.
"""

import secrets
from typing import Final, Protocol

from msgspec import Struct

LEASE_MS: Final = 5_000
"""Milliseconds for which a server counts as running after its last transaction or heartbeat."""
NOW: Final = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
"""The clock of the database, in milliseconds since the Unix epoch, UTC."""
_LEASE: Final = f"lease_until = {NOW} + {LEASE_MS}"

Statement = tuple[str, tuple[object, ...]]
"""(SQL, values)."""


class Tenure(Protocol):
    """The statements by which a server gets, proves, renews and gives up the right to write.

    Each method returns statements of one transaction. The server has the right if each of them found a
    row. The first row of `take_over` and `take_again` is (epoch, last committed batch). The first row of
    `fence` and `beat` begins with the epoch, which has grown if the lease of a node was over: then others
    may have taken its sessions over, and nothing that it decided before may be written unchecked.
    """

    process: str
    """The name of this start of the server."""
    is_shared: bool
    """Whether other servers write too."""

    @property
    def refusal(self) -> str:
        """Return why the ledger could not be taken over, and what to do."""

    def take_over(self) -> tuple[Statement, ...]:
        """Get the right for the first time."""

    def take_again(self) -> tuple[Statement, ...]:
        """Get it again after the connection was lost."""

    def fence(self, batch: int, epoch: int) -> tuple[Statement, ...]:
        """Prove it at the beginning of a transaction, and note the number of the transaction."""

    def beat(self, epoch: int) -> tuple[Statement, ...]:
        """Renew it."""

    def release(self, epoch: int) -> tuple[Statement, ...]:
        """Give it up."""


def _of_the_writer(change: str, where: str, returned: str) -> str:
    return f"UPDATE writer SET {change}{_LEASE} WHERE one = 1 AND {where} RETURNING {returned}"  # noqa: S608


_FENCE: Final = _of_the_writer("batch = %s, ", "epoch = %s", "epoch")
_TAKE_AGAIN: Final = _of_the_writer("epoch = epoch + 1, ", "process = %s", "epoch, batch")
_TAKE_OVER: Final = _of_the_writer(
    "epoch = epoch + 1, server = %s, process = %s, ",
    f"(server = %s OR lease_until < {NOW})",
    "epoch, batch",
)
_BEAT: Final = _of_the_writer("", "epoch = %s", "epoch")
_RELEASE: Final = "UPDATE writer SET lease_until = 0 WHERE one = 1 AND epoch = %s"


class Alone:
    """The tenure of a server that shares its ledger with no other one."""

    is_shared = False

    def __init__(self, server: str) -> None:
        """Name the server; a restart of the same one has the same name, and waits for no lease."""
        self._server = server
        self.process = secrets.token_hex(8)

    @property
    def refusal(self) -> str:
        """Return why the ledger could not be taken over, and what to do."""
        return (
            "another server uses this ledger and has not stopped. One ledger has one server: stop the"
            " other one, or name another database"
        )

    def take_over(self) -> tuple[Statement, ...]:
        """Take the row unless another server holds it."""
        return ((_TAKE_OVER, (self._server, self.process, self._server)),)

    def take_again(self) -> tuple[Statement, ...]:
        """Take the row again, which waits for the end of the lost transaction."""
        return ((_TAKE_AGAIN, (self.process,)),)

    def fence(self, batch: int, epoch: int) -> tuple[Statement, ...]:
        """Note the transaction in the row."""
        return ((_FENCE, (batch, epoch)),)

    def beat(self, epoch: int) -> tuple[Statement, ...]:
        """Renew the lease of the row."""
        return ((_BEAT, (epoch,)),)

    def release(self, epoch: int) -> tuple[Statement, ...]:
        """End the lease of the row."""
        return ((_RELEASE, (epoch,)),)


_SHARE: Final = _of_the_writer(
    "epoch = epoch + (server <> '')::int, server = '', process = '', ",
    f"(server = '' OR lease_until < {NOW})",
    "batch",
)
_TURN: Final = _of_the_writer("batch = batch + 1, ", "server = ''", "batch")
_SHARED_BEAT: Final = _of_the_writer("", "server = ''", "one")
_JOIN: Final = f"""
  INSERT INTO nodes (name, process, place, epoch, batch, lease_until, joined_at, version, address)
  VALUES (%s, %s, %s, 1, 0, {NOW} + {LEASE_MS}, {NOW}, %s, %s)
  ON CONFLICT (name) DO UPDATE SET process = excluded.process, place = excluded.place,
    epoch = nodes.epoch + 1, lease_until = excluded.lease_until, joined_at = excluded.joined_at,
    version = excluded.version, address = excluded.address
  WHERE nodes.place = excluded.place OR nodes.lease_until < {NOW}
  RETURNING epoch, batch"""  # noqa: S608
# A node whose lease was over joins anew: it is the last one to have joined, and has no duties for now.
_OF_THE_NODE: Final = f"""
  UPDATE nodes SET {{}}, {_LEASE},
    joined_at = CASE WHEN lease_until < {NOW} THEN {NOW} ELSE joined_at END
  WHERE name = %s AND {{}} RETURNING epoch, batch"""  # noqa: S608
_COUNT_LAPSE: Final = f"epoch = epoch + (lease_until < {NOW})::int"
_JOIN_AGAIN: Final = _OF_THE_NODE.format("epoch = epoch + 1", "process = %s")
_NODE_FENCE: Final = _OF_THE_NODE.format(f"batch = %s, {_COUNT_LAPSE}", "epoch = %s")
_NODE_BEAT: Final = _OF_THE_NODE.format(_COUNT_LAPSE, "epoch = %s")
_LEAVE: Final = "UPDATE nodes SET lease_until = 0 WHERE name = %s AND epoch = %s"
# The last node that leaves lets a server that is alone take over at once.
_LEAVE_ALONE: Final = f"""
  UPDATE writer SET lease_until = 0 WHERE one = 1 AND server = ''
    AND NOT EXISTS (SELECT 1 FROM nodes WHERE lease_until > {NOW})"""  # noqa: S608


class NodeIdentity(Struct, frozen=True):
    """What names a node."""

    name: str
    """Its name, which no other running node has."""
    place: str
    """What its data folder is, which one process holds at a time."""
    version: str = ""
    """The version of its program."""
    address: str = ""
    """Where it listens."""


class Shared:
    """The tenure of a node."""

    is_shared = True

    def __init__(self, node: NodeIdentity) -> None:
        """Name the node; a restart of it in the same data folder waits for no lease."""
        self.node = node
        self.process = secrets.token_hex(8)

    @property
    def refusal(self) -> str:
        """Return why the ledger could not be taken over, and what to do."""
        return (
            f"a server that is no node uses this ledger, or a node named {self.node.name} runs"
            " elsewhere, and has not stopped. Stop it, or give this node another name"
        )

    def take_over(self) -> tuple[Statement, ...]:
        """Join, unless a server holds the ledger alone, or a node of this name runs elsewhere."""
        node = self.node
        row = node.name, self.process, node.place, node.version, node.address
        # In the order in which a transaction locks them: two processes of one name may overlap.
        return (_JOIN, row), (_SHARE, ())

    def take_again(self) -> tuple[Statement, ...]:
        """Take the row of the node again, which waits for the end of the lost transaction."""
        return ((_JOIN_AGAIN, (self.node.name, self.process)),)

    def fence(self, batch: int, epoch: int) -> tuple[Statement, ...]:
        """Note the transaction in the row of the node, then wait for the turn of it."""
        return (_NODE_FENCE, (batch, self.node.name, epoch)), (_TURN, ())

    def beat(self, epoch: int) -> tuple[Statement, ...]:
        """Renew the lease of the node, and keep away servers that want the ledger alone."""
        return (_NODE_BEAT, (self.node.name, epoch)), (_SHARED_BEAT, ())

    def release(self, epoch: int) -> tuple[Statement, ...]:
        """Leave."""
        return (_LEAVE, (self.node.name, epoch)), (_LEAVE_ALONE, ())
