"""A ledger on PostgreSQL as a server uses it: its name, its files and its metrics."""

import secrets
from pathlib import Path
from typing import Final

from tactful.runtime.ports.ledger import Ledger
from tactful.runtime.telemetry import Telemetry
from tactful.stores.postgres.ledger import PostgresLedger
from tactful.stores.postgres.target import Target
from tactful.stores.postgres.tenure import Alone
from tactful.stores.shared.failpoints import FailpointHook, no_failpoint

NAME_FILE: Final = "server-name"
"""The file of a data folder with the name under which its server takes a database over."""
LISTED_BESIDE: Final = "tactful.db"
"""The file of a data folder beside which the list of erasures lies, also where it does not exist."""


def ledger_of(
    address: str,
    folder: Path,
    *,
    erasures_copy: Path | None = None,
    failpoint: FailpointHook = no_failpoint,
) -> PostgresLedger:
    """Return the ledger of a server that holds the lock of its data folder.

    Args:
        address: The address of the database.
        folder: The data folder.
        erasures_copy: The second place of the list of erasures.
        failpoint: The failpoints of a test.

    Raises:
        LedgerError: The address cannot be used.
    """
    return PostgresLedger(
        Target(address),
        tenure=Alone(_name_of(folder)),
        erasures=folder / LISTED_BESIDE,
        erasures_copy=erasures_copy,
        failpoint=failpoint,
    )


def _name_of(folder: Path) -> str:
    """Return the name of the server of a data folder, which is made once.

    One process at a time holds the folder, so a restart need not wait for its own lease. The name of
    the machine would not do: containers of one service may share it.
    """
    file = folder / NAME_FILE
    if not file.exists():
        file.write_text(secrets.token_hex(8), "ascii")
    return file.read_text("ascii")


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
