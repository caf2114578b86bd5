"""The ledger that the settings of a server name."""

import os
from pathlib import Path
from typing import Final

from tactful.config import Config
from tactful.config.loading import ConfigError
from tactful.runtime.ports.ledger import Ledger
from tactful.runtime.telemetry import Telemetry
from tactful.stores.memory.ledger import MemoryLedger
from tactful.stores.shared import failpoints
from tactful.stores.sqlite.ledger import SqliteLedger

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


def register_database(ledger: Ledger, telemetry: Telemetry) -> None:
    """Register the metrics of a ledger on PostgreSQL."""
    from tactful.stores.postgres.served import register_metrics  # noqa: PLC0415 - as above

    register_metrics(ledger, telemetry)
