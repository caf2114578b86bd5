"""The rows of the nodes of a database."""

from collections.abc import Iterable
from typing import Any, Final

from tactful.runtime.ports.membership import NodeRow
from tactful.stores.postgres.readers import read_once
from tactful.stores.postgres.target import Target
from tactful.stores.postgres.tenure import LEASE_MS, NOW

SELECT_NODES: Final = f"""
  SELECT name, version, address, joined_at, lease_until, lease_until > {NOW}, process
  FROM nodes ORDER BY joined_at, name"""  # noqa: S608
"""Selects the nodes in the order in which they joined."""


SELECT_CLOCK: Final = f"SELECT {NOW}"
"""Selects the clock of the database, in milliseconds since the Unix epoch, UTC."""


def clock_apart(before: int, of_database: int, after: int) -> int:
    """Return the milliseconds by which this machine's clock is certainly ahead of the database's.

    Args:
        before: This machine's clock before the database was asked, in milliseconds since the Unix epoch.
        of_database: What the database said, in the same way.
        after: This machine's clock after the answer.
    """
    if before > of_database:
        return before - of_database
    return min(0, after - of_database)


def node_rows(rows: Iterable[Any], process: str = "") -> list[NodeRow]:
    """Return the nodes of rows that `SELECT_NODES` found.

    Args:
        rows: The rows.
        process: The name of the caller's start, if it is a node.
    """
    return [
        NodeRow(
            name=name,
            version=version,
            address=address,
            joined_at=joined_at,
            seen_at=max(0, lease_until - LEASE_MS),
            is_running=is_running,
            is_self=started == process,
        )
        for name, version, address, joined_at, lease_until, is_running, started in rows
    ]


def read_nodes(target: Target) -> list[NodeRow]:
    """Return the nodes of a database, which this process is none of.

    Raises:
        LedgerError: The database cannot be read.
    """
    return node_rows(read_once(target, SELECT_NODES))
