"""The ledger that the settings of a server name."""

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tactful.config import Config
from tactful.config.loading import ConfigError
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.ledger import Ledger
from tactful.runtime.security.signing_keys import SigningKeys
from tactful.runtime.telemetry import Telemetry
from tactful.stores.memory.ledger import MemoryLedger
from tactful.stores.shared import failpoints
from tactful.stores.shared.server_name import server_name
from tactful.stores.sqlite.ledger import SqliteLedger

if TYPE_CHECKING:
    from tactful.stores.postgres.shared_files import FileExchange

LEDGER_FILE: Final = "tactful.db"
"""The file of a data folder with the ledger."""


def configured_ledger(config: Config, folder: Path) -> Ledger:
    """Return the ledger of the settings, which is not opened yet.

    Args:
        config: The settings.
        folder: The data folder, whose lock this process holds while the ledger is open.

    Raises:
        ConfigError: It is on PostgreSQL, and psycopg is not installed.
    """
    failpoint = failpoints.from_environment(os.environ)
    if config.ledger and config.data:
        try:
            # Imported here: psycopg is installed only where a ledger is on PostgreSQL.
            from tactful.stores.postgres import served  # noqa: PLC0415
        except ImportError as error:
            message = (
                f"ledger is {config.ledger}. This needs psycopg ({error});"
                ' install it with pip install "tactful[postgres]".'
            )
            raise ConfigError([message]) from error
        return served.ledger_of(
            config.ledger,
            folder,
            node=node_name(config, folder) if config.cluster_secret else None,
            listens_at=f"{config.host}:{config.port}",
            erasures_copy=config.erasures_copy,
            failpoint=failpoint,
        )
    if config.data:
        return SqliteLedger(
            folder / LEDGER_FILE,
            erasures_copy=config.erasures_copy,
            is_shared=False,  # this process holds the lock of the folder
            failpoint=failpoint,
        )
    return MemoryLedger()


def node_name(config: Config, folder: Path) -> str:
    """Return the name of a server among several."""
    return config.node or f"{socket.gethostname()}-{server_name(folder)[:4]}"


def key_exchange(config: Config, folder: Path, clock: Clock) -> "FileExchange | None":
    """Share the key folder with the other servers; return what goes on doing so.

    Returns:
        None: the server has its ledger alone.

    Raises:
        LedgerError: The database cannot be reached, or belongs to a shop with other keys.
        OSError: A file cannot be read or written.
        KeyFileError: A key file must not be used.
    """
    if not config.ledger or not config.cluster_secret:
        return None
    # Imported here: see above.
    from tactful.stores.postgres import shared_files  # noqa: PLC0415
    from tactful.stores.postgres.target import Target  # noqa: PLC0415

    target = Target(config.ledger)
    shared_files.share_at_start(
        target, folder, config.cluster_secret, lambda: SigningKeys(folder, clock)
    )
    return shared_files.FileExchange(
        shared_files.SharedFiles(target, folder, config.cluster_secret)
    )


def register_database(ledger: Ledger, telemetry: Telemetry) -> None:
    """Register the metrics of a ledger on PostgreSQL."""
    from tactful.stores.postgres.served import register_metrics  # noqa: PLC0415 - as above

    register_metrics(ledger, telemetry)
