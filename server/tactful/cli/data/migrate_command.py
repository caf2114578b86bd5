"""The command `tactful migrate`, on the ledger of a data folder that no server uses."""

import sqlite3
from pathlib import Path
from typing import Any

import click

from tactful.cli.shared.data_folder import damaged_ledger, is_unused, ledger_file
from tactful.cli.shared.errors import CommandError, exit_on
from tactful.cli.shared.options import load_config, setting_options


@click.command(epilog="\b\nExample:\n  tactful migrate --data shop-data")
@setting_options("data")
def migrate(**options: Any) -> None:
    """Migrate a ledger to the schema of this version. `serve` does the same when it starts."""
    from tactful.runtime.ports.ledger import LedgerError  # slow to import
    from tactful.stores.sqlite.migrations import newest_schema
    from tactful.stores.sqlite.opening import open_writer

    file = ledger_file(load_config(options).data)
    if not is_unused(file):
        raise CommandError(f"{file}: A server is running on this ledger. Stop the server first.")
    before = _schema(file)
    with exit_on(LedgerError):
        open_writer(file).close()
    steps = newest_schema() - before
    click.echo(f"{file}: schema {newest_schema()}, {steps} migration{'s' * (steps != 1)} applied.")


def _schema(file: Path) -> int:
    """Return the schema version that is stored in a ledger."""
    connection = sqlite3.connect(file)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.DatabaseError as error:
        raise damaged_ledger(file, error) from error
    finally:
        connection.close()
