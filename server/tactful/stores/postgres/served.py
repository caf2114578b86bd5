"""A ledger on PostgreSQL as a server uses it: its name, its files and its metrics."""

from importlib.metadata import version
from pathlib import Path
from typing import Final

from tactful.runtime.ports.ledger import Ledger
from tactful.runtime.telemetry import Telemetry
from tactful.stores.postgres.ledger import PostgresLedger
from tactful.stores.postgres.target import Target
from tactful.stores.postgres.tenure import Alone, NodeIdentity, Shared, Tenure
from tactful.stores.shared.failpoints import FailpointHook, no_failpoint
from tactful.stores.shared.server_name import folder_digest, server_name

LISTED_BESIDE: Final = "tactful.db"
"""The file of a data folder beside which the list of erasures lies, also where it does not exist."""


def ledger_of(
    address: str,
    folder: Path,
    *,
    node: str | None = None,
    listens_at: str = "",
    erasures_copy: Path | None = None,
    failpoint: FailpointHook = no_failpoint,
) -> PostgresLedger:
    """Return the ledger of a server that holds the lock of its data folder.

    Args:
        address: The address of the database.
        folder: The data folder.
        node: The name of the server among several; None: it has the database alone.
        listens_at: Where the server listens, for the list of nodes.
        erasures_copy: The second place of the list of erasures.
        failpoint: The failpoints of a test.

    Raises:
        LedgerError: The address cannot be used.
    """
    tenure: Tenure = Alone(server_name(folder))
    if node:
        tenure = Shared(NodeIdentity(node, folder_digest(folder), version("tactful"), listens_at))
    return PostgresLedger(
        Target(address),
        tenure=tenure,
        erasures=folder / LISTED_BESIDE,
        erasures_copy=erasures_copy,
        failpoint=failpoint,
    )


def register_metrics(ledger: Ledger, telemetry: Telemetry) -> None:
    """Register the metrics of a ledger on PostgreSQL."""
    if not isinstance(ledger, PostgresLedger):
        return
    telemetry.add_gauge(
        "tactful_ledger_synchronous_standby",
        "Whether a commit waits for a standby, so that a failover loses nothing",
        lambda: [((), int(bool(ledger.has_standby)))],
    )
    telemetry.add_counter(
        "tactful_ledger_outcomes_settled",
        "Commits whose connection was lost, by whether they were found written",
        lambda: [((str(found).lower(),), n) for found, n in ledger.outcomes_settled.items()],
        ("written",),
    )
    telemetry.add_counter(
        "tactful_node_leases_lapsed",
        "How often this node was silent for longer than its lease, and joined again",
        lambda: [((), ledger.lapses)],
    )
